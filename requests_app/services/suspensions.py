"""Questions to the person that suspend a clock: asked, sent, answered or given up (EDPB 01/2022 §159, art. 12(6)).

Only a question that has left suspends anything, and only what needs its answer. Whatever the person writes counts as
the answer until a member says that it is none: a clock that runs too early harms nobody, one that stands still does.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.roles import Act
from dsar.core.templatetags.dsar_format import day_full
from requests_app.case_journal import case_journal
from requests_app.correspondence import body_checked, person_tell
from requests_app.deadlines import Pause, local_date
from requests_app.models import Case, CaseRight, PartyAddress, Suspension
from requests_app.outbox import outbox_stop
from requests_app.rights_table import RULES
from requests_app.services.cases import case_lock, case_touch
from requests_app.services.clocks import case_clock_refresh, clock_compute, facts_of
from requests_app.services.reopening import message_hold
from requests_app.services.work import case_right_start
from requests_app.vocabulary import (
    UNDECIDED,
    Channel,
    ClockCause,
    Direction,
    Stage,
    SuspensionEnd,
    SuspensionReason,
    Way,
)
from requests_app.workflow import case_right_move

logger = logging.getLogger(__name__)


def may_suspend(case_right: CaseRight) -> bool:
    """Whether a question about this right may suspend its clock now.

    Never for a withdrawal of consent and an objection to marketing (DESIGN §2), nor once the right is decided.
    """
    return RULES[case_right.right].may_wait and case_right.stage in UNDECIDED


def asked_days(case_right: CaseRight, questions: Iterable[Suspension]) -> dict[str, date]:
    """The local day on which a question of each kind last left; a kind that was never asked is missing.

    `questions` are those of the case, with their mails and rights. Who asks is one question for every right; what is
    asked for is one of the rights that it names.
    """
    zone, days = case_right.case.organisation.time_zone, {}
    for question in questions:
        left_at = question.asked_at or (question.mail.sent_at if question.mail else None)
        concerns = question.reason == SuspensionReason.IDENTITY or case_right in question.rights.all()
        if left_at is not None and concerns:
            days[question.reason] = local_date(left_at, zone)
    return days


@transaction.atomic
def case_suspend(
    *,
    case: Case,
    rights: Sequence[CaseRight],
    reason: str,
    why: str,
    body: str,
    way: str = Way.PAGE,
    sent_on: date | None = None,
    is_voluminous: bool = False,
    actor: Actor,
    version: int | None = None,
) -> Suspension:
    """Ask the person what is needed to go on with `rights`; their clocks stand still from the day the question leaves.

    `why` is kept on the case: the reasonable doubt (art. 12(6)), or why the scope must be known (recital 63). By post
    the letter left on `sent_on`, a local date. Raises DomainError `rights_missing`, `right_never_suspended`,
    `right_not_askable`, `identity_established`, `why_missing`, `message_empty`, `message_too_long`, `sent_on_missing`,
    `sent_on_impossible` or `no_way_to_ask`.
    """
    member = actor.must(Act.CASE_WORK, case.organisation)
    case_touch(case=case, version=version)
    _askable_check(rights)
    if reason == SuspensionReason.IDENTITY:
        _doubt_check(case)
    if not why.strip():
        raise DomainError("why_missing", _("Write why the answer is needed: the law wants a reason."))
    asked_at = _leaves(case, rights, way, sent_on)
    for case_right in rights:
        if case_right.stage == Stage.TO_DO:  # work begins at once in any case (DESIGN §2)
            case_right_start(case_right=case_right, actor=actor)
    question = body_checked(body)
    message, mail = person_tell(
        case=case,
        body=question,
        author=member,
        template="emails/question_asked",
        key="question",
        context=lambda address: _mail_context(reason, rights, question if address.confirmed_at else ""),
        channel=Channel.POST if way == Way.POST else Channel.FORM,
        at=asked_at,
    )
    suspension = Suspension.objects.create(
        case=case,
        reason=SuspensionReason(reason),
        why=why.strip(),
        is_voluminous=is_voluminous and reason == SuspensionReason.CLARIFY,
        asked_message=message,
        mail=mail,
    )
    suspension.rights.set(rights)
    told = {"why": suspension.why, "body": message.body}
    _journal(suspension, "case.suspended", actor, told, way=str(way), message=message.pk)
    if asked_at is not None:
        suspension_begin(suspension=suspension, asked_at=asked_at)
        _answered_since(suspension)
    return suspension


def _answered_since(suspension: Suspension) -> None:
    """A letter may be entered days after it left: what the person wrote since then counts as its answer."""
    written = suspension.case.messages.filter(direction=Direction.INBOUND, for_the_record=False)
    if (first := written.filter(at__gt=suspension.asked_at).order_by("at").first()) is not None:
        suspensions_answer(case=suspension.case, answered_at=first.at, actor=Actor.DATA_SUBJECT)


def _askable_check(rights: Sequence[CaseRight]) -> None:
    if not rights:
        raise DomainError("rights_missing", _("Choose what cannot go on without the answer."))
    for case_right in rights:
        name = {"right": case_right.definition.name}
        if not RULES[case_right.right].may_wait:
            raise DomainError("right_never_suspended", _("“%(right)s” never waits for an answer: do it now.") % name)
        if case_right.stage not in UNDECIDED:
            raise DomainError("right_not_askable", _("“%(right)s” is decided or in review: no question waits.") % name)


def _doubt_check(case: Case) -> None:
    """Raises DomainError `identity_established`: without a doubt nothing about identity is asked (GDPR art. 12(6))."""
    if Case.objects.filter(pk=case.pk).exclude(identity_established_at=None).exists():
        raise DomainError("identity_established", _("We know who asks: identity is established, so no doubt is left."))


def _leaves(case: Case, rights: Sequence[CaseRight], way: str, sent_on: date | None) -> datetime | None:
    """When the question leaves; None while the mail about it is still to be sent."""
    if way == Way.POST:
        return sent_moment(case, sent_on, after=max(right.received_at for right in rights))
    if PartyAddress.objects.mailboxes(case).exists():
        return None
    if case.tracking_key_hash:
        return datetime.now(UTC)
    raise DomainError("no_way_to_ask", _("This person has no mailbox and no tracking page: ask by post."))


def sent_moment(case: Case, sent_on: date | None, *, after: datetime) -> datetime:
    """The instant for a letter that left on a local date: noon there, or `after` where that is later on the same day.

    Raises DomainError `sent_on_missing`, or `sent_on_impossible` for a day in the future or before `after`.
    """
    if sent_on is None:
        raise DomainError("sent_on_missing", _("Give the day on which the letter left."))
    zone = case.organisation.time_zone
    first, today = local_date(after, zone), local_date(datetime.now(UTC), zone)
    if not first <= sent_on <= today:
        raise DomainError(
            "sent_on_impossible", _("Give a day from %(first)s to today.") % {"first": day_full(first)}
        )
    noon = datetime.combine(sent_on, time(12), ZoneInfo(zone)).astimezone(UTC)
    return max(noon, after)  # what it answers arrived before it, even in the evening


def _mail_context(reason: str, rights: Sequence[CaseRight], question: str) -> dict[str, Any]:
    """What the mail about a question says; the question itself goes only where we know that somebody reads it."""
    return {
        "reason": str(reason),
        "still": [right for right in rights if stands_still(right, reason)],
        "running": [right for right in rights if not stands_still(right, reason)],
        "question": question,
    }


@transaction.atomic
def suspension_begin(*, suspension: Suspension, asked_at: datetime) -> None:
    """The question has left at that aware instant: its rights wait for the person and their clocks stand still.

    Idempotent. Rights that were decided meanwhile are left out, and so is a question that was answered meanwhile; one
    that no right waits for any more is over at once.
    """
    case_lock(suspension.case)
    rows = Suspension.objects.filter(pk=suspension.pk, asked_at=None, answered_at=None)
    if not rows.update(asked_at=asked_at):
        return
    suspension.refresh_from_db(fields=["asked_at"])
    for case_right in suspension.rights.select_related("case__organisation"):
        if case_right.stage == Stage.IN_PROGRESS:
            case_right_move(case_right=case_right, target=Stage.AWAITING_PERSON, actor=Actor.SYSTEM)
        elif case_right.stage != Stage.AWAITING_PERSON:
            suspension.rights.remove(case_right)
    _journal(suspension, "suspension.begun", Actor.SYSTEM, asked_at=asked_at.isoformat())
    if suspension.rights.exists():
        case_clock_refresh(case=suspension.case, cause=ClockCause.SUSPENDED)
    else:
        _close(suspension, asked_at, SuspensionEnd.GIVEN_UP, Actor.SYSTEM)


@transaction.atomic
def suspensions_answer(*, case: Case, answered_at: datetime, actor: Actor, reason: str = "") -> None:
    """Every question, or those with that reason, that was asked before is taken as answered at that aware instant.

    Because the person wrote; or because identity is established by another way, so that nothing is waited for. One
    whose mail has not left yet can be read on the tracking page: its answer keeps the clock from stopping at all.
    """
    case_lock(case)
    for suspension in case.suspensions.open().select_related("mail", "asked_message"):
        if reason and suspension.reason != reason:
            continue
        suspension.case = case
        try:
            with transaction.atomic():
                _left_note(suspension)
                if suspension.answered_at is None and _was_asked(suspension, answered_at):
                    _close(suspension, answered_at, SuspensionEnd.ANSWERED, actor)
        except DomainError as error:  # what the person did stands, also where the facts of a clock contradict it
            logger.error("An answer on %s starts no clock: %s", case.reference, error.code)


def _left_note(suspension: Suspension) -> None:
    """Begin a question whose mail has left while nobody noted it yet, before anything else is said of it."""
    sent_at = suspension.mail.sent_at if suspension.mail is not None else None
    if suspension.asked_at is None and sent_at is not None:
        suspension_begin(suspension=suspension, asked_at=sent_at)
        suspension.refresh_from_db(fields=["asked_at", "answered_at", "end"])


def _was_asked(suspension: Suspension, by: datetime) -> bool:
    """Whether the person could have read the question then; of a letter only the day is known."""
    asked_at = suspension.asked_at or suspension.asked_message.at
    if suspension.asked_message.channel != Channel.POST:
        return asked_at <= by
    zone = suspension.case.organisation.time_zone
    return local_date(asked_at, zone) <= local_date(by, zone)


@transaction.atomic
def suspension_answer(
    *, suspension: Suspension, answered_at: datetime, actor: Actor, version: int | None = None
) -> None:
    """The answer came by another way, by post or by phone, at that aware instant: the clock runs on from there.

    Raises DomainError `not_waiting_for_answer`, `answered_in_future` or `answered_before_asked`.
    """
    actor.must(Act.CASE_WORK, suspension.case.organisation)
    case_touch(case=suspension.case, version=version)
    _left_note(suspension)
    if answered_at > datetime.now(UTC):
        raise DomainError("answered_in_future", _("An answer cannot have arrived in the future."))
    zone = suspension.case.organisation.time_zone
    asked_at = suspension.asked_at or suspension.asked_message.at
    if local_date(answered_at, zone) < local_date(asked_at, zone):
        raise DomainError("answered_before_asked", _("The answer cannot have come before the question left."))
    _close(suspension, answered_at, SuspensionEnd.ANSWERED, actor)


@transaction.atomic
def suspension_end(*, suspension: Suspension, actor: Actor, version: int | None = None) -> None:
    """Go on without the answer: the clock runs again from now. What is refused for it still owes art. 12(4)."""
    actor.must(Act.CASE_WORK, suspension.case.organisation)
    case_touch(case=suspension.case, version=version)
    _left_note(suspension)
    _close(suspension, datetime.now(UTC), SuspensionEnd.GIVEN_UP, actor)


def suspensions_drop(*, case_right: CaseRight, actor: Actor) -> None:
    """The right is decided or ended: a question that no other right waits for is over, and not sent any more."""
    for suspension in case_right.suspensions.open().select_related("mail", "asked_message"):
        suspension.case = case_right.case
        _left_note(suspension)
        if suspension.answered_at is None and not suspension.rights.filter(stage__in=UNDECIDED).exists():
            _close(suspension, datetime.now(UTC), SuspensionEnd.GIVEN_UP, actor)


def suspensions_leave(*, case_right: CaseRight, actor: Actor) -> None:
    """The right never waits: no question stands or stood its clock still. One that nobody else waits for is over."""
    for suspension in case_right.suspensions.select_related("mail", "asked_message"):
        suspension.case = case_right.case
        _left_note(suspension)
        suspension.rights.remove(case_right)
        if suspension.answered_at is None and not suspension.rights.filter(stage__in=UNDECIDED).exists():
            _close(suspension, datetime.now(UTC), SuspensionEnd.GIVEN_UP, actor)
    case_right.refresh_from_db(fields=["stage"])
    if case_right.stage == Stage.AWAITING_PERSON:
        case_right_move(case_right=case_right, target=Stage.IN_PROGRESS, actor=actor)


def may_continue(suspension: Suspension) -> bool:
    """Whether a member may still find that the answer to this question was none."""
    is_settled = suspension.reason == SuspensionReason.IDENTITY and suspension.case.identity_established_at is not None
    waits = all(right.stage in (Stage.IN_PROGRESS, Stage.AWAITING_PERSON) for right in suspension.rights.all())
    return suspension.end == SuspensionEnd.ANSWERED and suspension.asked_at is not None and waits and not is_settled


@transaction.atomic
def suspension_continue(
    *, suspension: Suspension, reason: str, actor: Actor, version: int | None = None
) -> None:
    """What the person wrote was no answer: the question stays open, and its clock stood still all the time.

    Where something else is answered already, a task asks what the message is then (`reopening`).
    Raises DomainError `reason_missing`, `question_open` when nothing was taken for an answer, `question_never_left`,
    `identity_established`, `right_moved_on`, or `due_date_passed`: what is overdue does not become timely again.
    """
    actor.must(Act.CASE_WORK, suspension.case.organisation)
    case_touch(case=suspension.case, version=version)
    if not reason.strip():
        raise DomainError("reason_missing", _("Write why this is not the answer."))
    if suspension.asked_at is None:
        raise DomainError("question_never_left", _("This question never left: ask it again."))
    if suspension.reason == SuspensionReason.IDENTITY:
        _doubt_check(suspension.case)
    rights = list(suspension.rights.select_related("case__organisation"))
    if any(right.stage not in (Stage.IN_PROGRESS, Stage.AWAITING_PERSON) for right in rights):
        raise DomainError("right_moved_on", _("This right has been decided meanwhile."))
    today = local_date(datetime.now(UTC), suspension.case.organisation.time_zone)
    if any(right.due_on is not None and right.due_on < today for right in rights):
        raise DomainError("due_date_passed", _("The due date has passed: answer now. A new question stops nothing."))
    rows = Suspension.objects.filter(pk=suspension.pk, end=SuspensionEnd.ANSWERED)
    if not rows.update(answered_at=None, end=""):
        raise DomainError("question_open", _("Nothing was taken for an answer to this question."))
    for case_right in rights:
        if case_right.stage == Stage.IN_PROGRESS:
            case_right_move(case_right=case_right, target=Stage.AWAITING_PERSON, actor=actor)
    _journal(suspension, "suspension.continued", actor, {"reason": reason.strip()})
    case_clock_refresh(case=suspension.case, cause=ClockCause.CONTINUED)
    written = suspension.case.messages.filter(direction=Direction.INBOUND, for_the_record=False)
    taken = written.filter(at=suspension.answered_at).first() if suspension.answered_at else None
    if taken is not None:
        message_hold(message=taken)


def _close(suspension: Suspension, answered_at: datetime, end: SuspensionEnd, actor: Actor) -> None:
    """Compare and swap; rights that wait for nothing else go back to work, and the clocks run."""
    if not Suspension.objects.filter(pk=suspension.pk, answered_at=None).update(answered_at=answered_at, end=end):
        raise DomainError("not_waiting_for_answer", _("This question is answered already."))
    suspension.answered_at, suspension.end = answered_at, end
    if suspension.asked_at is None and suspension.mail is not None:
        outbox_stop(suspension.mail)  # it would tell of a clock that stands still
    for case_right in suspension.rights.select_related("case__organisation"):
        still_waits = case_right.suspensions.open().exclude(asked_at=None).exists()
        if case_right.stage == Stage.AWAITING_PERSON and not still_waits:
            case_right_move(case_right=case_right, target=Stage.IN_PROGRESS, actor=actor)
    kind = "suspension.answered" if end == SuspensionEnd.ANSWERED else "suspension.ended"
    _journal(suspension, kind, actor, answered_at=answered_at.isoformat())
    cause = ClockCause.RESUMED if end == SuspensionEnd.ANSWERED else ClockCause.GIVEN_UP
    case_clock_refresh(case=suspension.case, cause=cause)


def stands_still(case_right: CaseRight, reason: str) -> bool:
    """Whether a question that left now would suspend this clock: not in every country, and not after the last day."""
    facts = facts_of(case_right)
    asked = Pause(reason, asked_on=local_date(datetime.now(UTC), facts.time_zone))
    trial = replace(facts, pauses=(*facts.pauses, asked))
    return clock_compute(case_right.right, trial).deadline.due_on is None


def _journal(
    suspension: Suspension, kind: str, actor: Actor, values: dict[str, str] | None = None, **facts: str | int
) -> None:
    case = suspension.case
    case_journal(
        case=case,
        kind=kind,
        actor=actor,
        facts={
            "suspension": suspension.pk,
            "question": str(suspension.reason),
            "rights": list(suspension.rights.values_list("right", flat=True)),
            **facts,
        },
        values=values,
    )
