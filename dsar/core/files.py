"""Files at rest: the only module that encrypts and decrypts what is kept in Django storage.

Three layers (DESIGN §7): a random 256-bit key per file encrypts the content; it is wrapped by an `EncryptionKey` (of a
case, or of an organisation's intake); that one is wrapped under the installation's master key. Filing a mail on a case
re-wraps 32 bytes and leaves the content alone; destroying a case's key makes all its files unreadable, except in
backups that still hold the key (GDPR art. 5(1)(e)).

The content is a header and AES-256-GCM chunks of 64 KiB clear text. The nonce of a chunk is its number and whether it
is the last one, so that a chunk changed, moved, left out or added is noticed. Memory: a few chunks, whatever the size.
"""

import hashlib
import io
import secrets
from collections.abc import Iterable, Iterator
from typing import IO, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dsar.core.errors import DomainError
from dsar.core.hashing import master_key_id, wrapping_key
from dsar.core.models import EncryptionKey, Organisation, StoredFile

HEADER = b"DSARFL1\n"  # the last digit is the version of the format
CHUNK = 64 * 1024  # bytes of clear text
TAG = 16
NONCE = 12


# ---- keys -----------------------------------------------------------------------------------------------------------


def key_create(*, organisation: Organisation, purpose: str) -> EncryptionKey:
    """A fresh key of the organisation, for a case or for its intake (`EncryptionKey.Purpose`)."""
    key = EncryptionKey(organisation=organisation, purpose=EncryptionKey.Purpose(purpose))
    _key_wrap(key, secrets.token_bytes(32))
    key.save()
    return key


def key_destroy(key: EncryptionKey) -> None:
    """Make every file under the key unreadable for good; doing it twice keeps the first date.

    Copies of the key in older backups still open them: who promises erasure says until when.
    """
    now = timezone.now()
    EncryptionKey.objects.filter(pk=key.pk, destroyed_at=None).update(wrapped=None, destroyed_at=now)
    key.refresh_from_db(fields=["wrapped", "destroyed_at"])


def keys_rotate() -> int:
    """Wrap every key of a previous master key under the current one; returns how many. Safe to run twice.

    Afterwards `MASTER_KEYS_PREVIOUS` is no longer needed for files. Raises DomainError "key_unreadable".
    """
    stale = EncryptionKey.objects.filter(destroyed_at=None).exclude(master_key_id=master_key_id())
    count = 0
    for key in stale.iterator(chunk_size=500):
        before = key.master_key_id
        _key_wrap(key, _key_unwrap(key))
        # A key destroyed meanwhile stays destroyed.
        count += EncryptionKey.objects.filter(pk=key.pk, destroyed_at=None, master_key_id=before).update(
            wrapped=key.wrapped, master_key_id=key.master_key_id
        )
    return count


def secret_seal(*, key: EncryptionKey, secret: bytes, label: str) -> bytes:
    """A short secret sealed under a key; only the same label opens it. Raises DomainError like `file_store`."""
    return _seal(_key_unwrap(key), secret, f"dsar secret {key.pk} {label}".encode())


def secret_open(*, key: EncryptionKey, sealed: bytes | memoryview, label: str) -> bytes:
    """The secret again. Raises DomainError "key_destroyed", "key_unreadable", or "file_damaged" for anything else."""
    try:
        return _unseal(_key_unwrap(key), sealed, f"dsar secret {key.pk} {label}".encode())
    except InvalidTag as error:
        raise _damaged() from error


def _key_label(key: EncryptionKey) -> bytes:
    return f"dsar key {key.organisation_id} {key.purpose}".encode()


def _key_wrap(key: EncryptionKey, secret: bytes) -> None:
    key.master_key_id = master_key_id()
    key.wrapped = _seal(wrapping_key(key.master_key_id), secret, _key_label(key))


def _key_unwrap(key: EncryptionKey) -> bytes:
    if key.destroyed_at is not None or not key.wrapped:
        raise DomainError("key_destroyed", _("This content was erased: its key has been destroyed."))
    try:
        return _unseal(wrapping_key(key.master_key_id), key.wrapped, _key_label(key))
    except (KeyError, InvalidTag) as error:
        raise DomainError(
            "key_unreadable",
            _("This content cannot be read with the present DSAR_MASTER_KEY. Ask an administrator to check it."),
        ) from error


def _seal(key: bytes, secret: bytes, label: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, secret, label)


def _unseal(key: bytes, sealed: bytes | memoryview, label: bytes) -> bytes:
    """Raises InvalidTag for whatever is not exactly what `_seal` made."""
    sealed = bytes(sealed)
    if len(sealed) < NONCE + TAG:
        raise InvalidTag
    return AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], label)


# ---- files ----------------------------------------------------------------------------------------------------------


def file_store(*, key: EncryptionKey, name: str, content_type: str, content: bytes | Iterable[bytes]) -> StoredFile:
    """Encrypt and keep `content`; an iterable is read once, in constant memory.

    The content is written before its row: if the transaction fails, what stays in storage is noise without a key.
    Raises DomainError "key_destroyed" or "key_unreadable" before anything is written.
    """
    wrapping = _key_unwrap(key)
    file_key = secrets.token_bytes(32)
    sealing = _Sealing(file_key, (content,) if isinstance(content, bytes) else content)
    token = secrets.token_hex(16)
    path = default_storage.save(f"{token[:2]}/{token}", File(cast("IO[bytes]", sealing), name=token))
    return StoredFile.objects.create(
        key=key,
        wrapped_key=_seal(wrapping, file_key, _file_label(key.pk, path)),
        path=path,
        name=_name_fitting(name),
        content_type=content_type[:100],
        size=sealing.size,
        sha256=sealing.sha256.hexdigest(),
    )


