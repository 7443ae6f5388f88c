"""Where a call comes from, and counting what comes from there, across processes, through the cache."""

import time
from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from dsar.core.hashing import keyed_hash

HOME_BITS = 64  # of an IPv6 address: one household or one server gets a whole /64


def caller_network(request: HttpRequest) -> str:
    """The address of the caller, for IPv6 its /64; behind a proxy the one that the proxy was called from.

    Only the last entry of X-Forwarded-For counts, which our own proxy appended: the others can be made up.
    """
    where: str = request.META.get("REMOTE_ADDR", "")
    if settings.SECURE_PROXY_SSL_HEADER:
        where = request.headers.get("X-Forwarded-For", where).rpartition(",")[2].strip()
    try:
        address = ip_address(where)
    except ValueError:  # a unix socket has none
        return where
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    return str(ip_network((address, HOME_BITS), strict=False)) if isinstance(address, IPv6Address) else str(address)


def calls_counted(subject: str, seconds: int) -> tuple[int, int]:
    """Count one call of the subject in the present span of so many seconds: how many it made, and the seconds left.

    The subject is hashed, so that the cache holds no address. While the cache is away every call is the first one.
    """
    now = int(time.time())
    span, passed = divmod(now, seconds)
    name = f"calls:{keyed_hash('calls', f'{subject}:{seconds}:{span}')}"
    try:
        cache.add(name, 0, seconds)
        return cache.incr(name), seconds - passed
    except ValueError:  # the cache is away
        return 1, seconds - passed
