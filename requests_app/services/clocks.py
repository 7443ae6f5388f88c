"""The one writer of cached dates: each right's clock from its own facts, and the case's next date (GDPR art. 12(3))."""

import hashlib
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from dsar.core import jurisdictions
from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.jurisdictions import jurisdiction
from dsar.core.models import Organisation, Sweep
from dsar.core.sweeps import CLOCKS, sweep_note
from requests_app.case_journal import case_journal
from requests_app.deadline_rules import RULES as LAWS
from requests_app.deadline_rules import Rule, rule_for
from requests_app.deadlines import Deadline, Facts, Pause, deadline, local_date, working_days_after
from requests_app.models import Case, CaseRight
from requests_app.models.cases import LOOK_NOW
from requests_app.rights_table import RULES
from requests_app.services.cases import case_lock
from requests_app.vocabulary import ClockCause

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Clock:
    """The computed clock of one right: the engine's answer and our own target, if the right has one."""

    deadline: Deadline
    target_on: date | None

    @property
    def fields(self) -> dict[str, Any]:
        """The cache columns of CaseRight."""
        computed = self.deadline
        dates = {
            "due_on": computed.due_on,
            "last_day": computed.last_day,
            "prudent_due_on": computed.prudent_due_on,
            "extension_notice_due_on": computed.extension_notice_due_on,
            "extension_notice_prudent_on": computed.extension_notice_prudent_on,
            "refusal_notice_due_on": computed.refusal_notice_due_on,
            "target_on": self.target_on,
        }
        return {
            **dates,
            "paused_days": computed.remaining_days if computed.state == "suspended" else None,
            "clock_flags": list(computed.flags),
            "clock_explanation": list(computed.explanation),
            "clock_rule": computed.rule,
            "clock_calendar": computed.calendar,
        }


def facts_new(organisation: Organisation, received_at: datetime) -> Facts:
    """The facts of a right that has just arrived, at an aware instant, at the organisation's establishment."""
    return Facts(
        jurisdiction=organisation.jurisdiction,
        time_zone=organisation.time_zone,
        received_at=received_at,
        counting=settings.DSAR_SUSPENSION_COUNTING,
    )


def facts_of(case_right: CaseRight) -> Facts:
    """What happened to a right, on local dates; a question or a notice that has not left is no fact yet.

    Reads `suspensions` and `extensions` through the prefetch cache when there is one.
    """
    zone = case_right.case.organisation.time_zone
    asked = [one for one in case_right.suspensions.all() if one.asked_at]
    announced = [one.sent_at for one in case_right.extensions.all() if one.sent_at and not one.is_past]
    if case_right.reopened_at is not None:  # what came before belongs to a clock that has ended
        asked = [one for one in asked if one.asked_at >= case_right.reopened_at]
    return replace(
        facts_new(case_right.case.organisation, case_right.counts_from),
        pauses=tuple(
            Pause(
                reason=suspension.reason,
                asked_on=local_date(suspension.asked_at, zone),
                answered_on=local_date(suspension.answered_at, zone) if suspension.answered_at else None,
                is_voluminous=suspension.is_voluminous,
            )
            for suspension in asked
        ),
        extended_on=local_date(min(announced), zone) if announced else None,
    )


def clock_compute(right: str, facts: Facts) -> Clock:
    """The clock of a right of that code. Raises DomainError for facts that contradict each other."""
    received_on = local_date(facts.received_at, facts.time_zone)
    days_of_facts = [facts.extended_on, *(pause.answered_on or pause.asked_on for pause in facts.pauses)]
    last_fact_on = max([received_on, *filter(None, days_of_facts)])
    days = RULES[right].target_working_days
    calendar = jurisdiction(facts.jurisdiction).calendar
    target_on = working_days_after(received_on, days, calendar) if days else None
    return Clock(deadline(facts, on=last_fact_on), target_on)


def clock_extended(case_right: CaseRight, at: datetime) -> Deadline:
    """The clock as it would be, if the notice of an extension left at that aware instant."""
    facts = facts_of(case_right)
    return clock_compute(case_right.right, replace(facts, extended_on=local_date(at, facts.time_zone))).deadline


def law_of(case_right: CaseRight) -> Rule:
    """The law that counts for a right: of its organisation's jurisdiction, on the day of receipt."""
    organisation = case_right.case.organisation
    received_on = local_date(case_right.counts_from, organisation.time_zone)
    return rule_for(jurisdiction(organisation.jurisdiction).rule, received_on)


def next_on(rights: Iterable[CaseRight], otherwise: date) -> date:
    """The smallest date that still matters among rights not answered yet; `otherwise` when all are."""
    return min((right.matters_on for right in rights if not right.is_answered), default=otherwise)


