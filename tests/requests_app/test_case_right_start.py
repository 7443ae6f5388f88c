"""Starting a right opens its work; a worker that is down never makes a case look finished."""

import pytest

from dsar.core.actors import Actor
from dsar.core.errors import Conflict, DomainError, NotAllowed
from dsar.core.roles import Role
from requests_app.models import CaseTask, RoutingRule
from requests_app.services import (
    case_right_start,
    case_task_add,
    case_task_finish,
    case_task_take,
    decision_submit,
)
from requests_app.vocabulary import Stage, TaskKind, TaskState
from tests.factories import TeamFactory, a_case, actor_for, member, right_of

pytestmark = pytest.mark.django_db


def test_access_waits_for_the_collection_to_be_planned() -> None:
    case = a_case()
    access = right_of(case, "access")
    actor = actor_for(member(case.organisation), case.organisation)
    case_right_start(case_right=access, actor=actor)
    assert access.stage == Stage.IN_PROGRESS
    task = CaseTask.objects.get(case_right=access)
    assert (task.kind, task.blocking, task.automatic) == (TaskKind.PLAN_COLLECTION, True, True)
    with pytest.raises(DomainError) as raised:
        decision_submit(case_right=access, outcome="granted", actor=actor)
    assert raised.value.code == "right_not_ready"
    assert "worker" in str(raised.value)
    assert right_of(case, "access").stage == Stage.IN_PROGRESS


def test_a_person_cannot_close_the_machines_task() -> None:
    case = a_case()
    actor = actor_for(member(case.organisation), case.organisation)
    access = right_of(case, "access")
    case_right_start(case_right=access, actor=actor)
    with pytest.raises(NotAllowed):
        case_task_finish(task=CaseTask.objects.get(case_right=access), actor=actor)


def test_starting_twice_is_refused_and_opens_nothing_twice() -> None:
    case = a_case()
    actor = actor_for(member(case.organisation), case.organisation)
    first, second = right_of(case, "access"), right_of(case, "access")
    case_right_start(case_right=first, actor=actor)
    with pytest.raises(Conflict):
        case_right_start(case_right=second, actor=actor)
    assert CaseTask.objects.count() == 1


def test_tasks_are_routed_by_the_first_matching_rule() -> None:
    case = a_case()
    marketing, archive = TeamFactory.create_batch(2, organisation=case.organisation)
    RoutingRule.objects.create(
        organisation=case.organisation,
        position=1,
        kind=TaskKind.COLLECT_BY_HAND,
        subject_prefix="source:paper",
        team=archive,
    )
    RoutingRule.objects.create(organisation=case.organisation, position=2, right="marketing_objection", team=marketing)
    objection = right_of(case, "marketing_objection")
    by_hand = case_task_add(case_right=objection, kind=TaskKind.COLLECT_BY_HAND, subject_key="source:paper")
    other = case_task_add(case_right=objection, kind=TaskKind.STOP_MARKETING)
    assert (by_hand.team, other.team) == (archive, marketing)
    assert case_task_add(case_right=objection, kind=TaskKind.STOP_MARKETING) == other


def test_of_two_members_one_takes_a_task() -> None:
    case = a_case()
    task = case_task_add(case_right=right_of(case, "marketing_objection"), kind=TaskKind.STOP_MARKETING)
    one, two = (
        actor_for(member(case.organisation, role), case.organisation) for role in (Role.HANDLER, Role.CONTRIBUTOR)
    )
    case_task_take(task=task, actor=one)
    with pytest.raises(Conflict):
        case_task_take(task=task, actor=two)


def test_finishing_a_task_twice_changes_nothing() -> None:
    case = a_case()
    task = case_task_add(case_right=right_of(case, "marketing_objection"), kind=TaskKind.STOP_MARKETING)
    case_task_finish(task=task, actor=Actor.SYSTEM, note="first")
    case_task_finish(task=task, actor=Actor.SYSTEM, note="second")
    task.refresh_from_db()
    assert (task.state, task.note) == (TaskState.DONE, "first")
