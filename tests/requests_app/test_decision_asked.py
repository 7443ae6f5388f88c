"""Grounds that say "we asked you first": true only where a question has left, or is told with its day and its way."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from dsar.core.errors import DomainError
from dsar.core.models import AuditEvent
from requests_app.letters import letter_html
from requests_app.models import Case, CaseRight, ChecklistItem, Decision
from requests_app.services import case_suspend, decision_submit, suspension_end
from requests_app.vocabulary import Stage
from tests.factories import RECEIVED_AT, a_case, actor_for, member, right_of
from tests.requests_app.test_case_suspend import asked

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 20, 9, 0, tzinfo=UTC)
ASKED_AT = datetime(2026, 3, 9, 23, 30, tzinfo=UTC)  # the 10th in Paris
OBJECTION: dict[str, Any] = {
    "outcome": "refused", "ground": "21_1_NO_SITUATION", "reasoning": "Vous ne dites rien de votre situation.",
}  # fmt: skip
UNKNOWN: dict[str, Any] = {
    "outcome": "not_identified", "ground": "12_6_IDENTITY", "reasoning": "Rien ne montre que c’est vous.",
    "evidence": "Deux clientes du même nom.",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def worked(*codes: str, **fields: Any) -> Case:
    """A case whose rights are in progress, with nothing left to do."""
    case = a_case(rights=codes, received_at=RECEIVED_AT, **fields)
    CaseRight.objects.filter(case=case).update(stage=Stage.IN_PROGRESS)
    ChecklistItem.objects.filter(case_right__case=case).delete()
    return case


def question(case: Case, code: str, reason: str, *, at: datetime = ASKED_AT) -> None:
    """A question that left then, and that was given up since."""
    suspension = asked(case, code, reason=reason, at=at)
    suspension_end(suspension=suspension, actor=actor_for(member(case.organisation), case.organisation))


def decided(case: Case, code: str, **fields: Any) -> Decision:
    return decision_submit(
        case_right=right_of(case, code), actor=actor_for(member(case.organisation), case.organisation), **fields
    )


def refused(case: Case, code: str, **fields: Any) -> str:
    with pytest.raises(DomainError) as refusal:
        decided(case, code, **fields)
    return refusal.value.code


def test_what_was_never_asked_is_refused_with_what_to_do_first() -> None:
    case = worked("objection", "access")
    with pytest.raises(DomainError, match="Ask the person first") as refusal:
        decided(case, "objection", **OBJECTION)
    assert refusal.value.code == "not_asked"
    assert refused(case, "access", **UNKNOWN) == "not_asked"
    assert not Decision.objects.exists()


def test_the_day_on_which_the_question_left_is_kept_journaled_and_told() -> None:
    case = worked("objection")
    question(case, "objection", "clarify")
    decision = decided(case, "objection", **OBJECTION)
    assert (decision.asked_on, decision.asked_how) == (date(2026, 3, 10), "")
    submitted = AuditEvent.objects.get(chain__key=case.chain, kind="decision.submitted")
    assert submitted.facts["asked_on"] == "2026-03-10"
    letter = letter_html(case, [right_of(case, "objection")]).replace("\u00a0", " ")
    assert "Le mardi 10 mars 2026, nous vous avons demandé ce qui, dans votre situation" in letter


def test_the_last_question_counts() -> None:
    case = worked("objection")
    question(case, "objection", "clarify")
    question(case, "objection", "clarify", at=datetime(2026, 3, 16, 9, 0, tzinfo=UTC))
    assert decided(case, "objection", **OBJECTION).asked_on == date(2026, 3, 16)


def test_only_a_question_of_that_kind_counts() -> None:
    case = worked("objection")
    question(case, "objection", "identity")
    assert refused(case, "objection", **OBJECTION) == "not_asked"


def test_who_asks_is_one_question_for_the_case_and_what_is_asked_one_of_its_right() -> None:
    case = worked("objection", "access")
    question(case, "access", "identity")
    question(case, "access", "clarify")
    assert refused(case, "objection", **OBJECTION) == "not_asked"
    assert decided(case, "objection", **UNKNOWN).asked_on == date(2026, 3, 10)


def test_a_question_whose_mail_has_not_left_was_not_asked() -> None:
    case = worked("objection", "access")
    handler = actor_for(member(case.organisation), case.organisation)
    fields: dict[str, Any] = {"reason": "clarify", "why": "No reason given.", "body": "Pourquoi ?"}
    case_suspend(case=case, rights=[right_of(case, "objection")], actor=handler, **fields)
    assert refused(case, "objection", **OBJECTION) == "not_asked"


def test_a_letter_that_was_posted_was_asked() -> None:
    case = worked("objection")
    handler = actor_for(member(case.organisation), case.organisation)
    suspension = case_suspend(
        case=case, rights=[right_of(case, "objection")], reason="clarify", why="No reason given.", body="Pourquoi ?",
        way="post", sent_on=date(2026, 3, 11), actor=handler,
    )  # fmt: skip
    suspension_end(suspension=suspension, actor=handler)
    assert decided(case, "objection", **OBJECTION).asked_on == date(2026, 3, 11)


def test_what_was_asked_by_another_way_has_a_day_and_a_way() -> None:
    case = worked("access")
    by_phone = {"asked_on": date(2026, 3, 12), "asked_how": "Called on 12 March, note of the call."}
    assert refused(case, "access", **UNKNOWN, asked_on=date(2026, 3, 12), asked_how="  ") == "asked_how_missing"
    decision = decided(case, "access", **UNKNOWN, **by_phone)
    assert (decision.asked_on, decision.asked_how) == (date(2026, 3, 12), "Called on 12 March, note of the call.")
    submitted = AuditEvent.objects.get(chain__key=case.chain, kind="decision.submitted")
    assert submitted.facts["asked_on"] == "2026-03-12"
    assert submitted.values.get(field="asked_how").value == by_phone["asked_how"]
    letter = letter_html(case, [right_of(case, "access")]).replace("\u00a0", " ")
    assert "jeudi 12 mars 2026" in letter
    assert "Called on" not in letter


@pytest.mark.parametrize(
    ("day", "code"),
    [(date(2026, 3, 4), "asked_on_impossible"), (date(2026, 3, 21), "asked_on_impossible"), (date(2026, 3, 5), "")],
)
def test_that_day_lies_between_the_request_and_today(day: date, code: str) -> None:
    case = worked("access")
    fields = {**UNKNOWN, "asked_on": day, "asked_how": "By phone."}
    if code:
        assert refused(case, "access", **fields) == code
    else:
        assert decided(case, "access", **fields).asked_on == day


def test_a_ground_that_says_nothing_of_a_question_keeps_none() -> None:
    case = worked("objection")
    fields = {**OBJECTION, "ground": "21_1_BASIS", "asked_on": date(2026, 3, 12), "asked_how": "By phone."}
    decision = decided(case, "objection", **fields)
    assert (decision.asked_on, decision.asked_how) == (None, "")


def test_the_page_says_before_what_must_be_asked_and_when_it_was(client: Client) -> None:
    case = worked("objection")
    client.force_login(member(case.organisation))
    shown = reverse("case-detail", args=[case.reference])
    html = client.get(shown).content.decode()
    assert "No ground of the particular situation given, article 21(1) (ask first)" in html
    assert "Grounds that say that we asked the person first" in html
    assert reverse("case-suspend", args=[case.reference]) in html
    act = reverse("decision-submit", args=[case.reference, "objection"])
    answer = client.post(act, {**OBJECTION, "version": case.version})
    assert answer.status_code == 422
    assert "decide-objection-asked_on_error" in answer.content.decode()
    question(case, "objection", "clarify")
    question(case, "objection", "identity")
    html = client.get(shown).content.decode()
    assert "article 21(1) (asked on Tue 10 March)" in html
    assert "Grounds that say that we asked the person first" not in html
    case.refresh_from_db()
    assert client.post(act, {**OBJECTION, "version": case.version}).status_code == 302
    assert "Tuesday 10 March 2026" in client.get(shown).content.decode()
