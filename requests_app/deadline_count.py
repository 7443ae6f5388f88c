"""The counting itself: one period at one place, moved by the questions that were asked while it ran, and extended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from dsar.core.jurisdictions import Calendar
from requests_app.deadline_rules import (
    CHOSEN,
    EXCLUDE_BOTH,
    HALF_OPEN,
    INCLUSIVE,
    NONE,
    START,
    Period,
    Rule,
)

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Pause:
    """A question to the person that was sent, on local dates; whether it suspends the clock is for the rule to say.

    `is_voluminous`: for `clarify`, whether the quantity of information is large (recital 63); None is not stated.
    """

    reason: str
    asked_on: date
    answered_on: date | None = None
    is_voluminous: bool | None = None


@dataclass(frozen=True)
class Facts:
    """What is known of one right. `received_at` is an aware instant, `time_zone` the IANA zone of the establishment.

    `extended_on` is the local date on which the notice left, `answered_on` that of the answer. `counting` tells how
    the days of a suspension are counted where no source fixes it, that is under the Regulation (law.md §2.4).
    """

    jurisdiction: str
    time_zone: str
    received_at: datetime
    pauses: tuple[Pause, ...] = ()
    extended_on: date | None = None
    answered_on: date | None = None
    counting: str = HALF_OPEN


@dataclass(frozen=True)
class Effect:
    """What one question did to a period: `held` days stood still, `added` of them not counted before.

    `moment` says where it left on the very last day, or after it on a day off (`from_on` is then what was moved).
    """

    pause: Pause
    how: str
    last_day: date
    held: int = 0
    added: int = 0
    moment: str = ""
    from_on: date | None = None


@dataclass(frozen=True)
class Count:
    """One period counted with its questions; `last_day` leaves out the days of those that wait for an answer.

    `start` is the last of all dates while the answer that begins the period is awaited.
    """

    start: date
    last_day: date
    excluded: frozenset[date]
    effects: tuple[Effect, ...]

    @property
    def pauses(self) -> tuple[Pause, ...]:
        """The questions that count, in order."""
        return tuple(effect.pause for effect in self.effects)

    @property
    def waiting(self) -> tuple[Pause, ...]:
        """Those without an answer."""
        return tuple(pause for pause in self.pauses if pause.answered_on is None)


@dataclass(frozen=True)
class Reckoning:
    """Both counts of one right: the first period, whose end is that of the notices too, and the one in force."""

    first: Count
    extension: str  # "", valid, late, no_length or unknown
    period: Period
    count: Count


@dataclass(frozen=True)
class Law:
    """A rule at one place for one receipt."""

    rule: Rule
    calendar: Calendar
    received_on: date
    counting: str

    def how(self, pause: Pause) -> str:
        """How a question counts here; NONE where it has no effect."""
        how = self.rule.pauses.get(pause.reason, NONE)
        return self.counting if how == CHOSEN else how

    def roll(self, day: date) -> date:
        """`day`, or the next working day where the rule says so."""
        return self.calendar.working_day_from(day) if "roll" in self.rule.sources else day

    def due_on(self, count: Count) -> date | None:
        """The end of a counted period, rolled once after all days were added; None while a question waits."""
        return None if count.waiting else self.roll(count.last_day)

    def days_off(self, count: Count) -> list[date]:
        """The days that carried the end over, from the last day on; none while a question waits."""
        due_on = self.due_on(count) or count.last_day
        return [count.last_day + timedelta(days=number) for number in range((due_on - count.last_day).days)]

    def reckoned(self, facts: Facts) -> Reckoning:
        """The first period, what an extension is worth, and the period that follows from it."""
        first = self.count_alive(self.rule.period, facts.pauses)
        extension = self._extension(facts.extended_on, self.due_on(first))
        if extension != "valid" or self.rule.extended is None:
            return Reckoning(first, extension, self.rule.period, first)
        return Reckoning(first, extension, self.rule.extended, self.count_alive(self.rule.extended, facts.pauses))

    def count_alive(self, period: Period, pauses: Iterable[Pause]) -> Count:
        """The period with the questions that were asked while it, with the earlier ones, was running.

        A further answered question never gives an earlier end, with two exceptions that follow from the law's own
        words for one question (law.md §2.4, §2.7) and are kept, so that every step can be recomputed by hand:
        - a question that left on a day off after the last day moves the rolled day. An earlier question may push the
          last day onto that day off; then it moves the unrolled one, a few days less.
        - where an answer begins the period anew (UK), days of a clarification before it are no days of that period.
        """
        count = self.count(period, ())
        # Of one day the open questions first, for they hold the days of the others.
        for pause in sorted(pauses, key=lambda pause: (pause.asked_on, pause.answered_on is not None)):
            ends_on = self.due_on(count)
            if self.how(pause) != NONE and (ends_on is None or pause.asked_on <= ends_on):
                count = self.count(period, (*count.pauses, pause))
        return count

    def count(self, period: Period, pauses: Sequence[Pause]) -> Count:
        """The period with these questions. A day is excluded once, whatever the number of open questions."""
        starts = [pause.answered_on for pause in pauses if self.how(pause) == START and pause.answered_on]
        start = max([self.received_on, *starts])
        count = Count(start, period.after(start), frozenset(), ())
        if any(self.how(pause) == START and pause.answered_on is None for pause in pauses):
            count = replace(count, start=date.max)  # it has not begun, so there is no day to stand still
        for pause in pauses:
            count = self._counted(count, pause)
        return count

    def _counted(self, count: Count, pause: Pause) -> Count:
        """The count with one question more, in the order of asking.

        The days of a question move the unrolled last day. Only a question that left after it, on a day off that had
        carried the end over, moves the rolled one. While an earlier question waits, the time stands still already:
        nothing is added, and the end does not come at all.
        """
        how, last_day, moment, from_on = self.how(pause), count.last_day, "", None
        if how == START:
            return replace(count, effects=(*count.effects, Effect(pause, how, last_day)))
        if not count.waiting and pause.asked_on == last_day:
            moment = "suspended_on_last_day"
        elif not count.waiting and pause.asked_on > last_day:
            moment, from_on = "suspended_after_last_day", self.roll(last_day)
        held = _days_held(how, pause, count.start)
        added = held - count.excluded if not count.waiting else frozenset()
        last_day = (from_on or last_day) + timedelta(days=len(added))
        if how == EXCLUDE_BOTH and not count.waiting and pause.answered_on == last_day + ONE_DAY:
            # No day was left: the one of the answer, which else runs, is held too and is the last (law.md §2.4).
            held, added, last_day = held | {pause.answered_on}, added | {pause.answered_on}, pause.answered_on
        effect = Effect(pause, how, last_day, len(held), len(added), moment, from_on)
        return Count(count.start, last_day, count.excluded | held, (*count.effects, effect))

    def days_left(self, period: Period, count: Count) -> int | None:
        """Days that remain once every open question is answered; None where a whole period begins with the answer."""
        if any(self.how(pause) == START for pause in count.waiting):
            return None
        later = max({count.start, *count.excluded, *(pause.asked_on for pause in count.pauses)}) + ONE_DAY
        answered = [replace(pause, answered_on=pause.answered_on or later) for pause in count.pauses]
        return max(0, (self.count(period, answered).last_day - later).days)

    def _extension(self, extended_on: date | None, notice_due_on: date | None) -> str:
        """What a notice is worth: it must leave within the first period, which an open question keeps from ending."""
        if extended_on is None:
            return ""
        if not self.rule.has_extension_notice:
            return "unknown"
        if notice_due_on is not None and extended_on > notice_due_on:
            return "late"
        return "valid" if self.rule.extended else "no_length"


def _days_held(how: str, pause: Pause, start: date) -> frozenset[date]:
    """The days on which the period stood still for an answered question, none before the period's start."""
    if pause.answered_on is None:
        return frozenset()
    first = max(start, pause.asked_on if how == INCLUSIVE else pause.asked_on + ONE_DAY)
    end = pause.answered_on - ONE_DAY if how == EXCLUDE_BOTH else pause.answered_on
    return frozenset(first + timedelta(days=number) for number in range((end - first).days + 1))
