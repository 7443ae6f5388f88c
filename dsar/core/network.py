"""Where a request comes from: one address of the network, whoever stands between it and us."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest


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
