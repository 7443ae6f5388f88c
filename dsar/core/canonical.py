"""The one form in which the journal is hashed: RFC 8785 canonical JSON, so that anybody can compute it again."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any
from uuid import UUID

import rfc8785

if TYPE_CHECKING:
    from dsar.core.models import AuditEvent

EXACT = 2**53 - 1  # above it two programs may read one JSON number differently (RFC 8785 §3.2.2.3)


def plain(value: Any) -> Any:
    """The value as JSON that both databases give back unchanged.

    Dates and instants (in UTC) become ISO 8601 texts, numbers that JSON cannot hold exactly become texts, what no
    database takes (NUL, lone surrogates) becomes U+FFFD: text from outside must never keep an event from being written.
    Raises TypeError for anything else, such as a translated sentence: the journal holds codes, ValueError for an
    instant without time zone.
    """
    match value:
        case Enum():
            return plain(value.value)
        case None | bool():
            return value
        case str():
            return str(value).encode("utf-8", "replace").decode().replace("\x00", "\ufffd")
        case int() | float():
            return value if abs(value) <= EXACT else str(value)
        case datetime():
            return instant(value)
        case date():
            return value.isoformat()
        case Decimal() | UUID():
            return str(value)
        case Mapping():
            return {plain(_key(key)): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
    raise TypeError(f"the journal cannot hold a {type(value).__name__}")


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError("keys in the journal are texts")
    return key


def instant(at: datetime) -> str:
    """ISO 8601 in UTC to the microsecond; raises ValueError without a time zone."""
    if at.tzinfo is None:
        raise ValueError("an instant in the journal has a time zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def event_hash(event: "AuditEvent", chain: str, seq: int | None = None) -> str:
    """64 hex digits over everything the event says, its place in the chain and the hash before it.

    `seq` asks for the hash at another place. Raises ValueError for content that is not canonical JSON.
    """
    body = {
        "chain": chain,
        "seq": event.seq if seq is None else seq,
        "kind": event.kind,
        "at": instant(event.at),
        "actor": event.actor_id,
        "actor_role": event.actor_role,
        "facts": event.facts,
        "digests": event.digests,
        "prev_hash": event.prev_hash,
    }
    return hashlib.sha256(rfc8785.dumps(body)).hexdigest()


def value_digest(salt: str, value: Any) -> str:
    """64 hex digits: HMAC-SHA256 of the canonical value. The salt is erased with it: afterwards nobody can guess it."""
    return hmac.new(salt.encode(), rfc8785.dumps(value), hashlib.sha256).hexdigest()