@transaction.atomic
def case_clock_refresh(*, case: Case, cause: str = ClockCause.CALENDAR) -> list[dict[str, Any]]:
    """Recompute the clocks of a case's open rights; writes, journals with its cause, and returns what changed.

    Answered rights are never recomputed (DESIGN §5). Idempotent. Raises what `clock_compute` raises.
    """
    changes: list[dict[str, Any]] = []
    case_lock(case)
    rights = list(CaseRight.objects.select_for_update().filter(case=case).with_facts())
    for right in rights:
        right.case = case
        if right.is_answered:
            continue
        fields = clock_compute(right.right, facts_of(right)).fields
        if change := _clock_write(right, fields):
            changes.append(change)
    _next_write(case, rights)
    if changes:
        case_journal(
            case=case, kind="clock.computed", actor=Actor.SYSTEM, facts={"cause": str(cause), "changes": changes}
        )
    return changes


def _clock_write(right: CaseRight, fields: dict[str, Any]) -> dict[str, Any] | None:
    """Write what differs; returns the change as the journal tells it, None when all is as it was."""
    changed = [name for name, value in fields.items() if getattr(right, name) != value]
    if not changed:
        return None
    before = right.due_on
    for name in changed:
        setattr(right, name, fields[name])
    right.remind_on = LOOK_NOW  # the sweep goes through the thresholds again; the ledger knows the old ones
    right.save(update_fields=[*changed, "remind_on"])
    return clock_change(right, before)


def clock_change(right: CaseRight, before: date | None = None) -> dict[str, Any]:
    """One line of a journaled `clock.computed`: the dates of a right, and the due date that it had before."""
    return {
        "right": right.right,
        "before": _iso(before),
        "after": _iso(right.due_on),
        "prudent_due_on": _iso(right.prudent_due_on),
        "target_on": _iso(right.target_on),
        "paused_days": right.paused_days,
        "rule": right.clock_rule,
        "calendar": right.clock_calendar,
    }


def _next_write(case: Case, rights: list[CaseRight]) -> None:
    answered = [right.answered_at for right in rights if right.answered_at]
    last_act = max([case.received_at, *answered])
    # Of an answered case the last day of its downloads still matters; it stays in the queue until it is closed.
    following = next_on(
        rights,
        otherwise=local_date(last_act + timedelta(days=settings.DSAR_DOWNLOAD_DAYS), case.organisation.time_zone),
    )
    if following != case.next_on:
        case.next_on = following
        case.save(update_fields=["next_on"])


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


@dataclass(frozen=True)
class ClockChange:
    """One open right whose stored clock is not that of today's rules and calendars."""

    right: CaseRight
    due_on: date | None

    @property
    def moves_date(self) -> bool:
        """Whether the due date itself changes, and not only the version it was computed with."""
        return self.right.due_on != self.due_on


def clock_lines(changes: Iterable[ClockChange]) -> Iterator[str]:
    """A line for each open right whose due date moves: its reference, its old and its new date."""
    for change in changes:
        if change.moves_date:
            yield _("%(reference)s %(right)s: due %(after)s instead of %(before)s") % {
                "reference": change.right.case.reference,
                "right": change.right.right,
                "before": change.right.due_on or _("paused"),
                "after": change.due_on or _("paused"),
            }


def clocks_changed(*, organisation: Organisation | None = None) -> list[ClockChange]:
    """The open rights, of one organisation or of all, that `clocks_refresh` would write; writes nothing."""
    rights = CaseRight.objects.awaited().select_related("case__organisation")
    if organisation is not None:
        rights = rights.filter(case__organisation=organisation)
    changes = []
    for right in rights.with_facts().order_by("pk").iterator(chunk_size=500):
        try:
            fields = clock_compute(right.right, facts_of(right)).fields
        except DomainError as error:  # one contradiction must not keep the others from being counted
            logger.error("The clock of %s %s cannot be counted: %s", right.case.reference, right.right, error.code)
            continue
        if any(getattr(right, name) != value for name, value in fields.items()):
            changes.append(ClockChange(right, fields["due_on"]))
    return changes


def clocks_refresh(*, organisation: Organisation | None = None) -> list[ClockChange]:
    """List what a changed jurisdiction, rule or calendar moves, then write and journal it, one case a transaction.

    Closed and answered rights keep the dates under which they were answered (law.md §2.6). Safe to run twice.
    """
    changes = clocks_changed(organisation=organisation)
    for case in {change.right.case_id: change.right.case for change in changes}.values():
        try:
            case_clock_refresh(case=case, cause=ClockCause.CALENDAR)
        except DomainError as error:  # of another right of this case, which was named above
            logger.error("The clocks of %s stay as they were: %s", case.reference, error.code)
    return changes


def clocks_follow(now: datetime) -> list[ClockChange]:
    """Refresh every clock once after a new version of the rules, the calendars or the counting; else nothing.

    The last one followed is noted by its fingerprint, so that a sweep costs one query where nothing has changed.
    """
    told = repr((jurisdictions.HOLIDAYS_VERSION, settings.DSAR_SUSPENSION_COUNTING, sorted(LAWS.items())))
    version = hashlib.sha256(told.encode()).hexdigest()
    if Sweep.objects.filter(name=CLOCKS, version=version).exists():
        return []
    changes = clocks_refresh()
    sweep_note(CLOCKS, now, version=version)
    return changes
