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
from dsar.core.errors import DomainError, NotAllowed
from dsar.core.journal import journal_append
from dsar.core.models import Organisation, User
from dsar.core.roles import Act
from requests_app.correspondence import person_write
from requests_app.deadlines import local_date
from requests_app.letters import extension_paragraphs
from requests_app.models import Case, CaseRight, Decision, Extension, Message, PartyAddress
from requests_app.rights_table import RULES
from requests_app.services.cases import case_touch
from requests_app.services.clocks import case_clock_refresh, clock_extended, law_of
from requests_app.services.decisions import reviewers_for
from requests_app.services.suspensions import sent_moment
from requests_app.vocabulary import AddressKind, Channel, ClockCause, Direction, ExtensionReason, OutgoingState, Stage

EXTENDABLE = (Stage.TO_DO, Stage.IN_PROGRESS, Stage.AWAITING_PERSON)
YEAR = timedelta(days=365)


def may_extend(case_right: CaseRight) -> bool:
    """Whether an extension may still be written for this right; reads `extensions` through the prefetch cache."""
    return _is_known(case_right) and case_right.stage in EXTENDABLE and not (
        _expired(case_right) or extension_of(case_right)
    )


def _is_known(case_right: CaseRight) -> bool:
    """Whether the law gives this right a longer period: Switzerland and Brazil name none (law.md §2.8)."""
    return RULES[case_right.right].may_wait and law_of(case_right).extended is not None


def extension_of(case_right: CaseRight) -> Extension | None:
    """The extension that is written, approved or announced; one that was sent back is none."""
    alive = (one for one in case_right.extensions.all() if one.review != Decision.Review.SENT_BACK)
    return next(alive, None)


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
    _extendable_check(case_right)
    if not reasoning.strip():
        raise DomainError("reasoning_missing", _("Write the reasons: the person must be able to understand them."))
    if extension_of(case_right) is not None:
        raise DomainError("extension_exists", _("This right has an extension already; there is only one."))
    extension = Extension.objects.create(
        case_right=case_right,
        reason=ExtensionReason(reason),
        reasoning=reasoning.strip(),
        author=author,
        written_at=datetime.now(UTC),
        review=Decision.Review.WAITING,
    )
    _journal(extension, "extension.submitted", actor, {"reasoning": extension.reasoning})
    return extension


@transaction.atomic
def extension_approve(*, extension: Extension, actor: Actor, note: str = "", version: int | None = None) -> None:
    """A second person approves, and the notice leaves. Raises NotAllowed for the author, `extension_too_late`."""
    user = _reviewing(extension, actor, version)
    _review_close(extension, Decision.Review.APPROVED, user, note)
    message = _notice_write(extension)
    _journal(
        extension, "extension.approved", actor, {"note": note.strip()} if note.strip() else {}, message=message.pk
    )


@transaction.atomic
def extension_send_back(*, extension: Extension, actor: Actor, note: str, version: int | None = None) -> None:
    """A second person says no, and what would change it; another one may be written. Raises `note_missing`."""
    user = _reviewing(extension, actor, version)
    if not note.strip():
        raise DomainError("note_missing", _("Say what must change."))
    _review_close(extension, Decision.Review.SENT_BACK, user, note)
    _journal(extension, "extension.sent_back", actor, {"note": note.strip()})


@transaction.atomic
def extension_single_handed(*, extension: Extension, actor: Actor, reason: str, version: int | None = None) -> None:
    """The author lets it stand alone, with a written reason, where nobody else may review (DESIGN §2).

    Raises DomainError `review_always`, `reviewer_exists` or `reason_missing`, NotAllowed for anybody but the author.
    """
    organisation = extension.case_right.case.organisation
    user = actor.must(Act.CASE_WORK, organisation)
    case_touch(case=extension.case_right.case, version=version)
    if organisation.review == Organisation.Review.ALWAYS:
        raise DomainError("review_always", _("This organisation always wants a second person."))
    if user.pk != extension.author_id:
        raise NotAllowed("not_the_author", _("Only the author of the extension can do this."))
    if reviewers_for(organisation, author=user):
        raise DomainError("reviewer_exists", _("Somebody else can review this extension."))
    if not reason.strip():
        raise DomainError("reason_missing", _("Write why no second person reviews this extension."))
    _review_close(extension, Decision.Review.SINGLE_HANDED, user, reason)
    message = _notice_write(extension)
    _journal(extension, "extension.single_handed", actor, {"reason": reason.strip()}, message=message.pk)


@transaction.atomic
def extension_post(*, extension: Extension, sent_on: date | None, actor: Actor, version: int | None = None) -> None:
    """The printed notice left by post on that local date, because the person has no mailbox or it refused the mail.

    Raises DomainError `notice_not_approved`, `notice_sent_already`, `sent_on_missing` or `sent_on_impossible`.
    """
    case = extension.case_right.case
    actor.must(Act.CASE_WORK, case.organisation)
    case_touch(case=case, version=version)
    if not is_approved(extension):
        raise DomainError("notice_not_approved", _("A second person has not approved this extension yet."))
    if not is_to_post(extension):
        raise DomainError("notice_sent_already", _("This notice has left already, or its mail is leaving."))
    approved_at = extension.reviewed_at or extension.written_at
    extension_announce(extension=extension, sent_at=sent_moment(case, sent_on, after=approved_at), actor=actor)


