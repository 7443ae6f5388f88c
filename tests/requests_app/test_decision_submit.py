"""A decision needs an outcome the right allows, a ground and reasons where adverse, and everything else done."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from dsar.core.actors import Actor
from dsar.core.errors import DomainError, NotAllowed
from dsar.core.models import AuditEvent, Organisation, ProcessingActivity, Recipient, User
from dsar.core.roles import Role
from requests_app.models import CaseRight, Decision, Deliverable
from requests_app.services import (
    case_right_start,
    case_task_finish,
    checklist_item_set,
    decision_approve,
    decision_send_back,
    decision_single_handed,
    decision_submit,
)
from requests_app.vocabulary import DeliverableState, ItemState, Review, Stage
from tests.factories import a_case, actor_for, member, right_of
from tests.requests_app.desk import work_done

pytestmark = pytest.mark.django_db



@pytest.fixture(autouse=True)
def in_the_first_month() -> Iterator[None]:
    """A refusal is told in time."""
    with time_machine.travel(datetime(2026, 3, 10, 9, 0, tzinfo=UTC), tick=False):
        yield


REFUSAL: dict[str, Any] = {
    "outcome": "refused",
    "ground": "12_5_REPETITIVE",
    "reasoning": "Asked and answered last week.",
    "evidence": "DSR of 2 March",
}


def ready(code: str) -> tuple[CaseRight, Actor]:
    """A started right whose tasks and checklist are all done, and a handler."""
    case = a_case()
    actor = actor_for(member(case.organisation), case.organisation)
    case_right = right_of(case, code)
    case_right_start(case_right=case_right, actor=actor)
    for task in case_right.tasks.all():
        case_task_finish(task=task, actor=Actor.SYSTEM)
    for item in case_right.checklist.all():
        checklist_item_set(item=item, state=ItemState.DONE, actor=actor)
    return right_of(case, code), actor


def reviewer_of(case_right: CaseRight) -> Actor:
    organisation = case_right.case.organisation
    return actor_for(member(organisation, Role.REVIEWER), organisation)


def test_marketing_objection_is_decided_without_a_second_person() -> None:
    objection, actor = ready("marketing_objection")
    decision = decision_submit(case_right=objection, outcome="granted", actor=actor)
    assert decision.review == Review.NOT_NEEDED
    assert right_of(objection.case, "marketing_objection").stage == Stage.DECIDED


@pytest.mark.parametrize(
    ("code", "fields", "error"),
    [
        ("marketing_objection", {"outcome": "refused"}, "outcome_not_possible"),  # GDPR art. 21(3): absolute
        ("access", {**REFUSAL, "ground": ""}, "ground_missing"),
        ("access", {**REFUSAL, "ground": "17_3_b"}, "ground_not_possible"),
        ("access", {**REFUSAL, "reasoning": " "}, "reasoning_missing"),
        ("access", {**REFUSAL, "evidence": ""}, "evidence_missing"),
        ("access", {**REFUSAL, "ground": "23_NATIONAL"}, "provision_missing"),
        ("access", {**REFUSAL, "ground": "15_4"}, "redact_instead"),  # recital 63
        ("access", {**REFUSAL, "outcome": "granted_partly", "ground": "15_4"}, "withheld_missing"),
        ("access", {"outcome": "merged"}, "outcome_not_possible"),
    ],
)
def test_what_a_decision_lacks_is_named(code: str, fields: dict[str, Any], error: str) -> None:
    case_right, actor = ready(code)
    with pytest.raises(DomainError) as raised:
        decision_submit(case_right=case_right, actor=actor, **fields)
    assert raised.value.code == error
    assert not Decision.objects.exists()


def test_an_open_checklist_item_blocks_the_decision() -> None:
    case_right, actor = ready("marketing_objection")
    item = case_right.checklist.get(code="OM2")
    checklist_item_set(item=item, state=ItemState.OPEN, actor=actor)
    with pytest.raises(DomainError, match="OM2"):
        decision_submit(case_right=case_right, outcome="granted", actor=actor)


def test_justification_needs_words() -> None:
    case_right, actor = ready("access")
    with pytest.raises(DomainError) as raised:
        checklist_item_set(item=case_right.checklist.get(code="A3"), state=ItemState.JUSTIFIED, note=" ", actor=actor)
    assert raised.value.code == "justification_missing"


def test_recipients_without_a_name_can_only_be_justified() -> None:
    case_right, actor = ready("access")
    activity = ProcessingActivity.objects.create(
        organisation=case_right.case.organisation, code="sales", name={"en": "Sales"}, capacity="controller"
    )
    Recipient.objects.create(
        organisation=activity.organisation, code="carrier", category={"en": "Carriers"}
    ).activities.add(activity)
    item = case_right.checklist.get(code="A3")
    with pytest.raises(DomainError, match="Carriers"):
        checklist_item_set(item=item, state=ItemState.DONE, note="All told.", actor=actor)
    checklist_item_set(item=item, state=ItemState.JUSTIFIED, note="The list of carriers is not kept.", actor=actor)


def test_what_the_machine_found_missing_is_not_done_without_a_word() -> None:
    case_right, actor = ready("access")
    item = case_right.checklist.get(code="A8")
    item.state, item.set_by, item.note = ItemState.OPEN, None, "Not stated for: Sales."
    item.save()
    with pytest.raises(DomainError, match="where you found"):
        checklist_item_set(item=item, state=ItemState.DONE, actor=actor)
    checklist_item_set(item=item, state=ItemState.DONE, note="Asked the sales team: none.", actor=actor)


def test_refusal_goes_to_a_second_person_who_is_not_the_author() -> None:
    case_right, handler = ready("access")
    decision = decision_submit(case_right=case_right, actor=handler, **REFUSAL)
    assert case_right.stage == Stage.IN_REVIEW
    with pytest.raises(NotAllowed):  # a handler's role does not review
        decision_approve(decision=decision, actor=handler)
    decision_approve(decision=decision, actor=reviewer_of(case_right))
    assert right_of(case_right.case, "access").stage == Stage.DECIDED


def test_an_author_who_may_review_still_never_reviews_their_own() -> None:
    case_right, _handler = ready("access")
    author = reviewer_of(case_right)
    decision = decision_submit(case_right=case_right, actor=author, **REFUSAL)
    with pytest.raises(NotAllowed, match="never reviews"):
        decision_approve(decision=decision, actor=author)


def test_sent_back_opens_the_right_again_and_keeps_the_decision() -> None:
    case_right, handler = ready("access")
    decision = decision_submit(case_right=case_right, actor=handler, **REFUSAL)
    decision_send_back(decision=decision, actor=reviewer_of(case_right), note="Say which request of 2 March.")
    fresh = right_of(case_right.case, "access")
    assert (fresh.stage, fresh.outcome) == (Stage.IN_PROGRESS, "")
    again = decision_submit(case_right=fresh, actor=handler, **REFUSAL)
    assert list(case_right.decisions.all()) == [decision, again]


def test_single_handed_only_where_nobody_else_can_review() -> None:
    case_right, handler = ready("access")
    decision = decision_submit(case_right=case_right, actor=handler, **REFUSAL)
    organisation = case_right.case.organisation
    organisation.review = Organisation.Review.ALWAYS
    organisation.save()
    with pytest.raises(DomainError) as raised:
        decision_single_handed(decision=decision, actor=handler, reason="Alone this week.")
    assert raised.value.code == "review_always"
    organisation.review = Organisation.Review.WHEN_POSSIBLE
    organisation.save()
    reviewer = member(organisation, Role.REVIEWER)
    with pytest.raises(DomainError) as raised:
        decision_single_handed(decision=decision, actor=handler, reason="Alone this week.")
    assert raised.value.code == "reviewer_exists"
    reviewer.is_active = False
    reviewer.save()
    with pytest.raises(DomainError) as raised:
        decision_single_handed(decision=decision, actor=handler, reason=" ")
    assert raised.value.code == "reason_missing"
    decision_single_handed(decision=decision, actor=handler, reason="Alone this week.")
    assert right_of(case_right.case, "access").stage == Stage.DECIDED
    assert AuditEvent.objects.filter(kind="decision.single_handed").count() == 1


def test_withdrawn_needs_no_finished_work() -> None:
    case = a_case()
    actor = actor_for(member(case.organisation), case.organisation)
    access = right_of(case, "access")
    case_right_start(case_right=access, actor=actor)
    with pytest.raises(DomainError, match="how and when"):
        decision_submit(case_right=access, outcome="withdrawn", actor=actor)
    decision_submit(case_right=access, outcome="withdrawn", reasoning="By phone on 9 March.", actor=actor)
    assert right_of(case, "access").stage == Stage.DECIDED
    assert not access.tasks.filter(state="open").exists()


def test_what_was_prepared_does_not_leave_once_the_request_is_withdrawn(handler: User) -> None:
    case = a_case(handler.memberships.get().organisation)
    work_done(case, handler)
    decision_submit(
        case_right=right_of(case, "access"), outcome="withdrawn", reasoning="By phone on 9 March.",
        actor=actor_for(handler, case.organisation),
    )  # fmt: skip
    assert Deliverable.objects.get(case=case).state == DeliverableState.SUPERSEDED
