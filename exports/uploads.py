"""Documents that colleagues add: limits first, the kind by content and never by name, the original kept as it is."""

from codecs import getincrementaldecoder
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Protocol

import puremagic
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from dsar.core.errors import DomainError
from dsar.core.files import file_store
from dsar.core.models import EncryptionKey, StoredFile
from exports.records import name_safe

MEBIBYTE = 1024 * 1024
FILES = 20
FILE_BYTES = 50 * MEBIBYTE
TOTAL_BYTES = 200 * MEBIBYTE


class IncomingFile(Protocol):
    """A file as it arrives; Django's uploads are such."""

    name: str | None
    size: int | None

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """Its content in pieces."""


def uploads_check(files: Sequence[IncomingFile]) -> None:
    """Raises DomainError `upload_too_many`, `upload_too_large` or `upload_empty`; reads nothing."""
    if len(files) > FILES:
        sentence = ngettext("Add at most %(count)d file.", "Add at most %(count)d files.", FILES)
        raise DomainError("upload_too_many", sentence % {"count": FILES})
    sizes = [file.size or 0 for file in files]
    if any(size > FILE_BYTES for size in sizes) or sum(sizes) > TOTAL_BYTES:
        raise upload_too_large()
    if not all(sizes):
        raise DomainError("upload_empty", _("One of the files is empty. Choose it again."))


def upload_too_large() -> DomainError:
    """The refusal of files that are too large, one by one or together."""
    limits = {"file": FILE_BYTES // MEBIBYTE, "total": TOTAL_BYTES // MEBIBYTE}
    sentence = _("A file may have %(file)d MB, all together %(total)d MB. Send the rest in a second answer.")
    return DomainError("upload_too_large", str(sentence) % limits)


def upload_store(*, key: EncryptionKey, file: IncomingFile) -> StoredFile:
    """Keep one file, encrypted under `key`."""
    pieces = iter(file.chunks())
    head = next(pieces, b"")
    return file_store(
        key=key, name=name_safe(file.name or ""), content_type=content_kind(head), content=chain([head], pieces)
    )


def content_kind(head: bytes) -> str:
    """The media type that the first bytes show; text where they are UTF-8, else unknown."""
    try:
        found = puremagic.from_string(head, mime=True)
    except (puremagic.PureError, ValueError):
        found = ""
    if found:
        return found
    try:
        # Not final: a character cut by the end of the piece is no sign of binary content.
        getincrementaldecoder("utf-8")().decode(head[:4096])
    except UnicodeDecodeError:
        return "application/octet-stream"
    return "application/octet-stream" if b"\x00" in head[:4096] else "text/plain"
