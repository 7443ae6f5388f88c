"""Webhooks at the desk: where they may lead, their secret, and what an administrator sees of them."""

import re
import socket
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from dsar.core.errors import DomainError, NotAllowed
from dsar.core.models import AuditEvent, Organisation, User
from dsar.core.roles import Role
from requests_app import webhook_post
from requests_app.models import WebhookDelivery, WebhookEndpoint
from requests_app.services import webhook_add, webhook_disable, webhook_enable, webhook_rotate, webhook_test
from requests_app.vocabulary import OutgoingState
from requests_app.webhooks import secrets_of
from tests.factories import a_case, actor_for, member

pytestmark = pytest.mark.django_db

EVENTS = ["case.opened", "right.answered"]


@pytest.fixture
def administrator(organisation: Organisation) -> User:
    return member(organisation, Role.ADMINISTRATOR)


def added(organisation: Organisation, administrator: User, url: str = "https://hooks.example/dsar?a=b") -> Any:
    return webhook_add(
        organisation=organisation, url=url, events=EVENTS, actor=actor_for(administrator, organisation)
    )


def test_the_secret_is_kept_sealed(organisation: Organisation, administrator: User) -> None:
    shown = added(organisation, administrator)
    assert re.fullmatch(r"whsec_[0-9a-f]{64}", shown.secret)
    stored = WebhookEndpoint.objects.get()
    assert shown.secret.encode() not in bytes(stored.secret)
    assert secrets_of(stored, timezone.now()) == [shown.secret]
    event = AuditEvent.objects.get(kind="webhook.added")
    assert event.facts == {"webhook": stored.pk, "host": "hooks.example", "events": EVENTS}


def test_a_new_secret_signs_beside_the_former_one_for_a_day(organisation: Organisation, administrator: User) -> None:
    first = added(organisation, administrator)
    second = webhook_rotate(endpoint=first.endpoint, actor=actor_for(administrator, organisation))
    stored, now = WebhookEndpoint.objects.get(), timezone.now()
    assert secrets_of(stored, now) == [second.secret, first.secret]
    assert secrets_of(stored, now + timedelta(hours=25)) == [second.secret]


WHOLE = ["https://hooks.example", "https://hooks.example:8443/a?b=c", "https://bücher.example/", "https://8.8.8.8/x",
         "https://[2606:4700::1111]/"]  # fmt: skip
WRONG = {
    "webhook_url_wrong": [
        "", "hooks.example", "ftp://hooks.example/", "https://", "https:///x", "https://user:word@hooks.example/",
        "https://hooks.example/#x", "https://hooks.example:x/", "https://hooks.example:0/", "https://a b.example/",
        "https://hooks.example/\r\nX: y", "https://" + "a" * 64 + ".example/", "javascript:alert(1)", "https://[::1",
    ],
    "webhook_url_open": ["http://hooks.example/", "http://8.8.8.8/"],
    "webhook_url_private": [
        "https://localhost/", "http://localhost:8000/", "https://a.localhost/", "https://127.0.0.1/", "https://10.0.0.1/",
        "https://192.168.1.1/", "https://172.16.0.1/", "https://169.254.169.254/latest", "https://[::1]/",
        "https://[fd00::1]/", "https://[fe80::1]/", "https://[::ffff:10.0.0.1]/", "https://[64:ff9b::a00:1]/",
        "https://[2002:a00:1::]/", "https://0.0.0.0/", "https://224.0.0.1/", "https://100.64.0.1/",
        "https://192.0.0.8/", "https://[::a00:1]/", "https://[::7f00:1]/", "https://[fec0::1]/",
        "https://[64:ff9b:1::a00:1]/", "https://[::ffff:0:a00:1]/", "https://[3fff::1]/", "https://[5f00::1]/",
    ],
}  # fmt: skip


@pytest.mark.parametrize("url", WHOLE)
def test_where_a_webhook_may_lead(organisation: Organisation, administrator: User, url: str) -> None:
    assert added(organisation, administrator, url).endpoint.url == url


@pytest.mark.parametrize(("code", "url"), [(code, url) for code, urls in WRONG.items() for url in urls])
def test_where_no_webhook_may_lead(organisation: Organisation, administrator: User, code: str, url: str) -> None:
    with pytest.raises(DomainError) as raised:
        added(organisation, administrator, url)
    assert raised.value.code == code
    assert not WebhookEndpoint.objects.exists()


def test_a_private_network_can_be_allowed(organisation: Organisation, administrator: User, settings: Any) -> None:
    settings.DSAR_WEBHOOK_PRIVATE = True
    for url in ("https://10.0.0.1/", "http://localhost:8000/"):
        added(organisation, administrator, url)
    with pytest.raises(DomainError, match="https"):
        added(organisation, administrator, "http://10.0.0.1/")


