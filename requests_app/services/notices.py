"""What follows when a question or a notice has left: a clock stands still or runs longer, a restriction may be lifted.

The notices are made as letters here too.

Facts of the outbox become facts of the clocks here, once by the news of a sent mail and again by a sweep.
"""

import logging

from django.db import transaction
from django.db.models import Exists, OuterRef

from dsar.core.errors import DomainError
from requests_app.letters import extension_html, lifting_html
from requests_app.models import CaseRight, Deliverable, Extension, Restriction, Suspension
from requests_app.services.cases import case_lock
from requests_app.services.clocks import clock_extended, law_of
from requests_app.services.documents import document_make, document_publish
from requests_app.services.extensions import extension_leave
from requests_app.services.restrictions import lifting_leave
from requests_app.services.suspensions import suspension_begin
from requests_app.vocabulary import EXTENSION_KINDS, LIFTING_KINDS, DeliverableKind

logger = logging.getLogger(__name__)


def notices_left(outgoing_id: int | None = None) -> int:
    """Note what has left, by one mail or by any: questions begin to suspend, extensions hold, restrictions may end.

    Safe to run twice. Each in a transaction of its own: a case whose facts contradict each other is logged and holds
    up no other one.
    """
    questions = Suspension.objects.filter(asked_at=None, answered_at=None).exclude(mail__sent_at=None)
    extensions = Extension.objects.filter(sent_at=None).exclude(mail__sent_at=None)
    liftings = Restriction.objects.in_force().filter(told_at=None).exclude(mail__sent_at=None)
    if outgoing_id is not None:
        questions, extensions = questions.filter(mail=outgoing_id), extensions.filter(mail=outgoing_id)
        liftings = liftings.filter(mail=outgoing_id)
    found = [
        *questions.select_related("case__organisation", "mail"),
        *extensions.select_related("case_right__case__organisation", "mail"),
        *liftings.select_related("case_right__case__organisation", "mail"),
    ]
    return sum(map(_left_note, found))


def _left_note(left: Suspension | Extension | Restriction) -> bool:
    if left.mail is None or left.mail.sent_at is None:
        return False
    try:
        if isinstance(left, Suspension):
            suspension_begin(suspension=left, asked_at=left.mail.sent_at)
        elif isinstance(left, Restriction):
            lifting_leave(restriction=left, left_at=left.mail.sent_at)
        else:
            extension_leave(extension=left, sent_at=left.mail.sent_at)
    except DomainError as error:
        logger.error("Mail %s has left, and its clock cannot be counted: %s", left.mail.message_id, error.code)
        return False
    return True


def notices_unprepared() -> list[int]:
    """Extensions whose notice is written and not a letter yet: their primary keys, for the sweep."""
    prepared = Deliverable.objects.filter(
        kind=DeliverableKind.NOTICE_HTML, rights=OuterRef("case_right"), created_at__gte=OuterRef("written_at")
    )
    alive = Extension.objects.filter(case_right__in=CaseRight.objects.awaited(), is_past=False)
    written = alive.exclude(notice_message=None)
    return list(written.filter(~Exists(prepared)).values_list("pk", flat=True))


def notice_prepare(*, extension: Extension) -> list[Deliverable]:
    """The notice as a web page and, where this server makes them, as a PDF; on the tracking page at once.

    It tells no more than the mail did, so nothing has to be proved to read it. Safe to run twice.
    """
    case_right = extension.case_right
    notices = Deliverable.objects.filter(case=case_right.case, kind__in=EXTENSION_KINDS, rights=case_right)
    if extension.is_past or notices.filter(created_at__gte=extension.written_at).exists():
        return []
    until = clock_extended(case_right, extension.reviewed_at or extension.written_at)
    document = document_make(extension_html(extension, until, law_of(case_right)), EXTENSION_KINDS)
    return document_publish(document, case=case_right.case, rights=[case_right])


def liftings_unprepared() -> list[int]:
    """Restrictions whose letter before lifting is written and no file yet: their primary keys, for the sweep."""
    written = Restriction.objects.in_force().filter(letter=None).exclude(lift_message=None)
    return list(written.values_list("pk", flat=True))


def lifting_prepare(*, restriction: Restriction) -> list[Deliverable]:
    """The letter before lifting as files, on the tracking page at once (GDPR art. 18(3)); as `notice_prepare`."""
    if restriction.letter_id is not None or restriction.lift_message_id is None:
        return []
    case_right = restriction.case_right
    document = document_make(lifting_html(restriction), LIFTING_KINDS)
    with transaction.atomic():
        case_lock(case_right.case)
        same = Restriction.objects.filter(pk=restriction.pk, letter=None, lift_message=restriction.lift_message_id)
        if not same.exists():
            return []  # taken back, or prepared by another worker meanwhile
        made = document_publish(document, case=case_right.case, rights=[case_right])
        same.update(letter=made[0])
    return made
