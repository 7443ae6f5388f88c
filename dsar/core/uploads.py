"""Files that people add on a page: limits first, the kind by content and never by name, the original kept as it is."""

import re
import unicodedata
from codecs import getincrementaldecoder
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

import puremagic
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from dsar.core.errors import DomainError
from dsar.core.files import file_store
from dsar.core.models import EncryptionKey, StoredFile

MEBIBYTE = 1024 * 1024
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)


@dataclass(frozen=True)
class UploadLimits:
    """How much one page takes: number of files, bytes of one, bytes of all together."""

    files: int
    file_bytes: int
    total_bytes: int

    @property
    def body_bytes(self) -> int:
        """How long the body of a request within the limits can be, with what is typed beside the files."""
        return self.total_bytes + MEBIBYTE


class IncomingFile(Protocol):
    """A file as it arrives; Django's uploads are such."""

    name: str | None
    size: int | None

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """Its content in pieces."""


def uploads_check(files: Sequence[IncomingFile], limits: UploadLimits, *, kept: Sequence[int] = ()) -> None:
    """Raises DomainError `upload_too_many`, `upload_too_large` or `upload_empty`; reads nothing.

    `kept`: bytes of each file that was added before and counts too.
    """
    if len(files) + len(kept) > limits.files:
        sentence = ngettext("Add at most %(count)d file.", "Add at most %(count)d files.", limits.files)
        raise DomainError("upload_too_many", sentence % {"count": limits.files})
    sizes = [file.size or 0 for file in files]
    if any(size > limits.file_bytes for size in sizes) or sum(sizes) + sum(kept) > limits.total_bytes:
        raise upload_too_large(limits)
    if not all(sizes):
        raise DomainError("upload_empty", _("One of the files is empty. Choose it again."))


def upload_too_large(limits: UploadLimits) -> DomainError:
    """The refusal of files that are too large, one by one or together."""
    numbers = {"file": limits.file_bytes // MEBIBYTE, "total": limits.total_bytes // MEBIBYTE}
    sentence = _("A file may have %(file)d MB, all together %(total)d MB. Send the rest separately.")
    return DomainError("upload_too_large", str(sentence) % numbers)


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


def name_safe(name: str) -> str:
    """A file name that every system can unpack: letters, digits and " ._-()", no folder, at most 160 bytes."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    kept = "".join(
        character if character in " ._-()" or unicodedata.category(character)[0] in "LNM" else "_" for character in name
    ).strip(" .")
    if len(kept.encode()) > 160:
        _stem, dot, extension = kept.rpartition(".")
        tail = f".{extension}" if dot and len(extension) <= 10 else ""
        kept = kept.encode()[: 160 - len(tail.encode())].decode(errors="ignore").rstrip(" .") + tail
    if not kept.strip("_"):
        return "file"
    return f"_{kept}" if _RESERVED.fullmatch(kept) else kept
