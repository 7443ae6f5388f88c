"""The person writes at the moment at which a worker notes that our question left: both happen, on PostgreSQL too."""

from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest

from requests_app import outbox
from requests_app.models import Case, Suspension
from requests_app.services import case_suspend, message_receive, messages, notices_left, suspensions
from requests_app.vocabulary import Stage, SuspensionEnd
from requests_app.workflow import case_right_move
from tests.databases import at_once
from tests.factories import OrganisationFactory, a_case, actor_for, member, right_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]

MEETING = 0.5  # seconds for which the worker, its question noted, lets the person come as far as they can


def test_a_message_and_the_departure_of_its_question_never_throw_each_other_out(
    postgres_beside: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    organisation = OrganisationFactory.create()
    case = a_case(organisation, rights=("access",), received_at=datetime.now(UTC) - timedelta(days=5))
    question = case_suspend(
        case=case, rights=[right_of(case, "access")], reason="identity", why="Two people share it.", body="Who?",
        actor=actor_for(member(organisation), organisation),
    )  # fmt: skip
    outbox.outbox_send(question.mail_id or 0)
    is_noted, is_written = Event(), Event()
    answer = suspensions.suspensions_answer

    def noted(**arguments: Any) -> None:
        if arguments["target"] == Stage.AWAITING_PERSON:
            is_noted.set()
            is_written.wait(MEETING)
        case_right_move(**arguments)

    def written(**arguments: Any) -> None:
        is_written.set()
        answer(**arguments)

    monkeypatch.setattr(suspensions, "case_right_move", noted)
    monkeypatch.setattr(messages, "suspensions_answer", written)

    def act(number: int) -> None:
        if number == 0:
            notices_left()
        elif is_noted.wait(20):
            message_receive(case=Case.objects.get(pk=case.pk), body="It is me.")

    at_once(2, act, postgres_beside)

    assert "It is me." in [message.body for message in case.messages.all()]
    assert Suspension.objects.get(pk=question.pk).end == SuspensionEnd.ANSWERED
    assert right_of(case, "access").stage == Stage.IN_PROGRESS
