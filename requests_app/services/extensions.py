"""Extensions: two further months, only for a reason the law knows, reviewed, and told within the first (art. 12(3)).

The notice must leave by the end of the first period, suspended and rolled: after that date nothing extends any more.
It holds from the day it left, so a mail that waits in the outbox extends nothing yet.
"""

from datetime import UTC, date, datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override as language_override

from dsar.core.actors import Actor
from dsar.core.broker import task_queue_on_commit
from dsar.core.errors import DomainError
from dsar.core.models import Organisation, User
from dsar.core.roles import Act
from requests_app.case_journal import case_journal
from requests_app.correspondence import person_tell
from requests_app.deadlines import local_date
from requests_app.letters import extension_paragraphs
from requests_app.models import CaseRight, Extension, Message
from requests_app.outbox import outbox_stop
from requests_app.rights_table import RULES
from requests_app.services.cases import case_lock, case_touch
from requests_app.services.clocks import case_clock_refresh, clock_extended, law_of
from requests_app.services.parties import reached_by_page_only
from requests_app.services.reviews import author_alone, note_must, review_close, reviewer_of
from requests_app.services.suspensions import sent_moment
from requests_app.vocabulary import UNDECIDED, ClockCause, ExtensionReason, Review

YEAR = timedelta(days=365)


def extension_refusal(case_right: CaseRight, on: date) -> DomainError | None:
    """Why a notice that left on that local date would not extend this right; None where it would (art. 12(3)).

    The law of the place must name a longer period, which Switzerland and Brazil do not (law.md §2.8), and the first one
    must not be over; it does not end while a question is open.
    """
    if not RULES[case_right.right].may_wait or law_of(case_right).extended is None:
        return DomainError("right_not_extendable", _("The law knows no extension for this right."))
    if case_right.stage not in UNDECIDED:
        return DomainError("right_not_extendable", _("This right is decided or in review: answer it instead."))
    if case_right.extension_notice_due_on is not None and on > case_right.extension_notice_due_on:
        return DomainError(
            "extension_too_late", _("The first period is over: the law allows no extension any more. Answer now.")
        )
    return None


def refusal_today(case_right: CaseRight) -> DomainError | None:
    """Why no extension can be written today, an earlier one included; None where it can.

    Reads `extensions` through the prefetch cache when there is one.
    """
    if case_right.extension is not None:
        return DomainError("extension_exists", _("This right has an extension already; there is only one."))
    return extension_refusal(case_right, _today(case_right))


def _today(case_right: CaseRight) -> date:
    return local_date(datetime.now(UTC), case_right.case.organisation.time_zone)


def extensions_of_year(organisation: Organisation) -> int:
    """How many extensions the organisation announced in 365 days: frequent use is a warning (EDPB 01/2022 §162)."""
    since = datetime.now(UTC) - YEAR
    return Extension.objects.filter(case_right__case__organisation=organisation, sent_at__gte=since).count()


@transaction.atomic
def extension_submit(
    *, case_right: CaseRight, reason: str, reasoning: str, actor: Actor, version: int | None = None
) -> Extension:
    """Write an extension of one right; it goes to a second person, and its notice leaves once that one approves.

    `reasoning` goes into the notice, in the person's language. Raises DomainError `right_not_extendable`,
    `extension_exists`, `extension_too_late` after the legal date of the notice, or `reasoning_missing`.
    """
    author = actor.must(Act.CASE_WORK, case_right.case.organisation)
    case_touch(case=case_right.case, version=version)
    if refusal := refusal_today(case_right):
        raise refusal
    if not reasoning.strip():
        raise DomainError("reasoning_missing", _("Write the reasons: the person must be able to understand them."))
    extension = Extension.objects.create(
        case_right=case_right,
        reason=ExtensionReason(reason),
        reasoning=reasoning.strip(),
        author=author,
        written_at=datetime.now(UTC),
        review=Review.WAITING,
    )
    _journal(extension, "extension.submitted", actor, {"reasoning": extension.reasoning})
    return extension


@transaction.atomic
def extension_approve(*, extension: Extension, actor: Actor, note: str = "", version: int | None = None) -> None:
    """A second person approves, and the notice leaves. Raises NotAllowed for the author, `extension_too_late`."""
    user = reviewer_of(extension, extension.case_right.case, actor, version)
    _stands(extension, Review.APPROVED, user, note)
    values = {"note": note.strip()} if note.strip() else {}
    _notice_leave(extension, "extension.approved", actor, values)


