"""One channel only: the answer in an archive that opens with a passphrase told by another way (DESIGN §2).

ZIP encryption hides contents and never names, and the name of a source or a document tells something too. So the
archive holds a single file, `answer.zip`, and all names are inside it.
"""

import secrets
import stat
import struct
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import IO

import pyzipper
from stream_zip import ZIP_64, stream_zip

from requests_app.references import ALPHABET

INNER = "answer.zip"
PIECE = 64 * 1024
_LENGTH = 20  # characters of 5 bits: 100 bits

_LOCAL, _DESCRIPTOR = b"PK\x03\x04", b"PK\x07\x08"
_DEFLATED, _HAS_DESCRIPTOR = 8, 0x08
_LARGE = b"\x01\x00"  # the extra field of a member with 64-bit sizes


def passphrase_make() -> str:
    """Twenty characters without I, L, O and U, in groups of four that a phone can carry; 100 bits of chance."""
    characters = "".join(secrets.choice(ALPHABET) for _ in range(_LENGTH))
    return "-".join(characters[start : start + 4] for start in range(0, _LENGTH, 4))


def archive_seal(entries: Iterable[tuple[str, Iterable[bytes]]], *, passphrase: str) -> Iterator[bytes]:
    """The entries as an AES-256 ZIP (WinZip AE-2: 7-Zip and most others open it), in pieces.

    It is made in a temporary file, which holds ciphertext only and is gone with the iterator.
    """
    with tempfile.TemporaryFile() as target:
        with pyzipper.AESZipFile(
            target, "w", compression=pyzipper.ZIP_STORED, encryption=pyzipper.WZ_AES, allowZip64=True
        ) as archive:
            archive.setpassword(passphrase.encode())
            archive.setencryption(pyzipper.WZ_AES, nbits=256)
            with archive.open(INNER, "w", force_zip64=True) as inner:
                for piece in _inner_zip(entries):
                    inner.write(piece)
        target.seek(0)
        yield from _pieces(target)


def zip_entries(content: Iterable[bytes]) -> Iterator[tuple[str, Iterator[bytes]]]:
    """The files of a ZIP that was made as a stream (`exports.package`), as they come: name and pieces.

    What is left of a file is skipped when the next one is asked for. Raises ValueError for another kind of ZIP and for
    one that is damaged: each file's checksum is compared.
    """
    source = _Source(iter(content))
    while source.take(4) == _LOCAL:
        _version, flags, method, _time, _date, _crc, _packed, _size, name_size, extra_size = struct.unpack(
            "<HHHHHIIIHH", source.take(26)
        )
        name = source.take(name_size).decode()
        is_large = _LARGE in _extra_kinds(source.take(extra_size))
        if method != _DEFLATED or not flags & _HAS_DESCRIPTOR:
            raise ValueError("not a ZIP made as a stream")
        content_of = _inflated(source, is_large=is_large)
        yield name, content_of
        for _skipped in content_of:
            pass


def _inner_zip(entries: Iterable[tuple[str, Iterable[bytes]]]) -> Iterator[bytes]:
    now = datetime.now(UTC)
    members = ((name, now, stat.S_IFREG | 0o644, ZIP_64, content) for name, content in entries)
    return iter(
        stream_zip(
            members, chunk_size=PIECE, get_compressobj=lambda: zlib.compressobj(wbits=-zlib.MAX_WBITS, level=1)
        )
    )


def _pieces(source: IO[bytes]) -> Iterator[bytes]:
    while piece := source.read(PIECE):
        yield piece


def _inflated(source: "_Source", *, is_large: bool) -> Iterator[bytes]:
    inflate, checksum = zlib.decompressobj(wbits=-zlib.MAX_WBITS), 0
    while not inflate.eof:
        try:
            piece = inflate.decompress(source.some())
        except zlib.error as error:
            raise ValueError("damaged ZIP") from error
        checksum = zlib.crc32(piece, checksum)
        if piece:
            yield piece
    source.give_back(inflate.unused_data)
    if source.take(4) != _DESCRIPTOR or struct.unpack("<I", source.take(4))[0] != checksum:
        raise ValueError("damaged ZIP")
    source.take(16 if is_large else 8)


def _extra_kinds(extra: bytes) -> set[bytes]:
    kinds = set()
    while len(extra) >= 4:
        kinds.add(extra[:2])
        extra = extra[4 + struct.unpack("<H", extra[2:4])[0] :]
    return kinds


class _Source:
    """Bytes of a stream, by count or as they come."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def some(self) -> bytes:
        """The next bytes, at least one. Raises ValueError at the end."""
        ready, self._rest = self._rest or next(self._pieces, b""), b""
        if not ready:
            raise ValueError("the ZIP ends too early")
        return ready

    def take(self, count: int) -> bytes:
        """Exactly `count` bytes, fewer only at the end."""
        while len(self._rest) < count and (piece := next(self._pieces, b"")):
            self._rest += piece
        taken, self._rest = self._rest[:count], self._rest[count:]
        return taken

    def give_back(self, unused: bytes) -> None:
        """Bytes that were read too far."""
        self._rest = unused + self._rest
