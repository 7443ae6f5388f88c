"""A request read as another right: the same clock, another checklist, and the person is told."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from dsar.core.errors import DomainError
from dsar.core.models import AuditEvent
from requests_app.models import Case, CaseRight, Suspension
from requests_app.services import case_right_reclassify, case_right_start
from requests_app.vocabulary import Direction, Outcome, Stage, TaskState
from tests.factories import RECEIVED_AT, a_case, actor_for, member, right_of
from tests.requests_app.desk import decision_of
from tests.requests_app.test_case_suspend import asked

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


def reclassified(case: Case, before: str, after: str, reason: str = "It asks to stop the letters.") -> CaseRight:
    with time_machine.travel(NOW, tick=False):
        case_right_reclassify(
            case_right=right_of(case, before),
            right=after,
            reason=reason,
            actor=actor_for(member(case.organisation), case.organisation),
        )
    return right_of(case, after)


def test_the_clock_stays_and_the_checklist_is_that_of_the_other_right() -> None:
    case = a_case(rights=("erasure",))
    due = right_of(case, "erasure").due_on
    right = reclassified(case, "erasure", "access")
    assert (right.received_at, right.due_on, right.stage) == (RECEIVED_AT, due, Stage.TO_DO)
    assert {item.code for item in right.checklist.all()} >= {"A0", "A10"}
    event = AuditEvent.objects.get(chain__key=case.chain, kind="case_right.reclassified")
    assert (event.facts["before"], event.facts["right"]) == ("erasure", "access")


def test_the_person_is_told_in_their_language() -> None:
    case = a_case(rights=("erasure",), language="en")
    reclassified(case, "erasure", "access")
    told = case.messages.get(direction=Direction.OUTBOUND, author__isnull=False)
    assert "“See my data and get a copy”" in told.body
    assert "“Erase my data”" in told.body
    assert "Tuesday 7 April 2026" in told.body


def test_work_under_way_becomes_that_of_the_other_right() -> None:
    case = a_case(rights=("access",))
    handler = actor_for(member(case.organisation), case.organisation)
    case_right_start(case_right=right_of(case, "access"), actor=handler)
    right = reclassified(case, "access", "marketing_objection")
    assert (right.stage, right.target_on) == (Stage.IN_PROGRESS, date(2026, 3, 9))
    assert {(task.kind, task.state) for task in right.tasks.all()} == {
        ("plan_collection", TaskState.CANCELLED), ("stop_marketing", TaskState.OPEN),
    }  # fmt: skip
    back = reclassified(case, "marketing_objection", "access")
    assert back.target_on is None
    assert back.tasks.get(kind="plan_collection").state == TaskState.OPEN, "what was cancelled is to be done again"


def test_a_question_stays_where_the_other_right_may_wait_and_ends_where_it_may_not() -> None:
    case = a_case(rights=("access",))
    asked(case, at=NOW - timedelta(days=2))
    right = reclassified(case, "access", "erasure")
    assert (right.stage, right.due_on) == (Stage.AWAITING_PERSON, None)
    right = reclassified(case, "erasure", "withdrawal")
    assert (right.stage, right.due_on) == (Stage.IN_PROGRESS, date(2026, 4, 7))
    assert not right.suspensions.exists()
    assert Suspension.objects.get().answered_at == NOW


@pytest.mark.parametrize(
    ("after", "reason", "code"),
    [
        ("access", "Because.", "right_same"),
        ("marketing_objection", "Because.", "right_exists"),
        ("portability", "  ", "reason_missing"),
        ("divination", "Because.", "right_unknown"),
    ],
)
def test_what_cannot_be_is_refused(after: str, reason: str, code: str) -> None:
    case = a_case()
    with pytest.raises(DomainError) as refused:
        reclassified(case, "access", after, reason)
    assert refused.value.code == code
    assert right_of(case, "access").checklist.exists()


def test_what_is_decided_stays_what_it_is() -> None:
    case = a_case(rights=("marketing_objection",))
    decision_of(case, member(case.organisation), "marketing_objection", outcome=Outcome.GRANTED)
    with pytest.raises(DomainError) as refused:
        reclassified(case, "marketing_objection", "objection")
    assert refused.value.code == "right_decided"


def test_the_page(client: Client) -> None:
    case = a_case(rights=("erasure",), language="en")
    client.force_login(member(case.organisation))
    page = reverse("case-right-reclassify", args=[case.reference, "erasure"])
    assert "Portability" in client.get(page).content.decode()
    assert page in client.get(reverse("case-acts", args=[case.reference])).content.decode()
    assert client.post(page, {"version": case.version, "right": "access"}).status_code == 422
    typed = {"version": case.version, "right": "access", "reason": "They want a copy."}
    assert client.post(page, typed).status_code == 302
    assert "Erasure → Access" in client.get(reverse("case-detail", args=[case.reference])).content.decode()


def test_no_right_is_chosen_for_the_reader_and_one_line_of_acts_leads_to_each(client: Client) -> None:
    case = a_case(rights=("erasure", "access"), language="en")
    client.force_login(member(case.organisation))
    page = reverse("case-right-reclassify", args=[case.reference, "erasure"])
    assert '<option value="" selected>Choose</option>' in client.get(page).content.decode()
    refused = client.post(page, {"version": case.version, "right": "", "reason": "They want something else."})
    assert "The right that is meant: Choose the right that is meant." in refused.content.decode()
    acts = client.get(reverse("case-acts", args=[case.reference])).content.decode()
    assert acts.count("The clock stays, the checklist is another one, and the person is told.") == 1
    for right in ("erasure", "access"):
        assert reverse("case-right-reclassify", args=[case.reference, right]) in acts
