"""Files that people add to a form: limits before anything is read, the kind by content and never by name.

The limits are settings, `public_limits` for a person and `desk_limits` for staff. `uploads_within` stands before every
view that takes files: what is over a limit is never stored, while the text typed beside it still arrives, so that a
refusal loses nothing; only a body many times over the limit is not read at all.
"""

import re
import unicodedata
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import wraps
from itertools import chain
from typing import Any, Concatenate, NoReturn, ParamSpec, Protocol

import puremagic
from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from dsar.core.errors import DomainError
from dsar.core.files import file_store
from dsar.core.models import EncryptionKey, StoredFile

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]

MEBIBYTE = 1024 * 1024
ABSURD = 4  # times the longest form within the limits: such a body is not read at all
_REFUSED = "dsar.uploads_refused"  # in request.META: the limits that a file, or all of them together, passed
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Limits:
    """How many files, how large each, how large together; sizes in bytes."""

    files: int
    file_bytes: int
    total_bytes: int

    @property
    def body_bytes(self) -> int:
        """The longest form within the limits, with what is typed beside the files."""
        return self.total_bytes + MEBIBYTE

    @property
    def words(self) -> str:
        """What to say beside the field."""
        sentence = ngettext(
            "%(count)d file at most, %(each)d MB each, %(total)d MB in all.",
            "%(count)d files at most, %(each)d MB each, %(total)d MB in all.",
            self.files,
        )
        return sentence % {
            "count": self.files, "each": self.file_bytes // MEBIBYTE, "total": self.total_bytes // MEBIBYTE
        }  # fmt: skip


def public_limits() -> Limits:
    """For a person: what may be attached to one form, or to one message on the tracking page."""
    return _limits(settings.DSAR_FORM_FILES, settings.DSAR_FORM_FILE_MB, settings.DSAR_FORM_FILES_MB)


def desk_limits() -> Limits:
    """For staff: what may be added to one form of the desk."""
    return _limits(settings.DSAR_DESK_FILES, settings.DSAR_DESK_FILE_MB, settings.DSAR_DESK_FILES_MB)


def _limits(files: int, file_megabytes: int, files_megabytes: int) -> Limits:
    return Limits(files, file_megabytes * MEBIBYTE, files_megabytes * MEBIBYTE)


class IncomingFile(Protocol):
    """A file as it arrives; Django's uploads are such."""

    name: str | None
    size: int | None

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """Its content in pieces."""


def uploads_check(files: Sequence[IncomingFile], limits: Limits, *, kept: Sequence[int] = ()) -> None:
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


def upload_too_large(limits: Limits) -> DomainError:
    """The refusal of files that are too large, one by one or together."""
    figures = {"file": limits.file_bytes // MEBIBYTE, "total": limits.total_bytes // MEBIBYTE}
    sentence = _("A file may have %(file)d MB, all together %(total)d MB. Send the rest separately.")
    return DomainError("upload_too_large", str(sentence) % figures)


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


# ---- in a form -------------------------------------------------------------------------------------------------------


class FilesInput(forms.FileInput):
    """A file input that takes several."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files at once, as a list, with the limits in words; they are checked by `uploads_check`."""

    widget = FilesInput

    def __init__(self, *, limits: Callable[[], Limits], help_text: Any, **options: Any) -> None:
        # Made when it is shown: only then settings and language are known.
        said: Callable[[], Any] = lazy(lambda: f"{help_text} {limits().words}", str)
        super().__init__(help_text=said(), required=False, **options)

    def clean(self, data: Any, initial: Any = None) -> "list[UploadedFile[Any]]":
        """Every file that was added; an empty one stays in the list for the check to name."""
        listed = data if isinstance(data, (list, tuple)) else [data]
        return [file for file in listed if file]


# ---- before a view ---------------------------------------------------------------------------------------------------


def uploads_within(limits: Callable[[], Limits]) -> Callable[[View[P]], View[P]]:
    """For a view that takes files: keeps out what is over a limit; `uploads_refusal` then says what to tell.

    A body many times over the limits is answered by a page (413) that sends the reader back to what they typed.
    """

    def within(view: View[P]) -> View[P]:
        protected = csrf_protect(view)

        @csrf_exempt  # the limits are set before anything of the body is read; then the token is checked
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if request.method == "POST":
                most, length = limits(), int(request.META.get("CONTENT_LENGTH") or 0)
                if length > ABSURD * most.body_bytes:
                    return render(request, "400.html", status=413)
                request.upload_handlers = [_WithinLimits(request, most), *request.upload_handlers]
            return protected(request, *args, **kwargs)

        return guarded

    return within


def uploads_refusal(request: HttpRequest) -> DomainError | None:
    """What to say of files that were kept out before the view; None where all arrived. Reads the body."""
    _body = request.POST
    passed: Limits | None = request.META.get(_REFUSED)
    return upload_too_large(passed) if passed else None


class _WithinLimits(FileUploadHandler):
    """Stands before the handlers that keep files: leaves out the rest of whatever passes a limit.

    Of a body that is longer than all limits together no file is begun.
    """

    def __init__(self, request: HttpRequest, limits: Limits) -> None:
        super().__init__(request)
        self.request: HttpRequest = request
        self.limits = limits
        self.is_over = int(request.META.get("CONTENT_LENGTH") or 0) > limits.body_bytes
        self.total = 0

    def new_file(self, *args: Any, **options: Any) -> None:
        """Begin it, unless the body is too long as a whole."""
        if self.is_over:
            self._skip()
        super().new_file(*args, **options)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Hand it on, or skip the file."""
        self.total += len(raw_data)
        if start + len(raw_data) > self.limits.file_bytes or self.total > self.limits.total_bytes:
            self._skip()
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The next handler makes the file."""

    def _skip(self) -> NoReturn:
        self.request.META[_REFUSED] = self.limits
        raise SkipFile
