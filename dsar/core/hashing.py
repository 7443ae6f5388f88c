"""Everything that is derived from the installation's master key, so that no other module handles it.

`settings.MASTER_KEY` is any text. Each purpose gets its own 256-bit key from it (HKDF-SHA256, RFC 5869), so a hash made
for one purpose says nothing about another. For a rotation the old texts stay in `settings.MASTER_KEYS_PREVIOUS` (newest
first): what was wrapped or hashed under them remains readable, and everything new uses the current one.
"""

import hashlib
import hmac
from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


@lru_cache(maxsize=256)
def _derived(master: str, info: str) -> bytes:
    """32 bytes from the master key for one use; derived once per process."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"dsar {info}".encode()).derive(master.encode())


def _masters() -> list[str]:
    """The current master key, then the previous ones."""
    return [settings.MASTER_KEY, *getattr(settings, "MASTER_KEYS_PREVIOUS", [])]


def _bytes(value: str | bytes) -> bytes:
    # Text from a broken e-mail may hold lone surrogates: it must still be hashed, not refused.
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value


def _hmac(master: str, info: str, value: str | bytes) -> bytes:
    return hmac.digest(_derived(master, info), _bytes(value), hashlib.sha256)


def master_key_id(master: str | None = None) -> str:
    """16 hex digits that tell master keys apart and reveal nothing of them; by default those of the current key."""
    return _derived(settings.MASTER_KEY if master is None else master, "key id")[:8].hex()


def wrapping_key(key_id: str) -> bytes:
    """The 256-bit key that wraps encryption keys, of the master key with that id.

    Raises KeyError when neither the current nor a previous master key has the id.
    """
    for master in _masters():
        if master_key_id(master) == key_id:
            return _derived(master, "wrap")
    raise KeyError(key_id)


def keyed_hash(purpose: str, value: str | bytes) -> str:
    """64 hex digits: HMAC-SHA256 of the value under the purpose's key: the database alone gives no value away."""
    return _hmac(settings.MASTER_KEY, f"hash {purpose}", value).hex()


def keyed_hashes(purpose: str, value: str | bytes) -> list[str]:
    """The hash under the current and every previous master key: what to look a stored hash up by, after a rotation."""
    return [_hmac(master, f"hash {purpose}", value).hex() for master in _masters()]


def keyed_hash_matches(purpose: str, value: str | bytes, stored: str) -> bool:
    """Whether `stored` is the value's hash under any of our master keys; a near miss takes as long as a far one."""
    wanted = _bytes(stored)
    return any(hmac.compare_digest(found.encode(), wanted) for found in keyed_hashes(purpose, value))


def token_derive(purpose: str, value: str | bytes, bits: int) -> bytes:
    """A secret of `bits` (a multiple of 8, at most 256) that is always the same for the same purpose and value.

    For secrets that must be shown again without being stored, such as a tracking key. Raises ValueError for another
    size.
    """
    if bits <= 0 or bits % 8 or bits > 256:
        raise ValueError("bits must be a multiple of 8, from 8 to 256")
    return _hmac(settings.MASTER_KEY, f"token {purpose}", value)[: bits // 8]
