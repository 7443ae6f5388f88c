"""Where a request comes from, and how often: counted across processes through the cache, kept for minutes only."""

import ipaddress
import time

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from dsar.core.hashing import keyed_hash


def network_address(request: HttpRequest) -> str:
    """The address that a request comes from: of the caller, or behind a proxy the one that the proxy was called from.

    Of an IPv6 address only the network (/64), which is what one household or one company is given.
    """
    where: str = request.META.get("REMOTE_ADDR", "")
    if settings.SECURE_PROXY_SSL_HEADER:  # behind a proxy, which appends the address it was called from
        where = request.headers.get("X-Forwarded-For", where).rpartition(",")[2].strip()
    try:
        address = ipaddress.ip_address(where)
    except ValueError:
        return where
    if address.version == 4:
        return str(address)
    return str(address.ipv4_mapped or ipaddress.ip_network((address, 64), strict=False))


def network_count(request: HttpRequest, what: str, *, seconds: int, by: int = 1) -> int:
    """Count `by` more of `what` from the request's address and return how many there were in the last `seconds`.

    The cache holds a keyed hash and never the address. While it is away nothing is counted: 0, so that nobody is shut
    out.
    """
    name = f"{what}:" + keyed_hash("network", f"{what}:{network_address(request)}")
    try:
        cache.add(name, 0, seconds)
        return int(cache.incr(name, by))
    except ValueError:  # it expired between the two, or the cache is away
        return 0


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
