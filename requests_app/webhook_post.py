"""One POST to an address that an administrator typed: never into a private network, never redirected, never for long.

The name is looked up once, every address it has is judged, and the connection goes to the address that was judged: a
name server that answers differently the second time leads nowhere (server-side request forgery, DNS rebinding).
"""

import socket
import ssl
from contextlib import suppress
from http.client import HTTPConnection
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from threading import Timer
from urllib.parse import SplitResult, quote, urlsplit

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from dsar.core.errors import DomainError

SECONDS = 10  # for each step: connecting, sending, the first line of the answer
DEADLINE_SECONDS = 20  # for all of them: who answers a byte at a time holds no worker
_AS_TYPED = "/%?&=:;,@!$'()*+~[]"  # of an address: only what cannot stand in a request line is escaped
NAT64 = ip_network("64:ff9b::/96")
GLOBAL_UNICAST = ip_network("2000::/3")  # of IPv6, all that is handed out: every other range is local in some way
# Not for the open internet either, whatever the version of Python says of them (RFC 6890, RFC 9637).
NOT_GLOBAL = (ip_network("192.0.0.0/24"), ip_network("3fff::/20"))


def url_check(url: str) -> SplitResult:
    """The address in its parts. Raises DomainError `webhook_url_wrong`, `webhook_url_open` or `webhook_url_private`."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode()
        is_whole = bool(host) and parts.port != 0 and url.isprintable() and " " not in url
    except ValueError:  # a port that is no number, a host that is no name; UnicodeError is one of them
        is_whole = False
    if not is_whole or parts.scheme not in ("https", "http") or parts.username or parts.fragment:
        raise DomainError(
            "webhook_url_wrong", _("Write a whole address, such as https://example.org/dsar, without a password in it.")
        )
    if parts.scheme == "http" and not _is_loopback(host):
        raise DomainError("webhook_url_open", _("Use https: what we send must not be read or changed on its way."))
    if _is_loopback(host) or (_literal(host) and not _is_public(host)):
        private_check(host)
    return parts


def private_check(host: str) -> None:
    """Raises DomainError `webhook_url_private` unless this installation may call its own network."""
    if not settings.DSAR_WEBHOOK_PRIVATE:
        raise DomainError(
            "webhook_url_private",
            _(
                "This address lies in a private network. Whoever runs this installation can allow it with "
                "DSAR_WEBHOOK_PRIVATE=1."
            ),
        )


def post(url: str, *, body: bytes, headers: dict[str, str]) -> int:
    """The status of the answer, whose content is not read; 20 seconds at most.

    Raises DomainError like `url_check`, OSError or HTTPException.
    """
    parts = url_check(url)
    host = (parts.hostname or "").encode("idna").decode()
    port = parts.port or (443 if parts.scheme == "https" else 80)
    context = ssl.create_default_context() if parts.scheme == "https" else None
    connection = _Pinned(host, port, address=_address(host, port), context=context)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    deadline = Timer(DEADLINE_SECONDS, connection.cut)
    deadline.daemon = True
    deadline.start()
    try:
        connection.request("POST", quote(path, safe=_AS_TYPED), body=body, headers=headers)
        status = connection.getresponse().status
        if connection.is_cut:
            raise TimeoutError  # what was read until then is half an answer
        return status
    finally:
        deadline.cancel()
        connection.close()


class _Pinned(HTTPConnection):
    """A connection to one address, whatever its name says meanwhile; TLS still checks the name."""

    def __init__(self, host: str, port: int, *, address: str, context: ssl.SSLContext | None) -> None:
        super().__init__(host, port, timeout=SECONDS)
        self.default_port = 443 if context else 80
        self.is_cut = False
        self._pinned_to = address
        self._tls = context

    def connect(self) -> None:
        self.sock = socket.create_connection((self._pinned_to, self.port), SECONDS)
        if self._tls:
            self.sock = tls = self._tls.wrap_socket(
                self.sock, server_hostname=self.host, do_handshake_on_connect=False
            )
            tls.do_handshake()

    def cut(self) -> None:
        """End it from another thread, which then reads the end of the connection."""
        self.is_cut = True
        with suppress(OSError, AttributeError):  # not connected yet, or no more
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)


def _address(host: str, port: int) -> str:
    """The first address of the name, once every one of them may be called."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(sockaddr[0]) for _family, _kind, _protocol, _name, sockaddr in found]
    if not all(map(_is_public, addresses)):
        private_check(host)
    return addresses[0]


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    address = _literal(host)
    return address.is_loopback if address else host == "localhost" or host.endswith(".localhost")


def _is_public(text: str) -> bool:
    """Whether an address is one of the open internet, also when it wraps an IPv4 address."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner:
            return _is_public(str(inner))
        if address not in GLOBAL_UNICAST:
            return False
    return address.is_global and not address.is_multicast and not any(address in network for network in NOT_GLOBAL)
