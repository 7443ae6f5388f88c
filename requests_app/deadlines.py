"""How long the law gives: from dated facts to dates with their reasons; pure, so that every date can be recomputed.

The rules are in `deadline_rules`, the counting in `deadline_count`, the reasons in `deadline_steps`; law.md §2 is the
specification of all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import MAXYEAR, MINYEAR, date, datetime
from typing import Any

from django.utils.translation import gettext as _

from dsar.core.errors import DomainError
from dsar.core.jurisdictions import SATURDAY, Calendar, jurisdiction, zone
from requests_app.deadline_count import ONE_DAY, Facts, Law, Pause, Reckoning
from requests_app.deadline_rules import (
    CHOSEN,
    CLARIFY,
    COUNTINGS,
    HALF_OPEN,
    IDENTITY,
    INCLUSIVE,
    NONE,
    REASONS,
    REGULATION_ROLL,
    UNSETTLED,
    rule_for,
)
from requests_app.deadline_steps import explanation

__all__ = [
    "Deadline", "Facts", "Pause", "deadline", "facts_parse", "local_date", "working_days_after",
]

QUESTION_WORKING_DAYS = 3  # a question that leaves later has been asked with undue delay (our policy, law.md §2.4)


@dataclass(frozen=True)
class Deadline:
    """Every date of one right, as asked for one day; the field names are promised to scripts of others.

    `due_on` is the last day, until its end in the time zone of the facts. `last_day` is the same before weekends and
    holidays move it, `prudent_due_on` the receipt plus the rule's period, extended if it is. The notice dates are those
    of GDPR art. 12(3) and 12(4). Open questions leave no date but `remaining_days`, which else are calendar days to
    `due_on`, negative once late, None when closed and where a whole period begins with an answer.
    """

    due_on: date | None
    last_day: date | None
    prudent_due_on: date
    extension_notice_due_on: date | None
    extension_notice_prudent_on: date | None
    refusal_notice_due_on: date | None
    state: str
    remaining_days: int | None
    flags: list[str]
    rule: str
    calendar: str
    explanation: list[dict[str, Any]]

    def as_json(self) -> dict[str, Any]:
        """The promised keys with dates as ISO texts."""
        return {
            key: value.isoformat() if isinstance(value, date) else value for key, value in asdict(self).items()
        }


def deadline(facts: Facts, on: date) -> Deadline:
    """The dates of one right by all its facts; `state` and `remaining_days` by those until the local date `on`.

    Raises DomainError when the jurisdiction, the time zone or the calendar of a year is not known, or when the facts
    contradict each other. A naive `received_at` is a ValueError.
    """
    law = _law(facts)
    _facts_check(facts, law)
    found = law.reckoned(facts)
    first, count = found.first, found.count
    notice_due_on = law.due_on(first)
    state, remaining_days = _seen(law, facts, on)
    rule = law.rule
    return Deadline(
        due_on=law.due_on(count),
        last_day=None if count.waiting else count.last_day,
        prudent_due_on=found.period.after(law.received_on),
        extension_notice_due_on=notice_due_on if rule.has_extension_notice else None,
        extension_notice_prudent_on=rule.period.after(law.received_on) if rule.has_extension_notice else None,
        refusal_notice_due_on=notice_due_on if rule.has_refusal_notice else None,
        state=state,
        remaining_days=remaining_days,
        flags=_flags(law, facts, found, on),
        rule=str(rule),
        calendar=law.calendar.version,
        explanation=explanation(law, facts, found),
    )


def local_date(moment: datetime, time_zone: str) -> date:
    """The date at the controller's establishment when a request arrives (EDPB Guidelines 01/2022 §159).

    Raises ValueError for a naive instant, DomainError for an unknown zone or an instant outside the calendar.
    """
    if moment.tzinfo is None:
        raise ValueError("an instant of receipt needs a time zone")
    place = zone(time_zone)
    if not MINYEAR < moment.year < MAXYEAR:  # neither the change of zone nor the month may leave the calendar
        raise DomainError("instant_out_of_range", _("The year %(year)s is out of range.") % {"year": moment.year})
    return moment.astimezone(place).date()


def working_days_after(start: date, count: int, calendar: Calendar) -> date:
    """The `count`-th working day after `start`, which is not counted itself (our policy, not a rule of law).

    Gives `target_on` of a withdrawal of consent and of a marketing objection: two working days after receipt.
    """
    day = start
    for _working_day in range(count):
        day = calendar.working_day_from(day + ONE_DAY)
    return day


def facts_parse(code: str, received_at: datetime, text: str = "", counting: str = HALF_OPEN) -> Facts:
    """Facts with events written as `kind[:reason] DATE;…`: suspend, resume, extend, answered, on local ISO dates.

    `suspend` alone means identity; `resume` alone ends identity if that is open, else every open question. A naive
    `received_at` is local time of the jurisdiction, in whose usual time zone all is counted. Raises DomainError.
    """
    place = jurisdiction(code)
    if received_at.tzinfo is None:
        received_at = received_at.replace(tzinfo=zone(place.time_zone))
    pauses: list[Pause] = []
    firsts: dict[str, date] = {}  # of several notices or answers the first one counts
    for day, kind, reason in sorted(_events(text), key=lambda event: event[0]):
        if kind == "suspend":
            pauses.append(Pause(reason or IDENTITY, day))
        elif kind == "resume":
            pauses = _resumed(pauses, reason, day)
        elif kind in ("extend", "answered") and not reason:
            firsts.setdefault(kind, day)
        else:
            event = f"{kind}:{reason}" if reason else kind
            raise DomainError("event_unknown", _("“%(event)s” is not a known event.") % {"event": event})
    return Facts(
        code, place.time_zone, received_at, tuple(pauses),
        extended_on=firsts.get("extend"), answered_on=firsts.get("answered"), counting=counting,
    )


def _events(text: str) -> Iterable[tuple[date, str, str]]:
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        try:
            word, day = part.split()
            kind, _colon, reason = word.partition(":")
            yield date.fromisoformat(day), kind, reason
        except ValueError:
            raise DomainError(
                "event_not_understood",
                _("“%(event)s” is not an event. Write a kind and a date: “answered 2026-04-02”.") % {"event": part},
            ) from None


def _resumed(pauses: list[Pause], reason: str, day: date) -> list[Pause]:
    """The questions, those answered that the reason means; raises DomainError when there is none to answer."""
    waiting = {pause.reason for pause in pauses if pause.answered_on is None}
    meant = {reason} if reason else {IDENTITY} & waiting or waiting
    if not meant & waiting:
        raise DomainError(
            "resume_without_question",
            _("The answer of %(day)s belongs to no open question.") % {"day": day.isoformat()},
        )
    return [
        replace(pause, answered_on=day) if pause.answered_on is None and pause.reason in meant else pause
        for pause in pauses
    ]


def _facts_check(facts: Facts, law: Law) -> None:
    """Raises DomainError for facts that contradict each other or that no rule knows."""
    if facts.counting not in COUNTINGS:
        raise DomainError(
            "counting_unknown",
            _("“%(counting)s” is no way to count a suspension. Known: %(known)s.")
            % {"counting": facts.counting, "known": ", ".join(COUNTINGS)},
        )
    days = [facts.extended_on, facts.answered_on]
    for pause in facts.pauses:
        if pause.reason not in REASONS:
            raise DomainError(
                "reason_unknown",
                _("“%(reason)s” is not a known reason. Known: %(known)s.")
                % {"reason": pause.reason, "known": ", ".join(REASONS)},
            )
        if pause.answered_on and pause.answered_on < pause.asked_on:
            raise DomainError(
                "answer_before_question",
                _("The answer of %(answered_on)s is before its question of %(asked_on)s.")
                % {"answered_on": pause.answered_on.isoformat(), "asked_on": pause.asked_on.isoformat()},
            )
        days += [pause.asked_on, pause.answered_on]
    for day in filter(None, days):
        law.calendar.year_check(day.year)
        if day < law.received_on:
            raise DomainError(
                "event_before_receipt",
                _("The event of %(event_on)s is before the receipt on %(received_on)s.")
                % {"event_on": day.isoformat(), "received_on": law.received_on.isoformat()},
            )


def _law(facts: Facts) -> Law:
    place = jurisdiction(facts.jurisdiction)
    received_on = local_date(facts.received_at, facts.time_zone)
    return Law(rule_for(place.rule, received_on), place.calendar, received_on, facts.counting)


def _seen(law: Law, facts: Facts, on: date) -> tuple[str, int | None]:
    """State and remaining days on the local date `on`, from what had happened by then."""
    if _by(facts.answered_on, on):
        return "closed", None
    asked = [pause for pause in facts.pauses if pause.asked_on <= on]
    known = replace(
        facts,
        pauses=tuple(replace(pause, answered_on=_by(pause.answered_on, on)) for pause in asked),
        extended_on=_by(facts.extended_on, on),
    )
    found = law.reckoned(known)
    due_on = law.due_on(found.count)
    if due_on is None:
        return "suspended", law.days_left(found.period, found.count)
    return "overdue" if on > due_on else "running", (due_on - on).days


def _by(day: date | None, on: date) -> date | None:
    """`day` if it had come on the date `on`."""
    return day if day is not None and day <= on else None


def _flags(law: Law, facts: Facts, found: Reckoning, on: date) -> list[str]:
    """What a careful reader should know besides the dates, as codes worded in `clock_words`; what weighs most first."""
    rule, effects, due_on = law.rule, found.count.effects, law.due_on(found.count)
    answered_on, moments = _by(facts.answered_on, on), {effect.moment for effect in effects}
    announced_on = facts.extended_on if found.extension in ("valid", "no_length") else None
    days_off = law.days_off(found.count)
    raised = {
        "before_rule": law.received_on < rule.applies_from,
        "answered_late": answered_on is not None and due_on is not None and answered_on > due_on,
        "after_expiry": any(_is_expired(law, found, pause) for pause in facts.pauses),
        "extension_late": found.extension == "late",
        "extension_without_length": found.extension == "no_length",
        "extension_unknown": found.extension == "unknown",
        "suspension_without_effect": any(law.how(pause) == NONE for pause in facts.pauses),
        "contestable": any(_is_contestable(law, pause) for pause in found.count.pauses),
        "suspended_on_last_day": "suspended_on_last_day" in moments,
        "suspended_after_last_day": "suspended_after_last_day" in moments,
        "extension_after_prudent": announced_on is not None and announced_on > rule.period.after(law.received_on),
        "extended_while_suspended": announced_on is not None
        and any(_is_open(pause, announced_on) for pause in found.first.pauses),
        "same_day_clarification": rule.pauses.get(CLARIFY) == INCLUSIVE
        and any(pause.reason == CLARIFY and pause.asked_on == pause.answered_on for pause in found.count.pauses),
        "suspension_formula": CHOSEN in rule.pauses.values() and any(effect.added for effect in effects),
        "roll_uncertain": bool(days_off) and rule.source("roll") == UNSETTLED,
        "regional_holiday": rule.source("roll") == REGULATION_ROLL
        and any(_is_regional(day, law.calendar) for day in days_off),
    }
    return [flag for flag, is_raised in raised.items() if is_raised]


def _is_expired(law: Law, found: Reckoning, pause: Pause) -> bool:
    """Whether a question could have had an effect and came too late."""
    return law.how(pause) != NONE and pause not in found.count.pauses


def _is_contestable(law: Law, pause: Pause) -> bool:
    """Whether the person could contest the suspension: asked with delay, or about a request that was not large."""
    asked_by = working_days_after(law.received_on, QUESTION_WORKING_DAYS, law.calendar)
    return pause.asked_on > asked_by or (pause.reason == CLARIFY and pause.is_voluminous is False)


def _is_open(pause: Pause, on: date) -> bool:
    """Whether the question stood open on a date; on the day it was asked the time still ran."""
    return pause.asked_on < on and (pause.answered_on is None or on <= pause.answered_on)


def _is_regional(day: date, calendar: Calendar) -> bool:
    """Whether a day off is one for the region only; that such days count under art. 2(1) is not settled."""
    return day.weekday() < SATURDAY and Calendar(calendar.country).holiday(day) is None


