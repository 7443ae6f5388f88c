"""Files chosen in the public form: kept encrypted until it is sent, found again by the token that travels with it.

They belong to no case yet. Sending moves them under the key of the case; whoever never sends leaves them to the sweep.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.files import file_delete, file_store, file_stream
from dsar.core.hashing import keyed_hash, keyed_hashes
from dsar.core.models import EncryptionKey, Organisation, StoredFile
from dsar.core.uploads import IncomingFile, Limits, upload_store, uploads_check
from requests_app.incoming import IncomingRequest
from requests_app.models import FormFile
from requests_app.services.intake import OpenedCase, case_open
from requests_app.tracking import case_by_submission, tracking_key

KEPT = timedelta(days=1)
SWEPT_AT_ONCE = 500


def form_files_kept(organisation: Organisation, token: str) -> list[FormFile]:
    """The files that wait under the token of a form, in the order they were added."""
    hashes = keyed_hashes("form_files", _scoped(organisation, token))
    found = FormFile.objects.filter(organisation=organisation, submission_hash__in=hashes)
    return list(found.select_related("stored_file__key").order_by("pk"))


def form_files_add(
    *, organisation: Organisation, token: str, files: Sequence[IncomingFile], limits: Limits
) -> None:
    """Keep files for the form with this token, each once. Limits hold for the form as a whole.

    Raises DomainError `upload_too_many`, `upload_too_large` or `upload_empty`, before any content is read.
    """
    kept = [row.stored_file.size for row in form_files_kept(organisation, token)]
    uploads_check(files, limits, kept=kept)
    key = organisation.intake_key
    if key is None:
        raise DomainError("no_intake_key", _("Files cannot be added here. Send them by e-mail or by post."))
    submission_hash = keyed_hash("form_files", _scoped(organisation, token))
    for file in files:
        with transaction.atomic():
            stored = upload_store(key=key, file=file)
            digest = keyed_hash("form_file", f"{stored.sha256}:{stored.name}")
            named = {"submission_hash": submission_hash, "digest": digest}
            _row, is_new = FormFile.objects.get_or_create(
                **named, defaults={"organisation": organisation, "stored_file": stored}
            )
            if not is_new:  # the button was pressed twice, or the page sent again
                file_delete(stored)


@transaction.atomic
def form_file_remove(*, organisation: Organisation, token: str, pk: int) -> None:
    """Take one file of the form away, its content too unless a case has it already; an unknown one is none."""
    row = next((row for row in form_files_kept(organisation, token) if row.pk == pk), None)
    if row is not None:
        _drop(row)


@transaction.atomic
def form_send(incoming: IncomingRequest, *, organisation: Organisation) -> OpenedCase:
    """Open the case of a form with the files that were attached; the same sending twice is one case.

    The rows stay until the sweep, so that a second press of the button still finds the same files and is recognised.
    A file that an earlier sending of the form has put on a case is copied: each case destroys its own key.
    Raises DomainError like `case_open`, or `file_gone` where the sweep came first.
    """
    asked = [one.pk for one in incoming.files]
    # Held, so that of two forms sent at once with the same files the second one sees whose they are.
    held = StoredFile.objects.select_for_update(of=("self",)).select_related("key")
    found = list(held.filter(pk__in=asked).order_by("pk"))
    if len(found) != len(asked):
        raise file_gone()
    if existing := case_by_submission(organisation, incoming.submission):
        return OpenedCase(existing, tracking_key(organisation, incoming.submission), is_new=False)
    files = tuple(_unfiled(one, organisation) for one in found)
    return case_open(replace(incoming, files=files), actor=Actor.DATA_SUBJECT)


def file_gone() -> DomainError:
    """What is said when a file that the page shows is no longer kept."""
    return DomainError("file_gone", _("A file is no longer attached. Look at the list, then attach it again or send."))


def form_files_sweep() -> int:
    """Remove what was attached over a day ago; returns how many rows. Safe to run twice, or by two at once."""
    due = FormFile.objects.filter(created_at__lt=timezone.now() - KEPT)
    count = 0
    for pk in due.order_by("pk").values_list("pk", flat=True)[:SWEPT_AT_ONCE]:
        with transaction.atomic():
            row = FormFile.objects.select_for_update(skip_locked=True).filter(pk=pk).first()
            if row is not None:
                _drop(row)
                count += 1
    return count


def _drop(row: FormFile) -> None:
    row.delete()
    stored = StoredFile.objects.select_for_update().get(pk=row.stored_file_id)  # a form that is being sent goes first
    if not stored.messages.exists():
        file_delete(stored)


def _unfiled(stored: StoredFile, organisation: Organisation) -> StoredFile:
    """The file itself, or a copy where a case has it."""
    key = organisation.intake_key
    if stored.key.purpose != EncryptionKey.Purpose.CASE or key is None:
        return stored
    return file_store(key=key, name=stored.name, content_type=stored.content_type, content=file_stream(stored))


def _scoped(organisation: Organisation, token: str) -> str:
    return f"{organisation.slug}:{token}"
