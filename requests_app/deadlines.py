"""How long the law gives: from dated facts to dates with their reasons; pure, so that every date can be recomputed.

This version counts the period of GDPR art. 12(3) in France. A suspension or an extension is refused, never ignored:
a date that leaves out a fact would be a wrong date.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import asdict, dataclass
from datetime import MAXYEAR, MINYEAR, date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from dsar.core.errors import DomainError
from dsar.core.jurisdictions import SATURDAY, SUNDAY, Calendar, jurisdiction, zone

ANSWERED = "answered"
NOT_COMPUTED = ("suspend", "resume", "extend")


@dataclass(frozen=True)
class Event:
    """Something that happened to a right on a local date; `reason` only where the kind knows reasons."""

    kind: str
    on: date
    reason: str = ""


@dataclass(frozen=True)
class Facts:
    """What is known of one right. `received_at` is an aware instant, `time_zone` the IANA zone of the establishment."""

    jurisdiction: str
    time_zone: str
    received_at: datetime
    events: tuple[Event, ...] = ()


@dataclass(frozen=True)
class Rule:
    """The law of one regime as it stands for requests received from `applies_from` on."""

    code: str
    version: int
    applies_from: date
    months: int

    def __str__(self) -> str:
        return f"{self.code} {self.version}"


# Each regime's rules in order of date. A change of the law is a new line with its own first day, never an edit.
RULES: dict[str, tuple[Rule, ...]] = {
    "FR": (Rule("FR", version=1, applies_from=date(2018, 5, 25), months=1),),  # GDPR art. 99(2)
}


@dataclass(frozen=True)
class Deadline:
    """Every date of one right, as asked for one day; the field names are promised to scripts of others.

    `due_on` is the last day, until its end in the time zone of the facts. `last_day` is the same before weekends and
    holidays move it, `prudent_due_on` the receipt plus the rule's period and nothing else. The notice dates are those
    of GDPR art. 12(3) and 12(4). `remaining_days` are calendar days to `due_on`, negative once late, None when closed.
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
    """The dates of one right, seen on the local date `on`.

    Raises DomainError when the jurisdiction, the time zone or the calendar of that year is not known, or when an
    event cannot be computed by this version or contradicts the receipt. A naive `received_at` is a ValueError.
    """
    place = jurisdiction(facts.jurisdiction)
    received_on = local_date(facts.received_at, facts.time_zone)
    rule = rule_for(place.rule, received_on)
    answered_on = _answered_on(facts.events, received_on)
    last_day = months_after(received_on, rule.months)
    due_on = place.calendar.working_day_from(last_day)
    closed = answered_on is not None and answered_on <= on
    return Deadline(
        due_on=due_on,
        last_day=last_day,
        prudent_due_on=last_day,
        extension_notice_due_on=due_on,
        extension_notice_prudent_on=last_day,
        refusal_notice_due_on=due_on,
        state="closed" if closed else "overdue" if on > due_on else "running",
        remaining_days=None if closed else (due_on - on).days,
        flags=_flags(rule, received_on, due_on, answered_on if closed else None),
        rule=str(rule),
        calendar=place.calendar.version,
        explanation=_explanation(facts.time_zone, received_on, rule, last_day, due_on, place.calendar),
    )


def rule_for(code: str, received_on: date) -> Rule:
    """The rule in force on the day of receipt; for a receipt before the first one, the first (and a flag says so)."""
    in_force = [rule for rule in RULES[code] if rule.applies_from <= received_on]
    return in_force[-1] if in_force else RULES[code][0]


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


