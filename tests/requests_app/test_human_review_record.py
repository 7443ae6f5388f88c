"""An automated decision looked at by a person who may change it (art. 22(3))."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from dsar.core.errors import DomainError, NotAllowed
from dsar.core.models import AuditEvent, User
from dsar.core.roles import Role
from requests_app.letter_facts import facts_recorded
from requests_app.models import Case, CaseRight, ChecklistItem, HumanReview
from requests_app.services import case_right_start, decision_submit, human_review_record
from requests_app.vocabulary import ItemState, Stage
from tests.factories import OrganisationFactory, a_case, actor_for, member, right_of

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 20, 9, 0, tzinfo=UTC)
TYPED = {
    "decision_reviewed": "Credit refused on 1 March.",
    "reviewer": "Head of credit",
    "competence": "Fifteen years of lending; may overrule the score.",
    "reviewed_on": date(2026, 3, 19),
    "person_view": "I have paid everything back.",
    "outcome": "changed",
    "reasons": "The score counted a debt that was paid.",
}


@pytest.fixture
def case() -> Case:
    organisation = OrganisationFactory.create(language="en")
    case = a_case(organisation, rights=("automated_decision", "access"), language="en")
    for code in ("D1", "D2", "D3"):
        ChecklistItem.objects.get_or_create(case_right=right_of(case, "automated_decision"), code=code)
    return case


@pytest.fixture
def handler(case: Case) -> User:
    return member(case.organisation)


def recorded(case: Case, handler: User, code: str = "automated_decision", **fields: Any) -> HumanReview:
    with time_machine.travel(NOW, tick=False):
        return human_review_record(
            case_right=right_of(case, code),
            actor=actor_for(handler, case.organisation),
            **{**TYPED, **fields},
        )


def items_of(case: Case) -> dict[str, tuple[str, str]]:
    items = ChecklistItem.objects.filter(case_right__case=case, code__startswith="D")
    return {item.code: (item.state, item.note) for item in items}


def test_the_record_is_what_the_answer_must_contain(case: Case, handler: User) -> None:
    case_right_start(case_right=right_of(case, "automated_decision"), actor=actor_for(handler, case.organisation))
    review = recorded(case, handler)
    assert (review.outcome, review.set_by) == ("changed", handler)
    items = items_of(case)
    assert {state for state, _note in items.values()} == {ItemState.DONE}
    assert items["D1"][1] == "Head of credit, Thursday 19 March 2026. Fifteen years of lending; may overrule the score."
    assert items["D2"][1] == "I have paid everything back."
    assert items["D3"][1] == "Decision changed. The score counted a debt that was paid."
    event = AuditEvent.objects.get(chain__key=case.chain, kind="human_review.recorded")
    assert event.facts["human_outcome"] == "changed"
    assert "credit" not in str(event.facts).lower()


def test_a_person_who_said_nothing_is_said_to_have_said_nothing(case: Case, handler: User) -> None:
    recorded(case, handler, person_view="")
    assert items_of(case)["D2"] == (ItemState.DONE, "The person gave no view of their own.")


def test_a_second_review_counts_last(case: Case, handler: User) -> None:
    recorded(case, handler)
    recorded(case, handler, outcome="maintained", reasons="The bank confirmed the debt.")
    assert items_of(case)["D3"][1] == "Decision maintained. The bank confirmed the debt."
    assert HumanReview.objects.count() == 2


def test_a_right_without_these_items_keeps_the_record(case: Case, handler: User) -> None:
    ChecklistItem.objects.filter(code__startswith="D").delete()
    assert recorded(case, handler).pk


@pytest.mark.parametrize(
    ("code", "fields", "error"),
    [
        ("access", {}, "review_not_here"),
        ("automated_decision", {"reviewed_on": date(2026, 3, 21)}, "reviewed_in_future"),
        ("automated_decision", {"competence": " "}, "competence_missing"),
        ("automated_decision", {"reasons": ""}, "reasons_missing"),
        ("automated_decision", {"reviewer": " "}, "reviewer_missing"),
        ("automated_decision", {"decision_reviewed": ""}, "decision_missing"),
    ],
)
def test_what_is_no_review_is_refused(
    case: Case, handler: User, code: str, fields: dict[str, Any], error: str
) -> None:
    with pytest.raises(DomainError) as refused:
        recorded(case, handler, code, **fields)
    assert refused.value.code == error
    assert not HumanReview.objects.exists()
    assert {state for state, _note in items_of(case).values()} == {ItemState.OPEN}


def test_a_decided_right_takes_no_review(case: Case, handler: User) -> None:
    CaseRight.objects.filter(case=case, right="automated_decision").update(stage=Stage.DECIDED)
    with pytest.raises(DomainError) as refused:
        recorded(case, handler)
    assert refused.value.code == "right_decided"


def test_whoever_only_reads_records_none(case: Case) -> None:
    with pytest.raises(NotAllowed):
        recorded(case, member(case.organisation, Role.AUDITOR))


def test_the_page_records_it_and_keeps_what_was_typed(case: Case, handler: User, client: Client) -> None:
    client.force_login(handler)
    page = reverse("human-review-record", args=[case.reference, "automated_decision"])
    typed = {**TYPED, "reviewed_on": "2026-03-19", "version": case.version}
    with time_machine.travel(NOW, tick=False):
        assert client.get(page).status_code == 200
        for wrong in ({"reviewed_on": "2026-03-21"}, {"competence": ""}, {"outcome": "perhaps"}, {"reviewed_on": "x"}):
            refused = client.post(page, {**typed, **wrong})
            assert refused.status_code == 422
            assert "The score counted a debt that was paid." in refused.content.decode()
        assert client.post(page, {**typed, "version": 99}).status_code == 409
        assert client.post(page, typed).status_code == 302
    shown = client.get(reverse("case-detail", args=[case.reference])).content.decode()
    assert "Head of credit" in shown
    assert "Review by a person recorded" in shown
    assert client.get(reverse("human-review-record", args=[case.reference, "access"])).status_code == 404


def test_a_new_answer_owes_a_new_review(case: Case, handler: User) -> None:
    """What was reviewed for the first answer says nothing of the message that contests it (art. 22(3))."""
    recorded(case, handler)
    again = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)
    CaseRight.objects.filter(case=case, right="automated_decision").update(
        stage=Stage.IN_PROGRESS, reopened_at=again, taken_up_at=again
    )
    right = right_of(case, "automated_decision")
    right.case = case
    assert facts_recorded(right) == []
    with time_machine.travel(again, tick=False), pytest.raises(DomainError, match="Say who reviewed the decision"):
        decision_submit(case_right=right, outcome="granted", actor=actor_for(handler, case.organisation))
    client = Client()
    client.force_login(handler)
    page = client.get(reverse("case-detail", args=[case.reference])).content.decode()
    assert "The new answer owes a new review." in page
    with time_machine.travel(again, tick=False), pytest.raises(DomainError, match="wrote again after this review"):
        human_review_record(
            case_right=right, actor=actor_for(handler, case.organisation), **TYPED  # type: ignore[arg-type]
        )
    with time_machine.travel(again.replace(hour=10), tick=False):
        human_review_record(
            case_right=right,
            actor=actor_for(handler, case.organisation),
            **{**TYPED, "reviewed_on": date(2026, 4, 1), "reviewer": "Somebody else"},  # type: ignore[arg-type]
        )
    assert "Somebody else" in " ".join(facts_recorded(right))
