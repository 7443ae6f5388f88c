"""Where a request comes from: the proxy is believed for its own part only, and IPv6 counts by network."""

from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import RequestFactory

from dsar.core.network import calls_counted, network_address, network_count


def request(where: str, forwarded: str = "") -> Any:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    return RequestFactory().get("/", REMOTE_ADDR=where, headers=headers)


@pytest.mark.parametrize(
    ("where", "address"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("", ""),
        ("a unix socket", "a unix socket"),
    ],
)
def test_the_address_of_the_caller(where: str, address: str) -> None:
    assert network_address(request(where)) == address


def test_a_header_that_anybody_may_write_counts_behind_a_proxy_only(settings: Any) -> None:
    asked = request("10.0.0.1", "6.6.6.6, 203.0.113.9")
    assert network_address(asked) == "10.0.0.1"
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert network_address(asked) == "203.0.113.9"


def test_what_is_counted_is_counted_by_place_and_by_kind() -> None:
    here, there = request("203.0.113.9"), request("203.0.113.10")
    assert [network_count(here, "form", seconds=60) for _time in range(3)] == [1, 2, 3]
    assert network_count(there, "form", seconds=60) == 1
    assert network_count(here, "files", seconds=60, by=5) == 5


def test_the_cache_holds_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []
    add = cache.add

    def noted(name: str, *rest: Any, **options: Any) -> Any:
        names.append(name)
        return add(name, *rest, **options)

    monkeypatch.setattr(cache, "add", noted)
    network_count(request("203.0.113.9"), "form", seconds=60)
    assert names and "203.0.113" not in names[0]


def test_calls_are_counted_by_subject_and_span() -> None:
    with time_machine.travel(600 * 1_000_000 + 590, tick=False) as clock:
        assert [calls_counted("a", 600) for _call in range(3)] == [(1, 10), (2, 10), (3, 10)]
        assert calls_counted("b", 600) == (1, 10)
        assert calls_counted("a", 60)[0] == 1
        clock.shift(10)
        assert calls_counted("a", 600) == (1, 600)


def test_without_the_cache_nobody_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> int:
        raise ValueError

    monkeypatch.setattr(cache, "incr", away)
    assert calls_counted("a", 600)[0] == 1
