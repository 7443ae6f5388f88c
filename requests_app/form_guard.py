"""Keeps machines from filling the desk and shuts nobody out: what looks like one is accepted, and a person looks.

Three signs: a field that people do not see, a sum that a browser does by itself, and how many requests come from one
address of the network. Only an absurd number is sent back, to come again later with everything that was typed.
"""

from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from dsar.core.errors import DomainError
from dsar.core.network import network_count
from dsar.core.uploads import MEBIBYTE, Limits
from requests_app.forms import HONEYPOT, Answers
from requests_app.proof_of_work import solution_accept
from requests_app.vocabulary import SpamSign

ABSURD = 8  # times the longest form that is within the limits: such a body is not read at all


@dataclass(frozen=True)
class Visit:
    """One press of the send button: the signs it shows, and whether far too many came from the same place."""

    signs: tuple[SpamSign, ...]
    is_flood: bool


def visit_judge(request: HttpRequest, answers: Answers, submission: str) -> Visit:
    """Count this sending, and look at it. `submission` identifies it, so that pressing twice is no replay."""
    sent = network_count(request, "form", seconds=window_seconds())
    found = {
        SpamSign.HONEYPOT: bool(answers.data.get(HONEYPOT)),
        SpamSign.RATE: sent > settings.DSAR_FORM_LOOK_AFTER,
        SpamSign.NO_WORK: not solution_accept(answers.data.get("work", ""), used_for=submission),
    }
    signs = tuple(sign for sign, is_there in found.items() if is_there)
    return Visit(signs, is_flood=sent > settings.DSAR_FORM_REFUSE_AFTER)


def files_count(request: HttpRequest, count: int) -> None:
    """Count files that arrive. Raises DomainError `files_flood` when far too many came from the same place."""
    sent = network_count(request, "form-files", seconds=window_seconds(), by=count)
    if sent > settings.DSAR_FORM_FILES_REFUSE_AFTER:
        raise DomainError(
            "files_flood",
            _("Very many files come from your network at the moment. Add them later, or send them by e-mail or post."),
        )


def window_seconds() -> int:
    """How long requests from one address are counted together."""
    return int(settings.DSAR_FORM_MINUTES) * 60


def form_limits() -> Limits:
    """What may be attached to one form."""
    return Limits(
        files=settings.DSAR_FORM_FILES,
        file_bytes=settings.DSAR_FORM_FILE_MB * MEBIBYTE,
        total_bytes=settings.DSAR_FORM_FILES_MB * MEBIBYTE,
        read_bytes=(settings.DSAR_FORM_FILES_MB + 1) * MEBIBYTE,  # with what is typed beside the files
    )


class FilesSkipped(FileUploadHandler):
    """Keeps no byte of any file, so that of a form that is too large at least what was typed is read."""

    skipped = False

    def new_file(self, *args: object, **options: object) -> None:
        """Leave the file out."""
        self.skipped = True
        raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Never called: no file begins."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Never called: no file begins."""


def body_limit(request: HttpRequest) -> None:
    """Look at the size of the body before anything of it is read: too large a one loses its files, not its words.

    Raises RequestDataTooBig for an absurd one.
    """
    length, limit = int(request.META.get("CONTENT_LENGTH") or 0), form_limits().read_bytes
    if length > ABSURD * limit:
        raise RequestDataTooBig("the body of a form is absurdly large")
    if length > limit:
        request.upload_handlers.insert(0, FilesSkipped(request))


def files_were_skipped(request: HttpRequest) -> bool:
    """Whether files were left out because together they were too large. Reads the body."""
    _body = request.POST
    return any(isinstance(handler, FilesSkipped) and handler.skipped for handler in request.upload_handlers)
