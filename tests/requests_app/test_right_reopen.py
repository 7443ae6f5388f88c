"""A message after the answer opens one task; one of three acts ends it, and the clock counts anew."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from dsar.core.errors import DomainError
from dsar.core.models import AuditEvent, User
from dsar.core.roles import Role
from requests_app import services
from requests_app.models import Case, CaseTask, RecipientNotice, RoutingRule
from requests_app.services import case_close, message_note, message_receive, message_right_add, right_reopen
from tests.factories import RECEIVED_AT, OrganisationFactory, TeamFactory, a_case, actor_for, member, right_of

pytestmark = pytest.mark.django_db
LATER = RECEIVED_AT + timedelta(days=40)


@pytest.fixture
def handler() -> User:
    return member(OrganisationFactory.create(slug="virelune"), Role.HANDLER)


@pytest.fixture
def case(handler: User) -> Case:
    """Answered and closed: the person had withdrawn everything."""
    organisation = handler.memberships.get().organisation
    case = a_case(organisation)
    with time_machine.travel(RECEIVED_AT + timedelta(days=2), tick=False):
        services.right_withdraw(case=case, rights=list(case.rights.all()))
        case_close(case=case, actor=actor_for(handler, organisation))
    case.refresh_from_db()
    return case


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(LATER, tick=False) as traveller:
        yield traveller


@pytest.fixture
def task(case: Case, clock: Any) -> CaseTask:
    message_receive(case=case, body="I ask again.", channel="email")
    return CaseTask.objects.select_related("case__organisation", "case_right").get(kind="message_after_answer")


def actor(case: Case, handler: User) -> Any:
    return actor_for(handler, case.organisation)


def test_the_message_opens_one_task_and_the_case_is_seen(
    case: Case, task: CaseTask, handler: User, client: Client
) -> None:
    assert (task.blocking, task.automatic) == (False, False)
    message_receive(case=case, body="And another thing.")
    assert CaseTask.objects.get() == task
    case.refresh_from_db()
    assert case.closed_at is not None
    client.force_login(handler)
    page = client.get("/desk/?view=written").content.decode()
    assert case.reference in page
    assert "Decide what it is" in page
    detail = client.get(f"/desk/cases/{case.reference}/").content.decode()
    assert f"/desk/tasks/{task.pk}/message/" in detail
    shown = client.get(f"/desk/tasks/{task.pk}/message/").content.decode()
    assert "I ask again." in shown
    assert "And another thing." in shown


def test_it_goes_to_who_the_rules_name_else_to_who_handles_the_case(case: Case, clock: Any) -> None:
    team = TeamFactory.create(organisation=case.organisation)
    RoutingRule.objects.create(organisation=case.organisation, kind="message_after_answer", team=team)
    message_receive(case=case, body="Hello?")
    assert CaseTask.objects.open().get().team == team


def test_a_machine_opens_none(case: Case, clock: Any) -> None:
    message_receive(case=case, body="I am away.", may_answer=False)
    assert not CaseTask.objects.open().exists()


def test_an_open_case_has_none(handler: User) -> None:
    other = a_case(handler.memberships.get().organisation, submission="f" * 32)
    message_receive(case=other, body="More.")
    assert not CaseTask.objects.open().exists()


def test_the_work_begins_again_with_a_clock_from_the_message(case: Case, task: CaseTask, handler: User) -> None:
    before = right_of(case, "access").due_on
    right_reopen(task=task, rights=[right_of(case, "access")], actor=actor(case, handler))
    right = right_of(case, "access")
    assert (right.stage, right.outcome, right.answered_at) == ("in_progress", "", None)
    assert right.reopened_at == LATER
    assert right.received_at == RECEIVED_AT
    assert before is not None
    assert right.due_on is not None
    assert right.due_on > before
    assert right.due_on.isoformat() == "2026-05-15"  # 14 May is Ascension Day
    assert set(right.checklist.values_list("state", flat=True)) == {"open"}
    assert right.tasks.open().get().kind == "plan_collection"
    case.refresh_from_db()
    assert case.closed_at is None
    assert case.next_on == right.matters_on
    task.refresh_from_db()
    assert (task.state, task.finished_by) == ("done", handler)
    assert case.messages.get(body="I ask again.").read_at is not None
    kinds = list(AuditEvent.objects.order_by("pk").values_list("kind", flat=True))
    assert {"case.reopened", "right.reopened"} <= set(kinds)
    cause = AuditEvent.objects.filter(kind="clock.computed").latest("pk").facts["cause"]
    assert cause == "reopened"


def test_another_right_is_added_with_its_own_clock(case: Case, task: CaseTask, handler: User) -> None:
    added = message_right_add(task=task, right="erasure", detail="All.", actor=actor(case, handler))
    assert (added.received_at, added.stage) == (LATER, "to_do")
    case.refresh_from_db()
    assert case.closed_at is None
    task.refresh_from_db()
    assert task.state == "done"


def test_a_note_ends_it_and_the_case_stays_closed(case: Case, task: CaseTask, handler: User) -> None:
    with pytest.raises(DomainError, match="Write why"):
        message_note(task=task, reason=" ", actor=actor(case, handler))
    message_note(task=task, reason="A word of thanks.", actor=actor(case, handler))
    task.refresh_from_db()
    assert (task.state, task.note) == ("done", "A word of thanks.")
    case.refresh_from_db()
    assert case.closed_at is not None


def test_exactly_one_of_the_three(case: Case, task: CaseTask, handler: User) -> None:
    acting = actor(case, handler)
    with pytest.raises(DomainError, match="decide there"):
        services.case_task_finish(task=task, actor=acting, note="Done")
    message_note(task=task, reason="Thanks.", actor=acting)
    for act in (
        lambda: right_reopen(task=task, rights=[right_of(case, "access")], actor=acting),
        lambda: message_right_add(task=task, right="erasure", actor=acting),
        lambda: message_note(task=task, reason="Again.", actor=acting),
    ):
        with pytest.raises(DomainError, match="decided on this message"):
            act()
    assert right_of(case, "access").stage == "answered"


def test_a_refused_act_leaves_the_task_open(case: Case, task: CaseTask, handler: User, client: Client) -> None:
    client.force_login(handler)
    for name, fields, says in (
        ("reopen", {}, "Choose what is taken up again."),
        ("add-right", {"right": "access"}, "access"),
        ("note", {"reason": ""}, "Write why nothing follows"),
    ):
        response = client.post(f"/desk/tasks/{task.pk}/{name}/", fields)
        assert response.status_code == 422, name
        assert says in response.content.decode()
    task.refresh_from_db()
    assert task.state == "open"
    case.refresh_from_db()
    assert case.closed_at is not None


def test_the_page_takes_it_up_again(case: Case, task: CaseTask, handler: User, client: Client) -> None:
    client.force_login(handler)
    response = client.post(f"/desk/tasks/{task.pk}/reopen/", {"rights": ["access"], "version": case.version})
    assert response.headers["Location"] == f"/desk/cases/{case.reference}/#rights"
    page = client.get(response.headers["Location"].partition("#")[0]).content.decode()
    assert "Work taken up again" in page
    assert "Decided by" in client.get(f"/desk/tasks/{task.pk}/message/").content.decode()


def test_a_reopened_right_may_be_extended_and_withdrawn_again(case: Case, task: CaseTask, handler: User) -> None:
    right_reopen(task=task, rights=[right_of(case, "access")], actor=actor(case, handler))
    assert services.refusal_today(right_of(case, "access")) is None
    services.right_withdraw(case=case, rights=[right_of(case, "access")])
    message_receive(case=case, body="No, do it.", at=datetime.now(UTC))
    assert CaseTask.objects.open().filter(kind="message_after_answer").count() == 1


def test_recipients_of_the_first_answer_must_be_told_of_the_next_one(
    case: Case, handler: User, task: CaseTask
) -> None:
    answered = task.case.rights.earliest("pk")
    told = RecipientNotice.objects.create(case_right=answered, name="Acme", state="notified", means="e-mail")
    right_reopen(task=task, rights=[answered], actor=actor(case, handler))
    told.refresh_from_db()
    assert (told.state, told.means) == ("to_notify", "")
