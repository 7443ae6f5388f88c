"""One letter with several rights: each has its own clock, equal to what the engine says of its own facts."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from dsar.core.roles import Role
from requests_app import outbox
from requests_app.deadlines import Deadline, Facts, Pause, deadline
from requests_app.models import CaseRight
from requests_app.services import (
    answer_release,
    case_right_add,
    case_suspend,
    extension_approve,
    extension_submit,
    letter_prepare,
    message_receive,
    notices_left,
)
from requests_app.vocabulary import Stage
from tests.factories import OrganisationFactory, a_case, actor_for, member, right_of
from tests.requests_app.desk import decision_of

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")
DAY_0 = datetime(2026, 3, 2, 10, 0, tzinfo=PARIS)
CACHED = (
    "due_on", "last_day", "prudent_due_on", "extension_notice_due_on", "extension_notice_prudent_on",
    "refusal_notice_due_on",
)  # fmt: skip


def on_day(number: int) -> datetime:
    """Ten in the morning in Paris, so many days after the letter."""
    return (DAY_0 + timedelta(days=number)).astimezone(UTC)


def engine(received_on_day: int, pauses: tuple[Pause, ...] = (), extended_on: date | None = None) -> Deadline:
    """The engine's answer for facts written down by hand."""
    facts = Facts("FR", "Europe/Paris", on_day(received_on_day), pauses=pauses, extended_on=extended_on)
    return deadline(facts, date(2026, 3, 20))


def same(right: CaseRight, found: Deadline) -> None:
    assert {name: getattr(right, name) for name in CACHED} == {name: getattr(found, name) for name in CACHED}
    assert right.clock_flags == found.flags
    assert right.clock_explanation == found.explanation


def test_five_rights_run_on_five_clocks() -> None:
    organisation = OrganisationFactory.create()
    handler, reviewer = member(organisation), member(organisation, Role.REVIEWER)
    actor = actor_for(handler, organisation)
    case = a_case(
        organisation, rights=("withdrawal", "marketing_objection", "access", "erasure"), received_at=on_day(0)
    )
    with time_machine.travel(on_day(1), tick=False):  # the objection is answered on day 1
        decision_of(case, handler, "marketing_objection")
        letter_prepare(case=case)
        case.refresh_from_db()
        answer_release(case=case, rights=[right_of(case, "marketing_objection")], actor=actor)
    with time_machine.travel(on_day(2), tick=False):  # access is suspended
        question = case_suspend(
            case=case, rights=[right_of(case, "access")], reason="identity", why="A doubt.", body="Who?", actor=actor
        )
        assert question.mail_id is not None
        outbox.outbox_send(question.mail_id)
        notices_left()
    with time_machine.travel(on_day(7), tick=False):
        message_receive(case=case, body="It is me.")
    with time_machine.travel(on_day(9), tick=False):  # and extended
        extension = extension_submit(
            case_right=right_of(case, "access"), reason="volume", reasoning="Much.", actor=actor
        )
        extension_approve(extension=extension, actor=actor_for(reviewer, organisation))
        assert extension.mail_id is not None
        outbox.outbox_send(extension.mail_id)
        notices_left()
    with time_machine.travel(on_day(12), tick=False):  # a right is added on day 12
        case_right_add(case=case, right="rectification", detail="", received_at=on_day(12), actor=actor)

    pause = Pause("identity", on_day(2).date(), on_day(7).date(), is_voluminous=False)
    same(right_of(case, "access"), engine(0, (pause,), on_day(9).date()))
    same(right_of(case, "withdrawal"), engine(0))
    same(right_of(case, "erasure"), engine(0))
    same(right_of(case, "rectification"), engine(12))
    objection = right_of(case, "marketing_objection")
    assert objection.stage == Stage.ANSWERED
    same(objection, engine(0))

    dates = {right.right: right.due_on for right in CaseRight.objects.filter(case=case)}
    assert dates == {
        "withdrawal": date(2026, 4, 2),
        "marketing_objection": date(2026, 4, 2),
        "access": date(2026, 6, 8),  # 2 June and five days: Sunday 7 June, so Monday 8
        "erasure": date(2026, 4, 2),
        "rectification": date(2026, 4, 14),
    }
    assert (right_of(case, "withdrawal").target_on, objection.target_on) == (date(2026, 3, 4), date(2026, 3, 4))
    case.refresh_from_db()
    assert case.next_on == date(2026, 3, 4)  # the withdrawal, which nobody has done yet