@transaction.atomic
def extension_send_back(*, extension: Extension, actor: Actor, note: str, version: int | None = None) -> None:
    """A second person says no, and what would change it; another one may be written. Raises `note_missing`."""
    user = reviewer_of(extension, extension.case_right.case, actor, version)
    note = note_must(note)
    review_close(extension, Review.SENT_BACK, user, note)
    _journal(extension, "extension.sent_back", actor, {"note": note})


@transaction.atomic
def extension_single_handed(*, extension: Extension, actor: Actor, reason: str, version: int | None = None) -> None:
    """The author lets it stand alone, with a written reason; raises as `reviews.author_alone`, `extension_too_late`."""
    user = author_alone(extension, extension.case_right.case, actor, version, reason)
    _stands(extension, Review.SINGLE_HANDED, user, reason)
    _notice_leave(extension, "extension.single_handed", actor, {"reason": reason.strip()})


@transaction.atomic
def extension_post(*, extension: Extension, sent_on: date | None, actor: Actor, version: int | None = None) -> None:
    """The printed notice left by post on that local date, because the person has no mailbox or it refused the mail.

    Raises DomainError `notice_not_approved`, `notice_sent_already`, `sent_on_missing` or `sent_on_impossible`.
    """
    case = extension.case_right.case
    actor.must(Act.CASE_WORK, case.organisation)
    case_touch(case=case, version=version)
    if not extension.is_approved:
        raise DomainError("notice_not_approved", _("A second person has not approved this extension yet."))
    # A mail that waits behind an outage is stopped, so that the notice leaves one way only.
    if not extension.is_to_post and not (extension.mail and not extension.sent_at and outbox_stop(extension.mail)):
        raise DomainError("notice_sent_already", _("This notice has left already, or its mail is leaving."))
    approved_at = extension.reviewed_at or extension.written_at
    extension_leave(extension=extension, sent_at=sent_moment(case, sent_on, after=approved_at), actor=actor)


@transaction.atomic
def extension_leave(*, extension: Extension, sent_at: datetime, actor: Actor = Actor.SYSTEM) -> None:
    """The notice has left at that aware instant: from now on the extended date holds. Idempotent.

    One that left after the legal date extends nothing: the engine says so, and the first date stands.
    """
    case_lock(extension.case_right.case)
    if not Extension.objects.filter(pk=extension.pk, sent_at=None).update(sent_at=sent_at):
        return
    extension.refresh_from_db(fields=["sent_at"])
    _journal(extension, "extension.left", actor, {}, sent_at=sent_at.isoformat())
    case_clock_refresh(case=extension.case_right.case, cause=ClockCause.EXTENDED)


def _stands(extension: Extension, review: Review, user: User, note: str) -> None:
    """Close the review; the day may have passed, or the right been decided, since the extension was written."""
    if refusal := extension_refusal(extension.case_right, _today(extension.case_right)):
        raise refusal
    review_close(extension, review, user, note)


def _notice_leave(extension: Extension, kind: str, actor: Actor, values: dict[str, str]) -> None:
    """Write the notice and journal why it may leave; where the tracking page is all there is, it has left already."""
    message = _notice_write(extension)
    _journal(extension, kind, actor, values, message=message.pk)
    if reached_by_page_only(extension.case_right.case):
        extension_leave(extension=extension, sent_at=message.at)


def _notice_write(extension: Extension) -> Message:
    """File the notice on the tracking page and mail it; without a mailbox it is printed, and somebody posts it."""
    case_right = extension.case_right
    case = case_right.case
    until = clock_extended(case_right, datetime.now(UTC))
    with language_override(case.language), timezone.override(case.organisation.time_zone):
        paragraphs = extension_paragraphs(extension, until, law_of(case_right))
    # What a member wrote goes only where we know that somebody reads it; the law's reason goes in any case.
    unwritten = [words for words in paragraphs if words != extension.reasoning]
    message, mail = person_tell(
        case=case,
        body="\n\n".join(paragraphs),
        author=extension.reviewer,
        template="emails/extension_notice",
        key="extension",
        context=lambda address: {"paragraphs": paragraphs if address.confirmed_at else unwritten},
    )
    Extension.objects.filter(pk=extension.pk).update(notice_message=message, mail=mail)
    extension.notice_message, extension.mail = message, mail
    task_queue_on_commit("requests_app.notice_prepare", extension.pk)
    return message


def _journal(extension: Extension, kind: str, actor: Actor, values: dict[str, str], **facts: str | int) -> None:
    case = extension.case_right.case
    case_journal(
        case=case,
        kind=kind,
        actor=actor,
        facts={
            "right": extension.case_right.right,
            "extension": extension.pk,
            "because": str(extension.reason),
            **facts,
        },
        values=values,
    )