def test_a_name_that_leads_into_a_private_network_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    def looked_up(*_: object, **__: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 443)) for ip in ("93.184.216.34", "10.0.0.1")]

    def connected(*_: object) -> None:
        raise AssertionError("it was called")

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    monkeypatch.setattr(socket, "create_connection", connected)
    with pytest.raises(DomainError) as raised:
        webhook_post.post("https://rebinding.example/", body=b"{}", headers={})
    assert raised.value.code == "webhook_url_private"


def test_it_goes_to_the_address_that_was_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["93.184.216.34", "10.0.0.1"])
    called = []

    def looked_up(*_: object, **__: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), 443))]

    def connected(address: tuple[str, int], *_: object) -> None:
        called.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    monkeypatch.setattr(socket, "create_connection", connected)
    with pytest.raises(ConnectionRefusedError):
        webhook_post.post("https://rebinding.example/", body=b"{}", headers={})
    assert called == [("93.184.216.34", 443)]


def test_only_administrators_and_only_with_an_event(organisation: Organisation, administrator: User) -> None:
    with pytest.raises(NotAllowed):
        added(organisation, member(organisation, Role.DPO))
    for events in ([], ["webhook.test"], ["nonsense"]):
        with pytest.raises(DomainError, match="at least one"):
            webhook_add(
                organisation=organisation,
                url=WHOLE[0],
                events=events,
                actor=actor_for(administrator, organisation),
            )


def test_switched_off_it_is_told_nothing(organisation: Organisation, administrator: User) -> None:
    actor = actor_for(administrator, organisation)
    endpoint = added(organisation, administrator).endpoint
    a_case(organisation)
    webhook_disable(endpoint=endpoint, actor=actor)
    webhook_disable(endpoint=endpoint, actor=actor)
    assert WebhookDelivery.objects.get().state == OutgoingState.STOPPED
    a_case(organisation, submission="second")
    assert WebhookDelivery.objects.count() == 1
    endpoint.refresh_from_db()
    with pytest.raises(DomainError, match="switch it on"):
        webhook_test(endpoint=endpoint, actor=actor)
    webhook_enable(endpoint=endpoint, actor=actor)
    a_case(organisation, submission="third")
    assert WebhookDelivery.objects.count() == 2
    kinds = AuditEvent.objects.filter(kind__startswith="webhook.").order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["webhook.added", "webhook.disabled", "webhook.enabled"]


def test_the_page(client: Client, organisation: Organisation, administrator: User) -> None:
    client.force_login(administrator)
    assert "No program is told" in client.get(reverse("desk-webhooks")).content.decode()
    made = client.post(reverse("webhook-add"), {"url": WHOLE[1], "events": EVENTS}).content.decode()
    endpoint = WebhookEndpoint.objects.get()
    [secret] = re.findall(r"whsec_\w{64}", made)
    assert secrets_of(endpoint, timezone.now()) == [secret]
    assert secret not in client.get(reverse("desk-webhooks")).content.decode()
    assert client.post(reverse("webhook-test", args=[endpoint.pk])).status_code == 302
    WebhookDelivery.objects.update(state=OutgoingState.FAILED, error="HTTP 500", attempts=9)
    page = client.get(reverse("desk-webhooks")).content.decode()
    assert "HTTP 500" in page and "1 delivery failed for good" in page
    client.post(reverse("webhook-retry", args=[endpoint.pk]))
    assert WebhookDelivery.objects.get().state == OutgoingState.PENDING
    renewed = client.post(reverse("webhook-rotate", args=[endpoint.pk])).content.decode()
    assert re.findall(r"whsec_\w{64}", renewed) != [secret]
    client.post(reverse("webhook-disable", args=[endpoint.pk]))
    assert "switched off" in client.get(reverse("desk-webhooks")).content.decode()
    client.post(reverse("webhook-enable", args=[endpoint.pk]))
    assert WebhookEndpoint.objects.get().is_active


def test_the_page_says_what_is_wrong_and_keeps_what_was_typed(client: Client, administrator: User) -> None:
    client.force_login(administrator)
    refused = client.post(reverse("webhook-add"), {"url": "https://10.0.0.1/x", "events": EVENTS})
    page = refused.content.decode()
    assert refused.status_code == 422
    assert "private network" in page and "https://10.0.0.1/x" in page
    assert client.post(reverse("webhook-add"), {"url": WHOLE[0]}).status_code == 422


def test_the_page_names_no_case(client: Client, organisation: Organisation, administrator: User) -> None:
    added(organisation, administrator)
    case = a_case(organisation)
    client.force_login(administrator)
    assert case.reference not in client.get(reverse("desk-webhooks")).content.decode()


def test_the_queries_of_the_page_do_not_grow(
    client: Client, organisation: Organisation, administrator: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(administrator)
    for number in range(3):
        added(organisation, administrator, f"https://hooks.example/{number}")
    for number in range(4):
        a_case(organisation, submission=str(number))
    with django_assert_num_queries(6):
        client.get(reverse("desk-webhooks"))
