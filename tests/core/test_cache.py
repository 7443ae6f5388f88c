"""A cache that is away or hangs: pages work as if it held nothing, and wait for it once."""

import logging
import socket
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from dsar import settings as product
from dsar.core import cache as kept
from tests.factories import UserFactory

pytestmark = pytest.mark.loopback
PASSWORD = "several words that only I put together"


@pytest.fixture(autouse=True)
def fresh_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "outage", kept.Outage())


@pytest.fixture
def hanging(settings: Settings) -> Iterator[socket.socket]:
    """The cache of the product on a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        settings.CACHES = {
            "default": {
                **product.CACHES["default"],
                "LOCATION": f"redis://127.0.0.1:{server.getsockname()[1]}/0",
                "OPTIONS": {"socket_connect_timeout": 0.05, "socket_timeout": 0.05},
            }
        }
        yield server


@pytest.fixture
def away(settings: Settings) -> None:
    """The cache of the product where nobody listens."""
    settings.CACHES = {"default": {**product.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}


def calls(server: socket.socket) -> int:
    """How often the server was called and left the caller waiting."""
    count = 0
    while True:
        try:
            server.accept()[0].close()
        except BlockingIOError:
            return count
        count += 1


@pytest.mark.django_db
def test_staff_sign_in_without_the_cache(away: None, client: Client, caplog: pytest.LogCaptureFixture) -> None:
    user = UserFactory.create(email="noor@staff.example")
    user.set_password(PASSWORD)
    user.save()
    with caplog.at_level(logging.WARNING, logger=kept.__name__):
        wrong = client.post(reverse("account_login"), {"login": user.email, "password": "wrong"})
        response = client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
        client.post(reverse("account_reset_password"), {"email": user.email})
    assert wrong.status_code == 200
    assert response.headers["Location"] == settings.LOGIN_REDIRECT_URL
    assert len(mail.outbox) == 1
    assert [record.getMessage() for record in caplog.records] == [
        "The cache does not answer, nothing is counted meanwhile: ConnectionError"
    ]


@pytest.mark.django_db
def test_a_page_waits_once_for_a_cache_that_hangs(hanging: socket.socket, client: Client) -> None:
    client.post(reverse("account_login"), {"login": "nobody@staff.example", "password": PASSWORD})
    assert calls(hanging) == 1
    assert product.CACHES["default"]["OPTIONS"] == {"socket_connect_timeout": 1, "socket_timeout": 1}


def test_after_the_pause_the_cache_is_asked_again(hanging: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache.add("key", 1)
    assert cache.add("key", 1)
    assert calls(hanging) == 1
    monkeypatch.setattr(kept.outage, "until", 0.0)
    assert cache.get("key", "missed") == "missed"
    assert calls(hanging) == 1


def test_without_the_cache_it_takes_everything_and_holds_nothing(away: None) -> None:
    assert cache.add("key", 1)
    cache.set("key", 1)
    assert cache.get("key", "missed") == "missed"
    assert cache.get_or_set("key", "made") == "made"
    assert cache.get_many(["key"]) == {}
    assert "key" not in cache
    assert not cache.delete("key")
    with pytest.raises(ValueError, match="nothing is counted"):
        cache.incr("key")
