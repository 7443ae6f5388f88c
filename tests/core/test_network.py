"""Where a call comes from: only our own proxy is believed, and one household is one source."""

from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import RequestFactory

from dsar.core.network import caller_network, calls_counted

PROXY = ("HTTP_X_FORWARDED_PROTO", "https")


def called(address: str, **headers: str) -> str:
    return caller_network(RequestFactory().get("/", REMOTE_ADDR=address, headers=headers))


def test_the_header_of_a_proxy_counts_only_behind_one(settings: Any) -> None:
    forged = {"x-forwarded-for": "192.0.2.9, 198.51.100.7"}
    assert called("203.0.113.1", **forged) == "203.0.113.1"
    settings.SECURE_PROXY_SSL_HEADER = PROXY
    assert called("203.0.113.1", **forged) == "198.51.100.7"  # what our proxy appended, not what the caller wrote
    assert called("203.0.113.1") == "203.0.113.1"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_a_household_is_one_source(address: str, network: str) -> None:
    assert called(address) == network


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
