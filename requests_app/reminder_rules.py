"""Of what staff are reminded, how many days before and after, and what outweighs what: one table (DESIGN §5).

Pure: from the dates and the state of one right to the thresholds that are reached. Days are local dates of the
organisation; the sweep that reads this is `services.reminders`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from dsar.core.jurisdictions import Calendar
from requests_app.deadlines import working_days_after
from requests_app.vocabulary import ReminderKind

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Rule:
    """When one kind of date is told.

    `thresholds` count days before the date where positive, after it where negative; `every` repeats the last one for
    as long as nothing happens. From `escalated_from` on, that threshold and all lower ones also go to whoever answers
    for the organisation. `alerts`: told at once, at any hour, when the date is tomorrow, today or past.
    """

    thresholds: tuple[int, ...]
    every: int = 0
    in_working_days: bool = False
    escalated_from: int | None = None
    alerts: bool = False
    competes: bool = False  # with the other dates of the same right: of these only the most urgent is told


# In order of urgency: of dates that compete, the one that stands first here is told.
RULES: dict[ReminderKind, Rule] = {
    # GDPR art. 12(3). An overdue date never goes silent. Days before it count only once the prudent date is gone,
    # because a suspension may leave weeks between the two.
    ReminderKind.DUE: Rule(
        (7, 3, 1, 0, -1, -3, -7, -14), every=14, escalated_from=0, alerts=True, competes=True
    ),
    # GDPR art. 12(4): a refusal has its own month, which no extension makes longer.
    ReminderKind.REFUSAL_NOTICE: Rule((3, 1, 0, -1), escalated_from=0, alerts=True, competes=True),
    # Our own two working days for what the law gives no month for (law.md §1.2).
    ReminderKind.TARGET: Rule((0, -1, -3), escalated_from=-1, alerts=True, competes=True),
    # GDPR art. 12(3): the notice leaves within the first month, or there is no extension.
    ReminderKind.EXTENSION_NOTICE: Rule((3,), alerts=True, competes=True),
    # The date that no suspension and no holiday moves: alerts run on it (law.md §2.6).
    ReminderKind.PRUDENT: Rule((14, 7, 3, 1), alerts=True, competes=True),
    # "Never late because nobody could review" (DESIGN §2).
    ReminderKind.REVIEW: Rule((2, 0), in_working_days=True, escalated_from=2, alerts=True),
    # No source limits a suspension: law.md §2.4 proposes to close it after 60 days.
    ReminderKind.SUSPENSION: Rule((-14, -28, -60), escalated_from=-60),
    # Policy: somebody looks within a working day.
    ReminderKind.UNASSIGNED: Rule((-1, -3), in_working_days=True, escalated_from=-3),
    ReminderKind.UNREAD: Rule((-1,), in_working_days=True),
    ReminderKind.ACKNOWLEDGEMENT: Rule((-1,), in_working_days=True),
}
URGENCY = {kind: place for place, kind in enumerate(RULES)}


@dataclass(frozen=True)
class Watched:
    """One right as the reminders see it on one local day. The flags of the case are set on one of its rights only."""

    today: date
    calendar: Calendar
    is_answered: bool
    is_in_review: bool
    prudent_due_on: date
    due_on: date | None  # None while a question suspends the clock
    target_on: date | None = None
    extension_notice_on: date | None = None  # the prudent one; None where no extension is possible any more
    extension_review_on: date | None = None  # the same, where an extension waits for its second person
    refusal_notice_on: date | None = None  # None unless something adverse is written and not told
    asked_on: tuple[date, ...] = ()  # of the open questions
    unassigned_since: date | None = None
    unacknowledged_since: date | None = None
    unread_since: date | None = None


@dataclass(frozen=True)
class Target:
    """One date of one right that is watched."""

    kind: ReminderKind
    on: date

    @property
    def rule(self) -> Rule:
        return RULES[self.kind]


def targets(watched: Watched) -> Iterator[Target]:
    """The dates of a right that still matter: of an answered one, only that somebody reads what the person writes."""
    if watched.unread_since:
        yield Target(ReminderKind.UNREAD, watched.unread_since)
    if watched.is_answered:
        return
    if watched.unassigned_since:
        yield Target(ReminderKind.UNASSIGNED, watched.unassigned_since)
    if watched.unacknowledged_since:
        yield Target(ReminderKind.ACKNOWLEDGEMENT, watched.unacknowledged_since)
    yield Target(ReminderKind.PRUDENT, watched.prudent_due_on)
    if watched.due_on is None:
        for asked_on in sorted(set(watched.asked_on)):
            yield Target(ReminderKind.SUSPENSION, asked_on)
        return
    yield Target(ReminderKind.DUE, watched.due_on)
    reviews = {watched.prudent_due_on if watched.is_in_review else None, watched.extension_review_on}
    for kind, on in (
        (ReminderKind.TARGET, watched.target_on),
        (ReminderKind.EXTENSION_NOTICE, watched.extension_notice_on),
        (ReminderKind.REFUSAL_NOTICE, watched.refusal_notice_on),
        *((ReminderKind.REVIEW, on) for on in sorted(day for day in reviews if day)),
    ):
        if on is not None:
            yield Target(kind, on)


def reached(target: Target, watched: Watched) -> list[int]:
    """The thresholds of a date whose day has come; of the repeated ones only the latest."""
    return [threshold for threshold, on in _days(target, watched) if on <= watched.today]


def following_on(watched: Watched) -> date | None:
    """The first day after today on which another threshold is reached, if nothing happens; None when none is left."""
    ahead = (on for target in targets(watched) for _, on in _days(target, watched) if on > watched.today)
    return min(ahead, default=None)


def is_urgent(target: Target, today: date) -> bool:
    """Whether staff are told at once and not with the next digest: the date is tomorrow, today or past."""
    return target.rule.alerts and target.on <= today + DAY


def is_escalated(kind: ReminderKind, threshold: int) -> bool:
    """Whether this also goes to the data protection officer, else to the privacy lead."""
    escalated_from = RULES[kind].escalated_from
    return escalated_from is not None and threshold <= escalated_from


def _days(target: Target, watched: Watched) -> Iterator[tuple[int, date]]:
    """Each threshold of a date with its day; repeated ones around today."""
    rule = target.rule
    for threshold in rule.thresholds:
        on = _threshold_on(target, threshold, watched.calendar)
        if target.kind == ReminderKind.DUE and threshold > 0 and on <= watched.prudent_due_on:
            continue
        yield threshold, on
    if rule.every:
        last = rule.thresholds[-1]
        passed = max(0, (watched.today - target.on).days + last) // rule.every
        for repeat in (passed, passed + 1):
            if repeat:
                threshold = last - repeat * rule.every
                yield threshold, target.on - threshold * DAY


def _threshold_on(target: Target, threshold: int, calendar: Calendar) -> date:
    if not target.rule.in_working_days:
        return target.on - threshold * DAY
    if threshold <= 0:
        return working_days_after(target.on, -threshold, calendar)
    day = target.on
    for _working_day in range(threshold):
        day = calendar.working_day_until(day - DAY)
    return day