def file_stream(stored_file: StoredFile) -> Iterator[bytes]:
    """The clear text in pieces of at most 64 KiB, each verified before it is given out.

    Raises DomainError: "key_destroyed", "key_unreadable" or "file_missing" at once, "file_damaged" when the damage is
    reached: what came before it is authentic.
    """
    file_key = _file_key(stored_file)
    try:
        source = default_storage.open(stored_file.path, "rb")
    except FileNotFoundError as error:
        raise DomainError("file_missing", _("The content of this file is missing from the storage.")) from error
    return _opened(file_key, source)


def file_read(stored_file: StoredFile) -> bytes:
    """The whole clear text; raises like `file_stream`. For small files: everything is in memory."""
    return b"".join(file_stream(stored_file))


def file_rewrap(*, stored_file: StoredFile, key: EncryptionKey) -> None:
    """Put the file under another key of the same organisation, such as the case that its mail was filed on.

    Raises DomainError like `file_stream`, ValueError for a key of another organisation.
    """
    if key.organisation_id != stored_file.key.organisation_id:
        raise ValueError("a file never moves to another organisation")
    file_key = _file_key(stored_file)
    stored_file.wrapped_key = _seal(_key_unwrap(key), file_key, _file_label(key.pk, stored_file.path))
    stored_file.key = key
    stored_file.save(update_fields=["key", "wrapped_key"])


def file_delete(stored_file: StoredFile) -> None:
    """Forget a file that belongs to nothing yet: its row now, its content once the transaction is committed.

    Raises ProtectedError while something still points to it.
    """
    path = stored_file.path
    stored_file.delete()
    transaction.on_commit(lambda: default_storage.delete(path))


def _file_label(key_id: int, path: str) -> bytes:
    # Bound to both: the row of one file cannot be made to open the content of another.
    return f"dsar file {key_id} {path}".encode()


def _file_key(stored_file: StoredFile) -> bytes:
    wrapping = _key_unwrap(stored_file.key)
    try:
        return _unseal(wrapping, stored_file.wrapped_key, _file_label(stored_file.key_id, stored_file.path))
    except InvalidTag as error:
        raise _damaged() from error


def _damaged() -> DomainError:
    return DomainError("file_damaged", _("The stored file is damaged or was changed. Restore it from a backup."))


def _name_fitting(name: str) -> str:
    """The name within 255 characters; a name from a mail is shortened in the middle and never refused."""
    name = name.encode("utf-8", "replace").decode().replace("\x00", "")
    return name if len(name) <= 255 else f"{name[:200]}…{name[-54:]}"


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(NONCE - 1, "big") + (b"\x01" if is_last else b"\x00")


class _Sealing(io.RawIOBase):
    """The encrypted content as a file that a storage reads once from its beginning; measures the clear text."""

    def __init__(self, file_key: bytes, content: Iterable[bytes]) -> None:
        self.size = 0
        self.sha256 = hashlib.sha256()
        self._pieces = self._sealed(AESGCM(file_key), content)
        self._ready = memoryview(b"")
        self._given = 0

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._given

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Storages rewind before they read; that is the only move there is."""
        if (offset, whence) == (0, io.SEEK_SET) and self._given == 0:
            return 0
        raise io.UnsupportedOperation("the content can be read only once")

    def readinto(self, target: memoryview) -> int:  # type: ignore[override]  # the stub's Buffer is 3.12
        """As much as fits of the next piece; 0 at the end."""
        if not self._ready:
            self._ready = memoryview(next(self._pieces, b""))
        count = min(len(target), len(self._ready))
        target[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        self._given += count
        return count

    def _sealed(self, cipher: AESGCM, content: Iterable[bytes]) -> Iterator[bytes]:
        yield HEADER
        waiting, number = b"", 0
        for block in self._blocks(content):
            if waiting:
                yield cipher.encrypt(_nonce(number, is_last=False), waiting, None)
                number += 1
            waiting = block
        yield cipher.encrypt(_nonce(number, is_last=True), waiting, None)

    def _blocks(self, content: Iterable[bytes]) -> Iterator[bytes]:
        """The clear text in blocks of exactly CHUNK bytes, the last one shorter; none for an empty content."""
        rest = bytearray()
        for piece in content:
            self.size += len(piece)
            self.sha256.update(piece)
            view = memoryview(piece)
            while len(rest) + len(view) >= CHUNK:
                taken = CHUNK - len(rest)
                yield bytes(rest) + bytes(view[:taken])
                rest, view = bytearray(), view[taken:]
            rest += view
        if rest:
            yield bytes(rest)


def _opened(file_key: bytes, source: "File[bytes]") -> Iterator[bytes]:
    """Decrypt chunk by chunk, reading one ahead to know which is the last."""
    cipher, number = AESGCM(file_key), 0
    with source:
        if _read_exactly(source, len(HEADER)) != HEADER:
            raise _damaged()
        sealed = _read_exactly(source, CHUNK + TAG)
        while sealed:
            following = _read_exactly(source, CHUNK + TAG)
            try:
                yield cipher.decrypt(_nonce(number, is_last=not following), sealed, None)
            except (InvalidTag, ValueError) as error:
                raise _damaged() from error
            sealed, number = following, number + 1
        if number == 0:
            raise _damaged()


def _read_exactly(source: "File[bytes]", count: int) -> bytes:
    """`count` bytes, fewer only at the end: a remote storage may give less at a time."""
    parts, missing = [], count
    while missing and (part := source.read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)