def months_after(day: date, months: int) -> date:
    """The same date-number `months` later, else the last day of that month (Reg. 1182/71 art. 3(2)(c)).

    Never one day more: the day of receipt is not counted (art. 3(1)), and the last one is counted to its end.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def working_days_after(start: date, count: int, calendar: Calendar) -> date:
    """The `count`-th working day after `start`, which is not counted itself (our policy, not a rule of law).

    Gives `target_on` of a withdrawal of consent and of a marketing objection: two working days after receipt.
    """
    day = start
    for _working_day in range(count):
        day = calendar.working_day_from(day + timedelta(days=1))
    return day


def events_parse(text: str) -> tuple[Event, ...]:
    """Events written as `kind[:reason] DATE;…` with local ISO dates; raises DomainError("event_not_understood")."""
    events = []
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        try:
            word, day = part.split()
            kind, _colon, reason = word.partition(":")
            events.append(Event(kind, date.fromisoformat(day), reason))
        except ValueError:
            raise DomainError(
                "event_not_understood",
                _("“%(event)s” is not an event. Write a kind and a date: “answered 2026-04-02”.") % {"event": part},
            ) from None
    return tuple(events)


def _answered_on(events: tuple[Event, ...], received_on: date) -> date | None:
    """The first day an answer went out, if one did; raises DomainError for every event that is not computed here."""
    for event in events:
        if event.kind in NOT_COMPUTED:
            raise DomainError(
                "event_not_computed",
                _("“%(event)s” is not computed by this version: it knows no suspension and no extension.")
                % {"event": event.kind},
            )
        if event.kind != ANSWERED:
            raise DomainError("event_unknown", _("“%(event)s” is not a known event.") % {"event": event.kind})
        if event.on < received_on:
            raise DomainError(
                "event_before_receipt",
                _("The event of %(event_on)s is before the receipt on %(received_on)s.")
                % {"event_on": event.on.isoformat(), "received_on": received_on.isoformat()},
            )
    return min((event.on for event in events), default=None)


def _flags(rule: Rule, received_on: date, due_on: date, answered_on: date | None) -> list[str]:
    """What a careful reader should know besides the dates, as codes worded in `clock_words`."""
    flags = []
    if received_on < rule.applies_from:
        flags.append("before_rule")
    if answered_on is not None and answered_on > due_on:
        flags.append("answered_late")
    return flags


def _explanation(
    time_zone: str, received_on: date, rule: Rule, last_day: date, due_on: date, calendar: Calendar
) -> list[dict[str, Any]]:
    """The way from receipt to due date: ordered steps of code, parameters and source; the last gives the date."""
    steps = [
        _step("received", "EDPB 01/2022 §159", received_on=received_on, time_zone=time_zone),
        _step(
            "month" if last_day.day == received_on.day else "month_end",
            "GDPR art. 12(3); Reg. 1182/71 art. 3(2)(c)",
            months=rule.months, day_number=received_on.day, last_day=last_day,
        ),
    ]
    if due_on != last_day:
        days_off = [last_day + timedelta(days=number) for number in range((due_on - last_day).days)]
        steps.append(
            _step("rolled", "Reg. 1182/71 art. 3(4)", calendar=calendar.code,
                  days=[_day_off(day, calendar) for day in days_off])
        )
    steps.append(
        _step(
            "due", "Reg. 1182/71 art. 3(4)" if due_on != last_day else "Reg. 1182/71 art. 3(2)(c)",
            due_on=due_on, prudent_due_on=last_day, aim_on=calendar.working_day_until(last_day),
        )
    )
    return steps


def _day_off(day: date, calendar: Calendar) -> dict[str, str]:
    """Why a day is no working day; a holiday's name is kept in the country's language, in case the library changes."""
    if day.weekday() in (SATURDAY, SUNDAY):
        return {"day": day.isoformat(), "reason": "saturday" if day.weekday() == SATURDAY else "sunday"}
    return {"day": day.isoformat(), "reason": "public_holiday", "name": calendar.holiday(day) or ""}


def _step(code: str, source: str, **parameters: Any) -> dict[str, Any]:
    """One step of an explanation, ready for JSON."""
    return {
        "code": code,
        "parameters": {
            name: value.isoformat() if isinstance(value, date) else value for name, value in parameters.items()
        },
        "source": source,
    }
