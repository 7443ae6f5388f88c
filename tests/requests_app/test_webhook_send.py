"""Webhooks on the wire: signed, at least once under one id, never redirected, and told when they fail for good."""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.utils import timezone
from kombu.exceptions import OperationalError

from dsar.core.models import Organisation
from dsar.core.roles import Role
from requests_app import tasks, webhook_post, webhooks
from requests_app.models import WebhookDelivery
from requests_app.services import case_right_start, webhook_add, webhook_rotate, webhook_test
from requests_app.services.webhooks import ShownSecret
from requests_app.vocabulary import OutgoingState, Stage, WebhookEvent
from requests_app.webhooks import BACK_OFF, CLAIM_EXPIRES, webhook_send, webhooks_sweep
from requests_app.workflow import case_right_move
from tests.factories import OrganisationFactory, a_case, actor_for, member, right_of

pytestmark = pytest.mark.django_db


class Receiver(ThreadingHTTPServer):
    """A program on this machine; answers as it is told."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.status = 204
        self.location = ""
        self.drips = False
        self.hangs_up = False
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/dsar?a=b"


class _Answering(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((dict(self.headers), body))
        if self.server.hangs_up:
            return
        if self.server.drips:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            while not self.server.over.wait(0.02):
                try:
                    self.wfile.write(b"X")
                except OSError:
                    return
            return
        self.send_response(self.server.status)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.DSAR_WEBHOOK_PRIVATE = True
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.over.set()
        server.shutdown()
        thread.join()


def added(organisation: Organisation, url: str = "https://hooks.example/") -> ShownSecret:
    administrator = member(organisation, Role.ADMINISTRATOR)
    events = ["case.opened", "right.moved", "right.answered"]
    return webhook_add(
        organisation=organisation, url=url, events=events, actor=actor_for(administrator, organisation)
    )


@pytest.fixture
def shown(organisation: Organisation, receiver: Receiver) -> ShownSecret:
    return added(organisation, receiver.url)


@pytest.fixture
def delivery(organisation: Organisation, shown: ShownSecret) -> WebhookDelivery:
    """That a case was opened, pending."""
    a_case(organisation)
    return WebhookDelivery.objects.get()


def fresh(delivery: WebhookDelivery) -> WebhookDelivery:
    delivery.refresh_from_db()
    return delivery


# ---- what is told ---------------------------------------------------------------------------------------------------


def test_each_event_is_written_once_with_its_fact(organisation: Organisation) -> None:
    added(organisation)
    case = a_case(organisation)
    handler = actor_for(member(organisation), organisation)
    case_right_start(case_right=right_of(case, "marketing_objection"), actor=handler)
    objection = right_of(case, "marketing_objection")
    case_right_move(case_right=objection, target=Stage.DECIDED, actor=handler, outcome="granted")
    case_right_move(case_right=objection, target=Stage.ANSWERED, actor=handler, answered_at=timezone.now())
    told = [json.loads(row.body) for row in WebhookDelivery.objects.order_by("pk")]
    assert [(one["event"], one.get("source"), one.get("target")) for one in told] == [
        ("case.opened", None, None),
        ("right.moved", "to_do", "in_progress"),
        ("right.moved", "in_progress", "decided"),
        ("right.moved", "decided", "answered"),
        ("right.answered", None, None),
    ]
    opened, *_moves, answered = told
    assert {one["reference"] for one in told} == {case.reference}
    assert {one["organisation"] for one in told} == {organisation.slug}
    assert opened["rights"] == [
        {"right": "access", "due_on": "2026-04-07", "prudent_due_on": "2026-04-05"},
        {"right": "marketing_objection", "due_on": "2026-04-07", "prudent_due_on": "2026-04-05"},
    ]
    assert (opened["channel"], opened["received_at"]) == ("form", "2026-03-05T17:42:00+00:00")
    assert (answered["right"], answered["outcome"]) == ("marketing_objection", "granted")
    assert len({one["id"] for one in told}) == 5


def test_nothing_personal_is_told(organisation: Organisation) -> None:
    added(organisation)
    case = a_case(organisation, text="I was a reader.", phone="01 99 00 12 34", country="BE")
    case_right_start(case_right=right_of(case, "access"), actor=actor_for(member(organisation), organisation))
    bodies = " ".join(WebhookDelivery.objects.values_list("body", flat=True))
    for word in ("Camille", "Est", "example.org", "reader", "01 99", "BE"):
        assert word not in bodies


def test_a_fact_that_is_undone_is_not_told(organisation: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    added(organisation)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("requests_app.services.intake.case_acknowledge", broken)
    with pytest.raises(RuntimeError):
        a_case(organisation)
    assert not WebhookDelivery.objects.exists()


def test_only_who_asked_is_told(organisation: Organisation) -> None:
    added(OrganisationFactory.create())
    administrator = actor_for(member(organisation, Role.ADMINISTRATOR), organisation)
    for event in ("case.opened", "right.moved"):
        webhook_add(organisation=organisation, url="https://hooks.example/", events=[event], actor=administrator)
    a_case(organisation)
    assert [row.endpoint.events for row in WebhookDelivery.objects.all()] == [["case.opened"]]


# ---- on the wire ----------------------------------------------------------------------------------------------------


@pytest.mark.loopback
def test_what_the_receiver_gets_and_how_it_checks_it(
    receiver: Receiver, shown: ShownSecret, delivery: WebhookDelivery
) -> None:
    tasks.webhook_send(delivery.pk)
    assert fresh(delivery).state == OutgoingState.SENT
    assert delivery.sent_at is not None
    [(headers, body)] = receiver.received
    instant, mac = (part.partition("=")[2] for part in headers["DSAR-Signature"].split(","))
    assert abs(int(instant) - time.time()) < 60
    assert hmac.new(shown.secret.encode(), f"{instant}.".encode() + body, hashlib.sha256).hexdigest() == mac
    assert headers["DSAR-Delivery"] == json.loads(body)["id"] == str(delivery.uuid)
    assert headers["DSAR-Event"] == json.loads(body)["event"] == "case.opened"
    assert headers["Content-Type"] == "application/json"
    assert headers["Host"] == f"127.0.0.1:{receiver.server_port}"
    tasks.webhook_send(delivery.pk)
    assert len(receiver.received) == 1


@pytest.mark.loopback
def test_after_a_new_secret_both_sign(
    organisation: Organisation, receiver: Receiver, shown: ShownSecret, delivery: WebhookDelivery
) -> None:
    administrator = actor_for(member(organisation, Role.ADMINISTRATOR), organisation)
    webhook_rotate(endpoint=shown.endpoint, actor=administrator)
    webhook_send(delivery.pk)
    signature = receiver.received[0][0]["DSAR-Signature"]
    assert signature.count(",v1=") == 2


@pytest.mark.loopback
def test_a_sender_that_died_is_repeated_under_the_same_id(
    receiver: Receiver, delivery: WebhookDelivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(webhooks, "_swap", die)  # it was taken, our commit never came
        with pytest.raises(KeyboardInterrupt):
            webhook_send(delivery.pk)
    assert fresh(delivery).state == OutgoingState.CLAIMED
    queued: list[int] = []

    def told(_name: str, pk: int) -> bool:
        queued.append(pk)
        return True

    monkeypatch.setattr(webhooks, "task_queue", told)
    assert webhooks_sweep() == 0  # the claim may still be alive
    later = timezone.now() + CLAIM_EXPIRES + timedelta(seconds=1)
    assert webhooks_sweep(later) == 1
    assert webhooks_sweep(later) == 0  # queued a moment ago: the workers get their time
    assert queued == [delivery.pk]
    webhook_send(delivery.pk)
    assert [body for _headers, body in receiver.received] == [delivery.body.encode()] * 2
    assert len({headers["DSAR-Delivery"] for headers, _body in receiver.received}) == 1
    assert fresh(delivery).state == OutgoingState.SENT


@pytest.mark.loopback
def test_a_claim_that_was_freed_writes_nothing_over_its_successor(
    receiver: Receiver, delivery: WebhookDelivery
) -> None:
    slow = webhooks._claim(delivery.pk)
    assert slow is not None
    webhooks_sweep(timezone.now() + CLAIM_EXPIRES + timedelta(seconds=1))
    webhook_send(delivery.pk)
    webhooks._not_taken(slow, "TimeoutError")
    assert fresh(delivery).state == OutgoingState.SENT


@pytest.mark.loopback
def test_it_waits_longer_each_time_and_fails_for_good_at_the_end(
    receiver: Receiver, delivery: WebhookDelivery
) -> None:
    receiver.status = 500
    for wait in BACK_OFF:
        before = timezone.now()
        webhook_send(delivery.pk)
        assert (fresh(delivery).state, delivery.error) == (OutgoingState.PENDING, "HTTP 500")
        assert delivery.retry_at is not None
        assert timedelta(0) <= delivery.retry_at - before - wait < timedelta(seconds=30)
    assert not WebhookDelivery.objects.due(timezone.now()).exists()
    webhook_send(delivery.pk)
    assert fresh(delivery).state == OutgoingState.FAILED
    webhook_send(delivery.pk)
    assert len(receiver.received) == len(BACK_OFF) + 1
    assert webhooks_sweep(timezone.now() + timedelta(days=9)) == 0


@pytest.mark.loopback
def test_no_redirection_is_followed(receiver: Receiver, delivery: WebhookDelivery) -> None:
    receiver.status, receiver.location = 302, receiver.url
    webhook_send(delivery.pk)
    assert fresh(delivery).error == "HTTP 302"
    assert len(receiver.received) == 1


@pytest.mark.loopback
def test_who_hangs_up_or_is_away_is_tried_again(receiver: Receiver, delivery: WebhookDelivery) -> None:
    receiver.hangs_up = True
    webhook_send(delivery.pk)
    assert (fresh(delivery).state, delivery.error) == (OutgoingState.PENDING, "RemoteDisconnected")
    receiver.server_close()
    receiver.shutdown()
    webhook_send(delivery.pk)
    assert (fresh(delivery).state, delivery.error) == (OutgoingState.PENDING, "ConnectionRefusedError")


@pytest.mark.loopback
def test_who_answers_a_byte_at_a_time_holds_no_worker(
    receiver: Receiver, delivery: WebhookDelivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.drips = True
    monkeypatch.setattr(webhook_post, "DEADLINE_SECONDS", 0.2)
    began = time.monotonic()
    webhook_send(delivery.pk)
    assert time.monotonic() - began < 5
    assert (fresh(delivery).state, delivery.error) == (OutgoingState.PENDING, "TimeoutError")


@pytest.mark.loopback
def test_who_never_answers_runs_into_the_time_limit(
    receiver: Receiver, delivery: WebhookDelivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.drips = True
    monkeypatch.setattr(webhook_post, "SECONDS", 0.01)
    webhook_send(delivery.pk)
    assert (fresh(delivery).state, delivery.error) == (OutgoingState.PENDING, "TimeoutError")


@pytest.mark.loopback
def test_an_address_that_became_private_is_not_called(
    organisation: Organisation, receiver: Receiver, delivery: WebhookDelivery, settings: Any
) -> None:
    settings.DSAR_WEBHOOK_PRIVATE = False
    webhook_send(delivery.pk)
    assert fresh(delivery).error == "webhook_url_private"
    assert receiver.received == []


@pytest.mark.loopback
def test_what_was_switched_off_meanwhile_is_not_sent(delivery: WebhookDelivery, receiver: Receiver) -> None:
    type(delivery.endpoint).objects.update(is_active=False)
    webhook_send(delivery.pk)
    assert fresh(delivery).state == OutgoingState.STOPPED
    assert receiver.received == []


@pytest.mark.loopback
def test_our_own_mistake_is_seen_and_loses_nothing(
    delivery: WebhookDelivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr(webhooks, "post", broken)
    with pytest.raises(KeyError):
        webhook_send(delivery.pk)
    assert (fresh(delivery).state, delivery.error) == (OutgoingState.PENDING, "KeyError")


def test_a_broker_that_is_away_breaks_no_request(
    organisation: Organisation, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("refused")

    added(organisation)
    monkeypatch.setattr("celery.app.base.Celery.send_task", away)
    with django_capture_on_commit_callbacks(execute=True):
        a_case(organisation)
    assert WebhookDelivery.objects.get().state == OutgoingState.PENDING
    assert webhooks_sweep() == 0


@pytest.mark.loopback
def test_a_test_tells_nothing(organisation: Organisation, receiver: Receiver, shown: ShownSecret) -> None:
    administrator = actor_for(member(organisation, Role.ADMINISTRATOR), organisation)
    sent = webhook_test(endpoint=shown.endpoint, actor=administrator)
    webhook_send(sent.pk)
    [(headers, body)] = receiver.received
    assert headers["DSAR-Event"] == WebhookEvent.TEST
    assert sorted(json.loads(body)) == ["at", "event", "id", "organisation"]
