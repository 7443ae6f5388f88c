"""The outbox: at least once, always under the same Message-ID, and a refusal for good ends the attempts."""

import smtplib
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone
from kombu.exceptions import OperationalError

from dsar.core.models import AuditEvent
from requests_app import outbox
from requests_app.models import Outgoing
from requests_app.vocabulary import OutgoingState
from tests import factories

pytestmark = pytest.mark.django_db


class Server:
    """A mail server on the loopback address; answers DATA and RCPT as it is told."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.data_answer = "250 OK"
        self.rcpt_answer = "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.rcpt_answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt_answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        if self.data_answer.startswith("250"):
            assert isinstance(content, bytes)
            self.received.append(content)
        return self.data_answer


class Loopback(Controller):
    """On whatever port is free."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@pytest.fixture
def server(settings: Any) -> Iterator[Server]:
    handler = Server()
    controller = Loopback(handler, hostname="127.0.0.1", port=0)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = controller.port
    settings.EMAIL_TIMEOUT = 5
    yield handler
    controller.stop()


@pytest.fixture
def outgoing() -> Outgoing:
    """The acknowledgement of a new case, pending."""
    case = factories.a_case(language="fr", message_id="<question@mail.example>")
    return Outgoing.objects.get(case=case)


def events(outgoing: Outgoing) -> list[str]:
    assert outgoing.case is not None
    return list(
        AuditEvent.objects.filter(chain__key=outgoing.case.chain, kind__startswith="message.").values_list(
            "kind", flat=True
        )
    )


def state_of(outgoing: Outgoing) -> str:
    outgoing.refresh_from_db()
    return outgoing.state


def claim_made(outgoing: Outgoing, age: timedelta) -> None:
    """As if a worker had claimed the mail that long ago and died."""
    Outgoing.objects.filter(pk=outgoing.pk).update(
        state=OutgoingState.CLAIMED, claimed_at=timezone.now() - age, attempts=1
    )


@pytest.mark.loopback
def test_the_mail_on_the_wire(server: Server, outgoing: Outgoing) -> None:
    outbox.outbox_send(outgoing.pk)
    assert state_of(outgoing) == OutgoingState.SENT
    assert outgoing.sent_at is not None
    sent = message_from_bytes(server.received[0])
    assert sent["Message-ID"] == outgoing.message_id
    assert sent["Auto-Submitted"] == "auto-replied"
    assert sent["In-Reply-To"] == "<question@mail.example>"
    assert [part.get_content_type() for part in sent.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert events(outgoing) == ["message.sent"]


@pytest.mark.loopback
def test_what_is_sent_or_claimed_is_not_sent_again(server: Server, outgoing: Outgoing) -> None:
    outbox.outbox_send(outgoing.pk)
    outbox.outbox_send(outgoing.pk)
    claim_made(outgoing, timedelta(seconds=5))
    outbox.outbox_send(outgoing.pk)
    assert len(server.received) == 1


@pytest.mark.loopback
def test_a_sender_that_died_is_repeated_with_the_same_message_id(
    server: Server, outgoing: Outgoing, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(outbox, "_accepted", _die)  # the server said 250, our commit never came
        with pytest.raises(KeyboardInterrupt):
            outbox.outbox_send(outgoing.pk)
    assert state_of(outgoing) == OutgoingState.CLAIMED

    queued: list[int] = []

    def told(_name: str, pk: int) -> bool:
        queued.append(pk)
        return True

    monkeypatch.setattr(outbox, "task_queue", told)
    assert outbox.outbox_sweep() == 0  # the claim may still be alive
    claim_made(outgoing, outbox.CLAIM_EXPIRES + timedelta(seconds=1))
    assert outbox.outbox_sweep() == 1
    assert outbox.outbox_sweep() == 0  # queued a moment ago: the workers get their time
    assert queued == [outgoing.pk]

    outbox.outbox_send(outgoing.pk)
    assert [message_from_bytes(mail)["Message-ID"] for mail in server.received] == [outgoing.message_id] * 2
    assert len({message_from_bytes(mail)["Date"] for mail in server.received}) == 1
    assert events(outgoing) == ["message.perhaps_sent_twice", "message.sent"]


def _die(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.loopback
def test_a_passing_refusal_waits_longer_each_time(server: Server, outgoing: Outgoing) -> None:
    server.data_answer = "451 try later"
    for minutes in (1, 5, 15, 60, 60):
        before = timezone.now()
        outbox.outbox_send(outgoing.pk)
        assert state_of(outgoing) == OutgoingState.PENDING
        assert outgoing.retry_at is not None
        assert timedelta(0) <= outgoing.retry_at - before - timedelta(minutes=minutes) < timedelta(seconds=30)
        assert outgoing.error == "SMTPDataError 451"
    assert not outbox.outbox_due(timezone.now()).exists()
    server.data_answer = "250 OK"
    outbox.outbox_send(outgoing.pk)
    assert state_of(outgoing) == OutgoingState.SENT
    assert outgoing.error == ""


@pytest.mark.loopback
def test_a_refusal_for_good_ends_it_and_names_no_address(server: Server, outgoing: Outgoing) -> None:
    server.rcpt_answer = "550 no such user camille.esteve@example.org"
    outbox.outbox_send(outgoing.pk)
    assert state_of(outgoing) == OutgoingState.FAILED
    assert outgoing.error == "SMTPRecipientsRefused 550"
    assert events(outgoing) == ["message.failed"]
    outbox.outbox_send(outgoing.pk)
    assert state_of(outgoing) == OutgoingState.FAILED


def test_a_server_that_is_away_and_a_wrong_password_lose_nothing(
    outgoing: Outgoing, monkeypatch: pytest.MonkeyPatch
) -> None:
    for error in (ConnectionRefusedError(), smtplib.SMTPAuthenticationError(535, b"no"), TimeoutError()):
        monkeypatch.setattr(EmailMultiAlternatives, "send", _raising(error))
        outbox.outbox_send(outgoing.pk)
        assert state_of(outgoing) == OutgoingState.PENDING
    long_ago = timezone.now() - outbox.GIVE_UP_AFTER - timedelta(hours=1)
    Outgoing.objects.filter(pk=outgoing.pk).update(created_at=long_ago)
    outbox.outbox_send(outgoing.pk)
    assert state_of(outgoing) == OutgoingState.FAILED


def test_our_own_mistake_is_seen_and_loses_no_mail(outgoing: Outgoing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "mail_message", _raising(KeyError("x")))
    with pytest.raises(KeyError):
        outbox.outbox_send(outgoing.pk)
    assert state_of(outgoing) == OutgoingState.PENDING
    assert outgoing.retry_at is not None


def _raising(error: Exception) -> Any:
    def raising(*_: object, **__: object) -> None:
        raise error

    return raising


def test_a_broker_that_is_away_breaks_no_request(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr("celery.app.base.Celery.send_task", _raising(OperationalError("refused")))
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        case = factories.a_case()
    assert callbacks
    assert Outgoing.objects.get(case=case).state == OutgoingState.PENDING
    assert outbox.outbox_sweep() == 0


def test_the_folder_holds_whole_mails(outgoing: Outgoing, settings: Any, tmp_path: Path) -> None:
    settings.EMAIL_BACKEND = "requests_app.mail_folder.EmailBackend"
    settings.MAIL_DIR = tmp_path / "mail"
    outbox.outbox_send(outgoing.pk)
    [path] = settings.MAIL_DIR.iterdir()
    assert path.suffix == ".eml"
    assert message_from_bytes(path.read_bytes())["Message-ID"] == outgoing.message_id
