"""A message where something is answered and something is not: nothing is lost, nothing asked twice."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from dsar.core.errors import DomainError
from dsar.core.models import User
from dsar.core.roles import Role
from requests_app.models import Case, CaseTask, Message
from requests_app.next_step import last_decision
from requests_app.services import (
    answer_release,
    case_close,
    case_forward,
    case_merge,
    case_suspend,
    letter_prepare,
    message_note,
    message_receive,
    messages_read,
    right_reopen,
    right_withdraw,
    suspension_continue,
)
from requests_app.services.suspensions import suspension_begin
from tests.factories import RECEIVED_AT, OrganisationFactory, a_case, actor_for, member, opened_case, right_of
from tests.requests_app.desk import decision_of

pytestmark = pytest.mark.django_db
NOW = RECEIVED_AT + timedelta(days=3)


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def handler() -> User:
    return member(OrganisationFactory.create(slug="virelune", language="en"), Role.HANDLER)


@pytest.fixture
def case(handler: User) -> Case:
    """Access and erasure, of which nothing is answered yet."""
    return a_case(handler.memberships.get().organisation, rights=("access", "erasure"), language="en")


def actor(case: Case, handler: User) -> Any:
    return actor_for(handler, case.organisation)


def answered(case: Case, code: str = "access") -> None:
    """Taken back by the person: of the ways in which a right is answered the shortest."""
    right_withdraw(case=case, rights=[right_of(case, code)])


def the_task(case: Case) -> CaseTask:
    tasks = CaseTask.objects.open().select_related("case__organisation", "case_right")
    found: CaseTask = tasks.get(case=case, kind="message_after_answer")
    return found


def no_task(case: Case) -> bool:
    return not CaseTask.objects.open().filter(case=case, kind="message_after_answer").exists()


# A message comes in


def test_the_answered_right_is_taken_up_again_while_the_other_is_in_work(case: Case, handler: User) -> None:
    answered(case)
    message_receive(case=case, body="I want my data after all.")
    task = the_task(case)
    assert task.case_right.right == "access"
    right_reopen(task=task, rights=[right_of(case, "access")], actor=actor(case, handler))
    assert [right_of(case, code).stage for code in ("access", "erasure")] == ["in_progress", "to_do"]


def test_the_page_says_what_is_answered_and_what_is_not(case: Case, handler: User, client: Client) -> None:
    answered(case)
    message_receive(case=case, body="When is it erased?")
    client.force_login(handler)
    address = f"/desk/tasks/{the_task(case).pk}/"
    page = client.get(f"{address}message/").content.decode()
    case.refresh_from_db()
    assert "<dt>Answered</dt><dd>Access (withdrawn," in page
    assert "<dt>Still in work</dt><dd>Erasure</dd>" in page
    done = client.post(f"{address}note/", {"belongs_to_open": "on", "version": case.version})
    assert done.status_code == 302
    task = CaseTask.objects.get(kind="message_after_answer")
    assert (task.state, task.result) == ("done", {"belongs_to": ["erasure"]})
    assert not case.messages.unread().filter(body="When is it erased?").exists()


def test_where_nothing_is_open_nothing_belongs_to_it(case: Case, handler: User, client: Client) -> None:
    answered(case)
    message_receive(case=case, body="Thanks.")
    answered(case, "erasure")
    with pytest.raises(DomainError, match="Everything is answered"):
        message_note(task=the_task(case), belongs_to_open=True, actor=actor(case, handler))
    client.force_login(handler)
    assert "belongs_to_open" not in client.get(f"/desk/tasks/{the_task(case).pk}/message/").content.decode()


def questioned(case: Case, handler: User) -> Any:
    suspension = case_suspend(
        case=case, rights=[right_of(case, "erasure")], reason="clarify", why="Much.", body="Which?",
        actor=actor(case, handler),
    )  # fmt: skip
    suspension_begin(suspension=suspension, asked_at=NOW)
    return suspension


def test_the_answer_to_a_question_belongs_to_the_question(case: Case, handler: User, clock: Any) -> None:
    answered(case)
    suspension = questioned(case, handler)
    clock.shift(timedelta(hours=1))
    message_receive(case=case, body="I want my data after all.")
    assert no_task(case)
    suspension.refresh_from_db()
    suspension_continue(suspension=suspension, reason="It is about access.", actor=actor(case, handler))
    right_reopen(task=the_task(case), rights=[right_of(case, "access")], actor=actor(case, handler))


def test_an_unread_answer_to_a_question_is_not_lost_with_it(case: Case, handler: User, clock: Any) -> None:
    answered(case)
    questioned(case, handler)
    clock.shift(timedelta(hours=1))
    message_receive(case=case, body="Forget it, and send me my data.")
    answered(case, "erasure")
    assert the_task(case).subject_key == f"message:{Message.objects.get(body__startswith='Forget').pk}"


def test_a_machine_opens_none_now_or_later(case: Case) -> None:
    answered(case)
    message_receive(case=case, body="I am away.", may_answer=False)
    assert no_task(case)
    answered(case, "erasure")
    assert no_task(case)


# A right is answered, and something lies unread


def released(case: Case, handler: User) -> None:
    letter_prepare(case=case)
    rights = list(case.rights.select_related("case__organisation"))
    answer_release(case=case, rights=rights, actor=actor(case, handler))


def test_what_nobody_has_read_gets_its_task_when_the_last_right_is_withdrawn(case: Case) -> None:
    message_receive(case=case, body="And correct my name.")
    assert no_task(case)
    answered(case)
    answered(case, "erasure")
    assert the_task(case).subject_key == f"message:{case.messages.get(body='And correct my name.').pk}"


def test_what_was_read_before_gets_none(case: Case, handler: User) -> None:
    message_receive(case=case, body="I am in no hurry.")
    messages_read(case=case, actor=actor(case, handler))
    answered(case)
    assert no_task(case)


def test_what_nobody_has_read_gets_its_task_when_the_answer_leaves(handler: User) -> None:
    case = a_case(handler.memberships.get().organisation, rights=("marketing_objection",), language="en")
    decision_of(case, handler, "marketing_objection")
    message_receive(case=case, body="And erase me.")
    released(case, handler)
    assert not no_task(case)


def test_what_nobody_has_read_gets_its_task_when_a_right_is_passed_on(case: Case, handler: User) -> None:
    message_receive(case=case, body="You decide, not they.")
    case_forward(
        case=case, rights=[right_of(case, "access")], name="Kiosque", email="dpo@kiosque.example", text=case.text,
        why="Theirs.",
        actor=actor(case, handler),
    )  # fmt: skip
    assert not no_task(case)


def test_a_merged_request_leaves_no_task_behind(case: Case, handler: User, clock: Any) -> None:
    """What lies unread goes with the request; the request itself is no question, for its rights have joined."""
    answered(case)
    later = opened_case(
        case.organisation, rights=("rectification",), submission="b" * 32, received_at=NOW - timedelta(hours=1)
    ).case
    case_merge(case=later, into=case, is_same_person=True, actor=actor(case, handler))
    assert no_task(case)
    another = opened_case(
        case.organisation, rights=("objection",), submission="c" * 32, received_at=NOW - timedelta(hours=1)
    ).case
    message_receive(case=another, body="What became of my data?")
    case_merge(case=another, into=case, is_same_person=True, actor=actor(case, handler))
    assert no_task(another)
    assert the_task(case).subject_key == f"message:{Message.objects.get(body__startswith='What became').pk}"


# What the task and the case know


def test_a_decision_before_the_work_began_again_is_not_in_force(handler: User, clock: Any) -> None:
    """Also where the message is older than the decision, because nobody had read it."""
    case = a_case(handler.memberships.get().organisation, rights=("marketing_objection",), language="en")
    message_receive(case=case, body="By post too.")
    clock.shift(timedelta(hours=1))
    decision_of(case, handler, "marketing_objection")
    released(case, handler)
    clock.shift(timedelta(hours=1))
    right = right_of(case, "marketing_objection")
    right_reopen(task=the_task(case), rights=[right], actor=actor(case, handler))
    right = right_of(case, "marketing_objection")
    assert right.reopened_at == NOW
    assert right.decisions.exists()
    assert last_decision(right) is None


def test_a_withdrawal_is_read_before_the_case_is_closed(case: Case, handler: User, client: Client) -> None:
    answered(case)
    right_withdraw(case=case, rights=[right_of(case, "erasure")])
    assert no_task(case)
    client.force_login(handler)
    shown = client.get(f"/desk/cases/{case.reference}/").context["page"].next
    assert shown.code == "read"
    messages_read(case=case, actor=actor(case, handler))
    assert client.get(f"/desk/cases/{case.reference}/").context["page"].next.code == "close"
    case_close(case=case, actor=actor(case, handler))


def test_the_instant_counts_from_the_arrival(case: Case, handler: User) -> None:
    answered(case)
    arrived = datetime(2026, 3, 7, 12, 0, tzinfo=UTC)
    message_receive(case=case, body="Again.", channel="email", at=arrived)
    right_reopen(task=the_task(case), rights=[right_of(case, "access")], actor=actor(case, handler))
    assert right_of(case, "access").counts_from == arrived
