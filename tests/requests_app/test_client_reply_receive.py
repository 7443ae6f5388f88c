"""The controller writes about a request passed on to it: filed in its case, and never taken for the person."""

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
import time_machine
from django.test import Client

from requests_app import outbox
from requests_app.models import Case, CaseTask, Forwarding, InboundMail, Message, Suspension
from requests_app.portal_case_views import messages_shown
from requests_app.services import case_close, case_suspend, forwarding_chase, forwarding_stop, message_receive
from requests_app.services.mail import MailFiled, mail_file, mail_file_on_case
from requests_app.services.suspensions import suspension_begin
from tests.factories import OrganisationFactory, a_case, actor_for, member, right_of
from tests.requests_app.test_case_forward import forwarded

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
PERSON = "camille.esteve@example.org"


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def case() -> Case:
    organisation = OrganisationFactory.create(slug="virelune", language="en")
    return a_case(organisation, rights=("access", "erasure"), language="en")


@pytest.fixture
def forwarding(case: Case) -> Forwarding:
    return forwarded(case)


def reply(
    case: Case, sender: str = "dpo@kiosque.example", *, to: str = "", subject: str = "Re: a request", **headers: str
) -> MailFiled:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = case.organisation.privacy_email
    message["Subject"] = subject
    message["Message-ID"] = "<theirs@kiosque.example>"
    if to:
        message["In-Reply-To"] = to
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content("We answered on Monday. Erasure and a copy were granted.")
    return mail_file(organisation=case.organisation, raw=message.as_bytes(), received_at=NOW + timedelta(hours=1))


def asked_by(forwarding: Forwarding) -> str:
    assert forwarding.mail is not None
    return forwarding.mail.message_id


def the_reply(case: Case) -> Message:
    found: Message = case.messages.get(direction="client")
    return found


def test_an_answer_to_our_mail_is_filed_and_waits_to_be_read(
    case: Case, forwarding: Forwarding, client: Client, clock: Any
) -> None:
    filed = reply(case, to=asked_by(forwarding))
    assert (filed.outcome, filed.reason, filed.reference) == ("filed", "client", case.reference)
    message = the_reply(case)
    assert (message.forwarding, message.author) == (forwarding, None)
    handler = member(case.organisation)
    client.force_login(handler)
    assert client.get(f"/desk/cases/{case.reference}/").context["page"].unread == 1
    page = client.get(f"/desk/cases/{case.reference}/forwardings/{forwarding.pk}/").content.decode()
    assert "What they wrote to us" in page
    assert "We answered on Monday." in page
    assert client.post(f"/desk/cases/{case.reference}/messages/read/").status_code == 302
    message.refresh_from_db()
    assert message.read_at is not None


def test_its_address_and_the_reference_in_the_subject_are_enough(case: Case, forwarding: Forwarding) -> None:
    assert reply(case, subject=f"Your request {case.reference}").reason == "client"


def test_a_colleague_there_who_answers_our_mail_or_our_reminder_is_known(
    case: Case, forwarding: Forwarding, clock: Any
) -> None:
    clock.shift(timedelta(days=1))
    chased = forwarding_chase(forwarding=forwarding, actor=actor_for(member(case.organisation), case.organisation))
    assert reply(case, "legal@kiosque.example", to=chased.message_id).reason == "client"


def test_a_stranger_who_only_knows_the_reference_waits_in_triage(case: Case, forwarding: Forwarding) -> None:
    assert reply(case, "x@elsewhere.example", subject=case.reference).reason == "sender_unknown"


def test_another_case_knows_nothing_of_that_controller(case: Case, forwarding: Forwarding) -> None:
    other = a_case(case.organisation, submission="d" * 32)
    assert reply(other, subject=other.reference).reason == "sender_unknown"


def test_it_is_never_what_the_person_said(case: Case, forwarding: Forwarding) -> None:
    handler = member(case.organisation)
    suspension = case_suspend(
        case=case, rights=[right_of(case, "erasure")], reason="clarify", why="Much.", body="Which?",
        actor=actor_for(handler, case.organisation),
    )  # fmt: skip
    suspension_begin(suspension=suspension, asked_at=NOW)
    shown = messages_shown(case).count()
    reply(case, to=asked_by(forwarding))
    assert Suspension.objects.open().get() == suspension
    assert not CaseTask.objects.filter(kind="message_after_answer").exists()
    assert messages_shown(case).count() == shown


def test_the_person_whom_the_controller_copied_still_writes_for_themselves(case: Case, forwarding: Forwarding) -> None:
    outbox.outbox_sweep()
    filed = reply(case, PERSON, to="<theirs-first@kiosque.example>", References=asked_by(forwarding))
    assert filed.reason == "thread"
    assert not case.messages.filter(direction="client").exists()
    assert CaseTask.objects.open().filter(kind="message_after_answer").exists()


def test_the_same_reply_by_two_ways_is_one(case: Case, forwarding: Forwarding) -> None:
    reply(case, to=asked_by(forwarding))
    again = reply(case, to=asked_by(forwarding), Received="from b by c; Tue, 10 Mar 2026 09:00:00 +0000")
    assert again.reason == "same_message"
    assert case.messages.filter(direction="client").count() == 1


def test_on_a_closed_case_somebody_looks_first(case: Case, forwarding: Forwarding) -> None:
    acting = actor_for(member(case.organisation), case.organisation)
    forwarding_stop(forwarding=forwarding, reason="Nothing heard.", actor=acting)
    forwarded(case, "erasure", client=forwarding.client)
    other = case.forwardings.exclude(pk=forwarding.pk).get()
    forwarding_stop(forwarding=other, reason="Nothing heard.", actor=acting)
    case_close(case=case, actor=acting)
    filed = reply(case, to=asked_by(forwarding))
    assert (filed.outcome, filed.reason) == ("triage", "client_closed")
    inbound = InboundMail.objects.get(pk=filed.inbound.pk)
    mail_file_on_case(inbound=inbound, case=case, actor=acting)
    message = the_reply(case)
    assert message.forwarding == forwarding
    assert message.read_at is not None
    assert not CaseTask.objects.open().exists()


def test_filed_by_hand_it_is_the_controller_s_too(case: Case, forwarding: Forwarding) -> None:
    filed = reply(case, subject="No reference at all")
    assert filed.outcome == "triage"
    mail_file_on_case(
        inbound=filed.inbound, case=case, actor=actor_for(member(case.organisation), case.organisation)
    )
    assert the_reply(case).forwarding == forwarding


def test_a_message_of_the_person_is_untouched_by_it(case: Case, forwarding: Forwarding) -> None:
    reply(case, to=asked_by(forwarding))
    message_receive(case=case, body="And me?")
    assert set(case.messages.unread().values_list("direction", flat=True)) == {"client", "inbound"}
