"""What a decision waits for depends on what it says: granting means the work is done, a refusal does not."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.models import AuditEvent
from dsar.core.roles import Role
from requests_app.models import CaseRight, Decision, HumanReview
from requests_app.services import (
    case_right_start,
    case_task_finish,
    checklist_item_set,
    decision_approve,
    decision_send_back,
    decision_submit,
    right_obstacles,
)
from requests_app.vocabulary import HumanOutcome, ItemState, Stage, TaskKind, TaskState
from tests.factories import OrganisationFactory, a_case, actor_for, member, right_of

pytestmark = pytest.mark.django_db

KEPT: dict[str, Any] = {
    "outcome": "refused", "ground": "17_3_b", "reasoning": "La loi nous oblige à garder vos factures.",
    "provision": "Code de commerce, art. L.123-22", "kept_until": date(2031, 12, 31),
}  # fmt: skip


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 3, 10, 9, 0, tzinfo=UTC), tick=False) as traveller:
        yield traveller


def begun(code: str, **fields: Any) -> tuple[CaseRight, Actor]:
    case = a_case(rights=(code,), **fields)
    actor = actor_for(member(case.organisation), case.organisation)
    case_right_start(case_right=right_of(case, code), actor=actor)
    return right_of(case, code), actor


def finish(case_right: CaseRight, *kinds: TaskKind) -> None:
    for task in case_right.tasks.filter(kind__in=kinds):
        case_task_finish(task=task, actor=Actor.SYSTEM)


def tick(case_right: CaseRight, actor: Actor, *codes: str) -> None:
    for item in case_right.checklist.filter(code__in=codes):
        checklist_item_set(item=item, state=ItemState.DONE, actor=actor)


def second_person(case_right: CaseRight) -> Actor:
    organisation = case_right.case.organisation
    return actor_for(member(organisation, Role.REVIEWER), organisation)


DEFAULT_TASKS = {  # law.md §1.2, column T, without what the workflow, the collection and other acts do
    "withdrawal": {"find_consent", "stop_processing", "tell_processors"},
    "access": {"plan_collection"},
    "rectification": {"verify_accuracy", "correct"},
    "erasure": {"check_retention", "warn_before_erasure", "erase"},
    "restriction": {"freeze"},
    "portability": {"plan_collection"},
    "objection": {"weigh_interests", "stop_processing"},
    "marketing_objection": {"stop_marketing"},
    "research_objection": {"stop_processing"},
    "automated_decision": {"find_decision", "human_review"},
    "directives": {"register_directives"},
    "post_mortem": {"check_entitlement", "carry_out_after_death"},
    "question": set(),
}


@pytest.mark.parametrize("code", sorted(DEFAULT_TASKS))
def test_starting_a_right_opens_its_work(code: str) -> None:
    case_right, _actor = begun(code)
    assert set(case_right.tasks.values_list("kind", flat=True)) == DEFAULT_TASKS[code]


CHECKLISTS = {
    "withdrawal": "W1 W2 W3 W4 W5", "access": "A0 A1 A2 A3 A4 A5 A6 A7 A8 A9 A10", "rectification": "R1 R2 R3",
    "erasure": "E1 E2 E3 E4 E5", "restriction": "L1 L2 L3 L4", "portability": "P1 P2 P3", "objection": "O1 O2",
    "marketing_objection": "OM1 OM2 OM3", "research_objection": "OR1", "automated_decision": "D1 D2 D3",
    "directives": "DI1 DI2", "post_mortem": "PM1 PM2 PM3", "question": "Q1",
}  # fmt: skip


@pytest.mark.parametrize("code", sorted(CHECKLISTS))
def test_the_checklist_has_the_codes_that_others_mark(code: str) -> None:
    case = a_case(rights=(code,))
    assert " ".join(right_of(case, code).checklist.values_list("code", flat=True)) == CHECKLISTS[code]


def test_nothing_is_granted_while_its_work_is_undone(clock: time_machine.Traveller) -> None:
    erasure, actor = begun("erasure")
    with pytest.raises(DomainError) as raised:
        decision_submit(case_right=erasure, outcome="granted", reasoning="Tout est effacé.", actor=actor)
    assert raised.value.code == "right_not_ready"
    assert {obstacle.code for obstacle in right_obstacles(erasure, "granted")} == {
        "task_check_retention", "task_warn_before_erasure", "task_erase", "checklist_open",
    }  # fmt: skip
    assert [obstacle.code for obstacle in right_obstacles(erasure)] == ["task_check_retention"]


def test_a_refusal_of_erasure_says_what_is_kept_and_waits_for_no_erasure(clock: time_machine.Traveller) -> None:
    erasure, actor = begun("erasure")
    finish(erasure, TaskKind.CHECK_RETENTION)
    with pytest.raises(DomainError, match="E2"):
        decision_submit(case_right=erasure, actor=actor, **KEPT)
    tick(erasure, actor, "E2")
    decision = decision_submit(case_right=erasure, actor=actor, **KEPT)
    assert erasure.tasks.filter(state=TaskState.OPEN).count() == 2  # still there, should it be sent back
    decision_approve(decision=decision, actor=second_person(erasure))
    assert right_of(erasure.case, "erasure").stage == Stage.DECIDED
    assert set(erasure.tasks.filter(state=TaskState.CANCELLED).values_list("kind", flat=True)) == {
        "warn_before_erasure", "erase",
    }  # fmt: skip


def test_a_refusal_sent_back_may_become_a_grant_and_then_waits_for_the_work(clock: time_machine.Traveller) -> None:
    erasure, actor = begun("erasure")
    finish(erasure, TaskKind.CHECK_RETENTION)
    tick(erasure, actor, "E2")
    decision = decision_submit(case_right=erasure, actor=actor, **KEPT)
    decision_send_back(decision=decision, actor=second_person(erasure), note="Nothing wants them kept.")
    again = right_of(erasure.case, "erasure")
    with pytest.raises(DomainError, match="Erase in every system"):
        decision_submit(case_right=again, outcome="granted", reasoning="Tout est effacé.", actor=actor)
    finish(again, TaskKind.WARN_BEFORE_ERASURE, TaskKind.ERASE)
    tick(again, actor, "E1", "E3", "E4", "E5")
    decision_submit(case_right=again, outcome="granted", reasoning="Tout est effacé.", actor=actor)
    assert right_of(erasure.case, "erasure").stage == Stage.DECIDED


@pytest.mark.parametrize("outcome", ["granted", "granted_partly", "refused", "no_data", "not_identified"])
def test_access_owes_each_item_whatever_the_answer(clock: time_machine.Traveller, outcome: str) -> None:
    access, actor = begun("access")
    finish(access, TaskKind.PLAN_COLLECTION)
    tick(access, actor, *(f"A{number}" for number in range(10)))
    ground = {"not_identified": "12_6_IDENTITY", "refused": "12_5_REPETITIVE", "granted_partly": "15_4"}
    with pytest.raises(DomainError, match="A10"):
        decision_submit(
            case_right=access, outcome=outcome, ground=ground.get(outcome, ""), reasoning="Parce que.",
            evidence="x", withheld="y", asked_on=date(2026, 3, 9), asked_how="By phone.", actor=actor,
        )  # fmt: skip
    assert not Decision.objects.exists()


def test_safeguards_are_owed_although_the_machine_may_decide(clock: time_machine.Traveller) -> None:
    decision, actor = begun("automated_decision")
    finish(decision, TaskKind.FIND_DECISION)
    refusal: dict[str, Any] = {"outcome": "refused", "ground": "22_2", "reasoning": "Le contrat le veut."}
    with pytest.raises(DomainError, match="D1, D2, D3"):  # GDPR art. 22(3)
        decision_submit(case_right=decision, actor=actor, **refusal)
    no_machine = {**refusal, "ground": "22_NO_SOLE_AUTOMATION"}
    assert decision_submit(case_right=decision, actor=actor, **no_machine).pk


def test_a_recorded_human_review_is_the_reasoning(clock: time_machine.Traveller) -> None:
    right, actor = begun("automated_decision")
    finish(right, TaskKind.FIND_DECISION, TaskKind.HUMAN_REVIEW)
    tick(right, actor, "D1", "D2", "D3")
    HumanReview.objects.create(
        case_right=right, decision_reviewed="Refus de crédit", reviewer="Chef de service",
        competence="Décide des prêts", reviewed_on=date(2026, 3, 9), outcome=HumanOutcome.CHANGED,
        reasons="Revenu mal lu.", set_by=member(right.case.organisation), set_at=datetime.now(UTC),
    )  # fmt: skip
    assert decision_submit(case_right=right, outcome="granted", actor=actor).pk


def test_a_day_that_is_over_is_no_end_of_keeping(clock: time_machine.Traveller) -> None:
    erasure, actor = begun("erasure")
    with pytest.raises(DomainError) as raised:
        decision_submit(case_right=erasure, actor=actor, **{**KEPT, "kept_until": date(2026, 3, 9)})
    assert raised.value.code == "kept_until_past"
    finish(erasure, TaskKind.CHECK_RETENTION)
    tick(erasure, actor, "E2")
    decision = decision_submit(case_right=erasure, actor=actor, **{**KEPT, "kept_until": date(2026, 3, 10)})
    assert decision.kept_until == date(2026, 3, 10)
    assert AuditEvent.objects.get(kind="decision.submitted").facts["kept_until"] == "2026-03-10"


LATE = datetime(2026, 4, 8, 9, 0, tzinfo=UTC)  # the day after the first month, which ends after Easter


@pytest.mark.parametrize(
    ("outcome", "ground"), [("refused", "17_1_NOT_MET"), ("not_identified", "12_6_IDENTITY")]
)
def test_a_full_refusal_after_the_first_month_wants_to_be_known(
    clock: time_machine.Traveller, outcome: str, ground: str
) -> None:
    erasure, actor = begun("erasure")
    finish(erasure, TaskKind.CHECK_RETENTION)
    tick(erasure, actor, "E2")
    refusal: dict[str, Any] = {
        "outcome": outcome, "ground": ground, "reasoning": "Parce que.", "evidence": "x",
        "asked_on": date(2026, 3, 9), "asked_how": "By phone.",
    }  # fmt: skip
    clock.move_to(LATE)
    with pytest.raises(DomainError) as raised:
        decision_submit(case_right=erasure, actor=actor, **refusal)
    assert raised.value.code == "refusal_late"
    decision_submit(case_right=erasure, actor=actor, late_refusal=True, **refusal)
    assert AuditEvent.objects.get(kind="decision.submitted").facts["refusal_was_due_on"] == "2026-04-07"


def test_the_last_day_is_still_in_time_and_a_grant_is_never_a_late_refusal(clock: time_machine.Traveller) -> None:
    objection, actor = begun("research_objection")
    finish(objection, TaskKind.STOP_PROCESSING)
    tick(objection, actor, "OR1")
    clock.move_to(datetime(2026, 4, 7, 21, 30, tzinfo=UTC))  # 23:30 in Paris
    refusal: dict[str, Any] = {"outcome": "refused", "ground": "21_6_PUBLIC", "reasoning": "Parce que."}
    decision = decision_submit(case_right=objection, actor=actor, late_refusal=False, **refusal)
    assert "refusal_was_due_on" not in AuditEvent.objects.get(kind="decision.submitted").facts
    clock.move_to(LATE)
    decision_send_back(decision=decision, actor=second_person(objection), note="Do it.")
    again = right_of(objection.case, "research_objection")
    decision_submit(case_right=again, outcome="granted", reasoning="Fait.", actor=actor)


def test_a_law_without_a_date_for_refusals_warns_of_none(clock: time_machine.Traveller) -> None:
    organisation = OrganisationFactory.create(country="BR", jurisdiction="BR", time_zone="America/Sao_Paulo")
    objection, actor = begun("research_objection", organisation=organisation)
    clock.move_to(datetime(2026, 9, 1, tzinfo=UTC))
    assert objection.refusal_notice_due_on is None
    refusal: dict[str, Any] = {"outcome": "refused", "ground": "21_6_PUBLIC", "reasoning": "Because."}
    assert decision_submit(case_right=objection, actor=actor, **refusal).pk