@transaction.atomic
def extension_announce(*, extension: Extension, sent_at: datetime, actor: Actor = Actor.SYSTEM) -> None:
    """The notice has left at that aware instant: from now on the extended date holds. Idempotent.

    One that left after the legal date extends nothing: the engine says so, and the first date stands.
    """
    if not Extension.objects.filter(pk=extension.pk, sent_at=None).update(sent_at=sent_at):
        return
    extension.refresh_from_db(fields=["sent_at"])
    _journal(extension, "extension.announced", actor, {}, sent_at=sent_at.isoformat())
    case_clock_refresh(case=extension.case_right.case, cause=ClockCause.EXTENDED)


def is_approved(extension: Extension) -> bool:
    """Whether its notice may leave: a second person agreed, or nobody else could."""
    return extension.review in (Decision.Review.APPROVED, Decision.Review.SINGLE_HANDED)


def is_to_post(extension: Extension) -> bool:
    """Whether the notice must leave by post: no mailbox, or its mail was refused."""
    by_mail = extension.mail is not None and extension.mail.state != OutgoingState.FAILED
    return is_approved(extension) and extension.sent_at is None and not by_mail


def _extendable_check(case_right: CaseRight) -> None:
    if not _is_known(case_right):
        raise DomainError("right_not_extendable", _("The law knows no extension for this right."))
    if case_right.stage not in EXTENDABLE:
        raise DomainError("right_not_extendable", _("This right is decided or in review: answer it instead."))
    if _expired(case_right):
        raise DomainError(
            "extension_too_late", _("The first period is over: the law allows no extension any more. Answer now.")
        )


def _expired(case_right: CaseRight) -> bool:
    """Whether the legal date of the notice has passed; it does not pass while a question is open."""
    last = case_right.extension_notice_due_on
    return last is not None and local_date(datetime.now(UTC), case_right.case.organisation.time_zone) > last


def _reviewing(extension: Extension, actor: Actor, version: int | None) -> User:
    user = actor.must(Act.CASE_REVIEW, extension.case_right.case.organisation)
    case_touch(case=extension.case_right.case, version=version)
    if user.pk == extension.author_id:
        raise NotAllowed("own_decision", _("The author of an extension never reviews it."))
    return user


def _review_close(extension: Extension, review: Decision.Review, user: User, note: str) -> None:
    if review != Decision.Review.SENT_BACK:
        _extendable_check(extension.case_right)  # the day may have passed, or the right been decided, meanwhile
    closed = Extension.objects.filter(pk=extension.pk, review=Decision.Review.WAITING).update(
        review=review, reviewer=user, reviewed_at=datetime.now(UTC), review_note=note.strip()
    )
    if not closed:
        raise DomainError("not_waiting", _("This extension is not waiting for a review."))
    extension.refresh_from_db()


def _notice_write(extension: Extension) -> Message:
    """File the notice on the tracking page and mail it; without a mailbox it is printed, and somebody posts it."""
    case_right = extension.case_right
    case = case_right.case
    until = clock_extended(case_right, datetime.now(UTC))
    with language_override(case.language), timezone.override(case.organisation.time_zone):
        paragraphs = extension_paragraphs(extension, until, law_of(case_right))
    message = Message.objects.create(
        case=case,
        direction=Direction.OUTBOUND,
        channel=Channel.FORM,
        author=extension.reviewer,
        body="\n\n".join(paragraphs),
        at=datetime.now(UTC),
    )
    address = PartyAddress.objects.mailboxes(case).first()
    mail = None
    if address is not None:
        mail = person_write(
            case=case,
            template="emails/extension_notice",
            address=address,
            key=f"extension:{case.reference}:{extension.pk}",
            # What a member wrote goes only where we know that somebody reads it; the law's reason goes in any case.
            context={
                "paragraphs": paragraphs
                if address.confirmed_at
                else [words for words in paragraphs if words != extension.reasoning]
            },
        )
    Extension.objects.filter(pk=extension.pk).update(notice_message=message, mail=mail)
    extension.notice_message, extension.mail = message, mail
    task_queue_on_commit("requests_app.notice_prepare", extension.pk)
    if mail is None and not _has_post(case) and case.tracking_key_hash:
        extension_announce(extension=extension, sent_at=message.at)  # the tracking page is the only way there is
    return message


def _has_post(case: Case) -> bool:
    return PartyAddress.objects.filter(party__case=case, kind=AddressKind.POSTAL).exists()


def _journal(extension: Extension, kind: str, actor: Actor, values: dict[str, str], **facts: str | int) -> None:
    case = extension.case_right.case
    journal_append(
        chain=case.chain,
        organisation=case.organisation,
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
