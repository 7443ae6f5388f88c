"""Restriction (GDPR art. 18): data that are only stored until a day to look again, and the letter before that ends.

Asked for by itself, or while an accuracy or an objection is examined. Lifting without telling the person first is
refused (art. 18(3)): the letter before lifting is one of its own, and it counts from the day it has left.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override as language_override

from dsar.core.actors import Actor
from dsar.core.broker import task_queue_on_commit
from dsar.core.errors import DomainError
from dsar.core.roles import Act
from requests_app.case_journal import case_journal
from requests_app.correspondence import person_tell
from requests_app.deadlines import local_date
from requests_app.letters import lifting_paragraphs
from requests_app.models import Case, CaseRight, Deliverable, Restriction
from requests_app.outbox import outbox_stop
from requests_app.services.cases import case_lock, case_touch_open
from requests_app.services.parties import reached_by_page_only
from requests_app.services.recipients import recipient_lines_add
from requests_app.services.suspensions import sent_moment
from requests_app.services.work import case_right_start, case_task_add, case_task_finish
from requests_app.vocabulary import (
    LIFTING_KINDS,
    DeliverableState,
    RestrictionGround,
    Stage,
    TaskKind,
)

# While a right is examined, the person may ask for a restriction on this ground only (GDPR art. 18(1)(a) and (d)).
_MEANWHILE = {"rectification": RestrictionGround.ACCURACY, "objection": RestrictionGround.OBJECTION}


def restriction_grounds(case_right: CaseRight) -> tuple[RestrictionGround, ...]:
    """The letters of art. 18(1) on which data may be restricted for this right; empty where none applies."""
    if case_right.right == "restriction":
        return tuple(RestrictionGround)
    return (_MEANWHILE[case_right.right],) if case_right.right in _MEANWHILE else ()


@transaction.atomic
def restriction_begin(
    *, case_right: CaseRight, ground: str, scope: str, review_on: date, actor: Actor, version: int | None = None
) -> Restriction:
    """From now on these data are only stored (art. 18(2)), until somebody looks again on `review_on`, a local date.

    `scope` says which data, in the person's language. Work on the right begins with it, and every recipient is to be
    told (art. 19). Raises DomainError `ground_not_possible`, `scope_missing`, `review_not_later`, `restriction_exists`
    or `case_closed`.
    """
    case = case_right.case
    member = actor.must(Act.CASE_WORK, case.organisation)
    case_touch_open(case=case, version=version)
    if ground not in restriction_grounds(case_right):
        raise DomainError("ground_not_possible", _("This right does not allow this ground."))
    if not scope.strip():
        raise DomainError("scope_missing", _("Say which data are restricted."))
    _review_day_check(case, review_on)
    if case_right.restrictions.in_force().exists():
        raise DomainError("restriction_exists", _("These data are restricted already: prolong that restriction."))
    if case_right.stage == Stage.TO_DO:
        case_right_start(case_right=case_right, actor=actor)
    restriction: Restriction = Restriction.objects.create(
        case_right=case_right,
        ground=RestrictionGround(ground),
        scope=scope.strip(),
        since=datetime.now(UTC),
        review_on=review_on,
        begun_by=member,
    )
    recipient_lines_add(case_right=case_right)
    _journal(restriction, "restriction.begun", actor, {"scope": restriction.scope}, review_on=review_on.isoformat())
    return restriction


@transaction.atomic
def restriction_prolong(
    *, restriction: Restriction, review_on: date, why: str, actor: Actor, version: int | None = None
) -> None:
    """It goes on until another day to look again; a letter that announced its end is taken back.

    Raises DomainError `restriction_lifted`, `why_missing`, `review_not_later` or `case_closed`.
    """
    case = restriction.case_right.case
    actor.must(Act.CASE_WORK, case.organisation)
    case_touch_open(case=case, version=version)
    _standing_check(restriction)
    if not why.strip():
        raise DomainError("why_missing", _("Write why the restriction goes on."))
    _review_day_check(case, review_on)
    _review_finish(restriction, actor, why.strip())
    if restriction.mail is not None and restriction.told_at is None:
        outbox_stop(restriction.mail)
    Deliverable.objects.filter(case=case, rights=restriction.case_right, kind__in=LIFTING_KINDS).update(
        state=DeliverableState.REVOKED
    )
    _change(
        restriction, review_on=review_on, review_task=None, lift_reason="", announced_at=None, announced_by=None,
        lift_message=None, letter=None, mail=None, told_at=None,
    )  # fmt: skip
    _journal(restriction, "restriction.prolonged", actor, {"why": why.strip()}, review_on=review_on.isoformat())


@transaction.atomic
def lifting_announce(*, restriction: Restriction, reason: str, actor: Actor, version: int | None = None) -> None:
    """Write the letter before lifting (art. 18(3)); it leaves by mail, or by post where there is no mailbox.

    `reason` stands in it, in the person's language. Raises DomainError `restriction_lifted`, `lifting_announced`,
    `reason_missing` or `case_closed`.
    """
    case = restriction.case_right.case
    member = actor.must(Act.CASE_WORK, case.organisation)
    case_touch_open(case=case, version=version)
    _standing_check(restriction)
    if restriction.announced_at is not None:
        raise DomainError("lifting_announced", _("The letter before lifting is written already."))
    if not reason.strip():
        raise DomainError("reason_missing", _("Write why the restriction ends: the person reads it."))
    now = datetime.now(UTC)
    _change(restriction, lift_reason=reason.strip(), announced_at=now, announced_by=member)
    message, mail = person_tell(
        case=case,
        body="\n\n".join(_paragraphs(restriction)),
        author=member,
        template="emails/lifting_notice",
        key="lifting",
        context=lambda address: {"paragraphs": _paragraphs(restriction, in_full=address.confirmed_at is not None)},
        at=now,
    )
    _change(restriction, lift_message=message, mail=mail)
    task_queue_on_commit("requests_app.lifting_prepare", restriction.pk)
    _journal(restriction, "lifting.announced", actor, {"reason": restriction.lift_reason}, message=message.pk)
    if reached_by_page_only(case):
        lifting_leave(restriction=restriction, left_at=now)


def _paragraphs(restriction: Restriction, *, in_full: bool = True) -> list[str]:
    case = restriction.case_right.case
    with language_override(case.language), timezone.override(case.organisation.time_zone):
        return lifting_paragraphs(restriction, in_full=in_full)


@transaction.atomic
def lifting_post(*, restriction: Restriction, sent_on: date | None, actor: Actor, version: int | None = None) -> None:
    """The printed letter left by post on that local date, because there is no mailbox or it refused the mail.

    Raises DomainError `not_announced`, `lifting_sent_already`, `sent_on_missing` or `sent_on_impossible`.
    """
    case = restriction.case_right.case
    actor.must(Act.CASE_WORK, case.organisation)
    case_touch_open(case=case, version=version)
    _standing_check(restriction)
    if restriction.announced_at is None:
        raise DomainError("not_announced", _("The letter before lifting is not written yet."))
    # A mail that waits behind an outage is stopped, so that the letter leaves one way only.
    if not restriction.is_to_post and not (restriction.may_post and restriction.mail and outbox_stop(restriction.mail)):
        raise DomainError("lifting_sent_already", _("This letter has left already, or its mail is leaving."))
    left_at = sent_moment(case, sent_on, after=restriction.announced_at)
    lifting_leave(restriction=restriction, left_at=left_at, actor=actor)


@transaction.atomic
def lifting_leave(*, restriction: Restriction, left_at: datetime, actor: Actor = Actor.SYSTEM) -> None:
    """The letter before lifting has left at that aware instant: from now on the restriction may be lifted. Idempotent.

    One whose letter was taken back meanwhile is left alone.
    """
    case_lock(restriction.case_right.case)
    rows = Restriction.objects.filter(
        pk=restriction.pk, told_at=None, lifted_at=None, lift_message=restriction.lift_message
    )
    if not rows.exclude(announced_at=None).update(told_at=left_at):
        return
    restriction.refresh_from_db(fields=["told_at"])
    _journal(restriction, "lifting.left", actor, {}, sent_at=left_at.isoformat())


@transaction.atomic
def restriction_lift(*, restriction: Restriction, actor: Actor, version: int | None = None) -> None:
    """The data may be used again. Raises DomainError `not_told` until the letter has left (art. 18(3)),
    `restriction_lifted` or `case_closed`.
    """
    case = restriction.case_right.case
    member = actor.must(Act.CASE_WORK, case.organisation)
    case_touch_open(case=case, version=version)
    _standing_check(restriction)
    if restriction.told_at is None and restriction.mail and restriction.mail.sent_at:
        lifting_leave(restriction=restriction, left_at=restriction.mail.sent_at)  # a moment ago, before any sweep
    if restriction.told_at is None:
        raise DomainError("not_told", _("Tell the person first: the letter before lifting has not left (article 18)."))
    _change(restriction, lifted_at=datetime.now(UTC), lifted_by=member)
    _review_finish(restriction, actor, "")
    _journal(restriction, "restriction.lifted", actor, {})


def restrictions_review(now: datetime) -> int:
    """Open the work of looking again for each restriction whose day has come where its organisation is; how many.

    Selects on state, so that a sweep that runs late or twice does the same.
    """
    due = Restriction.objects.in_force().filter(review_task=None, review_on__lte=(now + timedelta(days=1)).date())
    opened = 0
    for restriction in due.select_related("case_right__case__organisation"):
        if restriction.review_on <= local_date(now, restriction.case_right.case.organisation.time_zone):
            _review_open(restriction)
            opened += 1
    return opened


@transaction.atomic
def _review_open(restriction: Restriction) -> None:
    case_right = restriction.case_right
    case_lock(case_right.case)
    restriction.refresh_from_db(fields=["review_on", "review_task", "lifted_at"])
    if restriction.lifted_at or restriction.review_task_id:
        return
    task = case_task_add(
        case_right=case_right,
        kind=TaskKind.REVIEW_RESTRICTION,
        subject_key=f"restriction:{restriction.pk}:{restriction.review_on}",
        blocking=False,
    )
    _change(restriction, review_task=task)


def _review_finish(restriction: Restriction, actor: Actor, note: str) -> None:
    if restriction.review_task is not None:
        case_task_finish(task=restriction.review_task, actor=actor, note=note)


def _standing_check(restriction: Restriction) -> None:
    """Raises DomainError `restriction_lifted`; reads the row as it is now."""
    restriction.refresh_from_db()
    if restriction.lifted_at is not None:
        raise DomainError("restriction_lifted", _("This restriction is lifted already."))


def _review_day_check(case: Case, review_on: date) -> None:
    if review_on <= local_date(datetime.now(UTC), case.organisation.time_zone):
        raise DomainError("review_not_later", _("Give a day after today."))


def _change(restriction: Restriction, **fields: Any) -> None:
    for name, value in fields.items():
        setattr(restriction, name, value)
    restriction.save(update_fields=list(fields))


def _journal(restriction: Restriction, kind: str, actor: Actor, values: dict[str, str], **facts: str | int) -> None:
    case_right = restriction.case_right
    case_journal(
        case=case_right.case,
        kind=kind,
        actor=actor,
        facts={
            "right": case_right.right,
            "restriction": restriction.pk,
            "restriction_ground": str(restriction.ground),
            **facts,
        },
        values=values,
    )
