"""Where a request comes from: the proxy is believed for its own part only, and IPv6 counts by network."""

from typing import Any

import pytest
from django.test import RequestFactory

from dsar.core.network import network_address


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
