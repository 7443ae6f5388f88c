"""The person's own statement beside data that were not corrected (art. 16, last sentence)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from dsar.core.errors import DomainError, NotAllowed
from dsar.core.models import AuditEvent, Organisation, User
from dsar.core.roles import Role
from requests_app.grounds import GROUNDS
from requests_app.models import Case, CaseRight, CaseTask, Decision, Statement
from requests_app.services import statement_add, statement_attach
from requests_app.vocabulary import Review, Stage, TaskState
from tests.factories import RECEIVED_AT, a_case, actor_for, member, right_of

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 20, 9, 0, tzinfo=UTC)
ARRIVED = datetime(2026, 3, 18, 9, 0, tzinfo=UTC)


@pytest.fixture
def case(organisation: Organisation) -> Case:
    return a_case(organisation, rights=("rectification", "access"), language="en")


def added(case: Case, handler: User, code: str = "rectification", **fields: Any) -> Statement:
    asked = {"text": "I never lived there.", "received_at": ARRIVED, **fields}
    with time_machine.travel(NOW, tick=False):
        return statement_add(case_right=right_of(case, code), actor=actor_for(handler, case.organisation), **asked)


def attached(case: Case, handler: User, statement: Statement, **fields: Any) -> None:
    asked = {"where": "CRM, note on the file", "on": NOW.date(), **fields}
    with time_machine.travel(NOW, tick=False):
        statement_attach(statement=statement, actor=actor_for(handler, case.organisation), **asked)


def refused_as_accurate(case: Case, author: User, ground: str = "16_ACCURATE", outcome: str = "refused") -> None:
    CaseRight.objects.filter(case=case, right="rectification").update(stage=Stage.DECIDED, outcome=outcome)
    Decision.objects.create(
        case_right=right_of(case, "rectification"), outcome=outcome, ground=ground, author=author, written_at=NOW,
        review=Review.APPROVED,
    )  # fmt: skip


def test_a_statement_opens_a_task_that_attaching_closes(case: Case, handler: User) -> None:
    statement = added(case, handler)
    task = CaseTask.objects.get(kind="attach_statement")
    assert (task.blocking, task.state) == (False, TaskState.OPEN)
    attached(case, handler, statement)
    task.refresh_from_db()
    assert (task.state, task.note) == (TaskState.DONE, "CRM, note on the file")
    assert statement.attached_on == NOW.date()
    events = AuditEvent.objects.filter(chain__key=case.chain, kind__startswith="statement.").order_by("seq")
    assert [event.kind for event in events] == ["statement.added", "statement.attached"]
    assert all("never" not in str(event.facts) for event in events)


def test_each_statement_has_its_own_task(case: Case, handler: User) -> None:
    added(case, handler)
    added(case, handler, text="And I spell it with an h.")
    assert CaseTask.objects.filter(kind="attach_statement").count() == 2


@pytest.mark.parametrize(
    ("code", "fields", "error"),
    [
        ("access", {}, "statement_not_here"),
        ("rectification", {"text": "  "}, "message_empty"),
        ("rectification", {"text": "x" * 20_001}, "message_too_long"),
        ("rectification", {"received_at": NOW + timedelta(minutes=1)}, "received_in_future"),
        ("rectification", {"received_at": RECEIVED_AT - timedelta(minutes=1)}, "received_before_request"),
    ],
)
def test_what_is_no_statement_is_refused(
    case: Case, handler: User, code: str, fields: dict[str, Any], error: str
) -> None:
    with pytest.raises(DomainError) as refused:
        added(case, handler, code, **fields)
    assert refused.value.code == error
    assert not CaseTask.objects.filter(kind="attach_statement").exists()


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"where": " "}, "where_missing"),
        ({"on": date(2026, 3, 21)}, "on_impossible"),
        ({"on": date(2026, 3, 17)}, "on_impossible"),
    ],
)
def test_attaching_says_where_and_since_when(case: Case, handler: User, fields: dict[str, Any], error: str) -> None:
    statement = added(case, handler)
    with pytest.raises(DomainError) as refused:
        attached(case, handler, statement, **fields)
    assert refused.value.code == error


def test_a_statement_is_attached_once(case: Case, handler: User) -> None:
    statement = added(case, handler)
    attached(case, handler, statement)
    with pytest.raises(DomainError) as refused:
        attached(case, handler, statement, where="Elsewhere")
    assert refused.value.code == "statement_attached"
    assert Statement.objects.get().attached_where == "CRM, note on the file"


def test_whoever_only_reads_notes_none(case: Case) -> None:
    with pytest.raises(NotAllowed):
        added(case, member(case.organisation, Role.AUDITOR))


@pytest.mark.parametrize(
    ("ground", "outcome", "is_offered"),
    [
        ("16_ACCURATE", "refused", True), ("16_ACCURATE", "granted_partly", True), ("12_5_UNFOUNDED", "refused", False),
        ("", "granted", False),
    ],
)  # fmt: skip
def test_a_refusal_because_the_data_are_accurate_offers_it(
    case: Case,
    handler: User,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    ground: str,
    outcome: str,
    is_offered: bool,
) -> None:
    monkeypatch.setitem(GROUNDS, "16_ACCURATE", GROUNDS.get("16_ACCURATE", GROUNDS["12_5_UNFOUNDED"]))
    refused_as_accurate(case, handler, ground, outcome)
    client.force_login(handler)
    page = client.get(reverse("case-detail", args=[case.reference])).content.decode()
    assert ("the person may have their own statement put beside them" in page) == is_offered


def test_the_panel_notes_and_attaches(case: Case, handler: User, client: Client) -> None:
    client.force_login(handler)
    detail = reverse("case-detail", args=[case.reference])
    add = reverse("statement-add", args=[case.reference, "rectification"])
    typed = {"version": case.version, "text": "I never lived there.", "received_at": "2026-03-18T10:00"}
    with time_machine.travel(NOW, tick=False):
        bad = client.post(add, {**typed, "received_at": "soon"})
        assert bad.status_code == 422 and "I never lived there." in bad.content.decode()
        assert client.post(add, {**typed, "received_at": "2026-03-21T10:00"}).status_code == 422
        assert client.post(add, typed).status_code == 302
        assert Statement.objects.get().received_at == ARRIVED, "typed in Paris"
        page = client.get(detail).content.decode()
        assert "to be attached" in page
        assert "Put the person’s statement beside the data" in page
        case.refresh_from_db()
        attach = reverse("statement-attach", args=[case.reference, "rectification", Statement.objects.get().pk])
        assert client.post(attach, {"version": case.version, "where": "", "on": "2026-03-20"}).status_code == 422
        sent = {"version": case.version, "where": "CRM, note", "on": "2026-03-20"}
        elsewhere = attach.replace("rectification", "access")
        assert client.post(elsewhere, sent).status_code == 404
        assert client.post(attach, sent).status_code == 302
    page = client.get(detail).content.decode()
    assert "CRM, note" in page
    assert "The person’s statement attached" in page
