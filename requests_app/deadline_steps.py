"""Why a date is the date: the steps that lead to it, as codes, parameters and sources; `clock_words` words them."""

from __future__ import annotations

from datetime import date
from typing import Any

from dsar.core.jurisdictions import SATURDAY, SUNDAY, Calendar
from requests_app.deadline_count import Count, Effect, Facts, Law, Pause, Reckoning
from requests_app.deadline_rules import NONE, START, Period


def explanation(law: Law, facts: Facts, found: Reckoning) -> list[dict[str, Any]]:
    """The way from receipt to due date: ordered steps of code, parameters and source.

    The last one, `due`, gives the date; where a question waits it is `remains`, which says what is left.
    """
    rule, count = law.rule, found.count
    steps = [
        _step("received", rule.source("received"), received_on=law.received_on, time_zone=facts.time_zone),
        *_start_steps(law, count),
        *_period_steps(law, facts, found),
        *(_suspended_step(law, effect) for effect in count.effects if effect.how != START and effect.pause.answered_on),
        *_void_steps(law, facts, found),
    ]
    due_on = law.due_on(count)
    prudent_on = found.period.after(law.received_on)
    aim = {"prudent_due_on": prudent_on, "aim_on": law.calendar.working_day_until(prudent_on)}
    if due_on is None:
        waits = [_step("suspended_open", rule.source(asked.reason), **_question(law, asked)) for asked in count.waiting]
        source = rule.source(count.waiting[0].reason)
        return [*steps, *waits, _step("remains", source, remaining_days=law.days_left(found.period, count), **aim)]
    if due_on != count.last_day:
        days = [_day_off(day, law.calendar) for day in law.days_off(count)]
        steps.append(_step("rolled", rule.source("roll"), calendar=law.calendar.code, days=days))
    source = rule.source("roll" if due_on != count.last_day else "due")
    return [*steps, _step("due", source, due_on=due_on, **aim)]


def _start_steps(law: Law, count: Count) -> list[dict[str, Any]]:
    """The answers that the period had to wait for, under a rule that begins it with the last of them."""
    return [
        _step(
            "start", law.rule.source(pause.reason), **_question(law, pause),
            answered_on=pause.answered_on, begins=pause.answered_on == count.start,
        )
        for pause in count.pauses
        if law.how(pause) == START and pause.answered_on
    ]


def _period_steps(law: Law, facts: Facts, found: Reckoning) -> list[dict[str, Any]]:
    """The first period and the extended one; none where the period has not begun."""
    if any(law.how(pause) == START for pause in found.count.waiting):
        return []
    steps = [_period_step(law.rule.source("period"), law.rule.period, found.count.start)]
    if found.extension == "valid":
        length = _length(found.period, found.count.start)
        steps.append(_step("extended", law.rule.source("extended"), sent_on=facts.extended_on, **length))
    return steps


def _period_step(source: str, period: Period, start: date) -> dict[str, Any]:
    length = _length(period, start)
    if period.days:
        return _step("days", source, days=length["days"], last_day=length["last_day"])
    code = "month" if length["last_day"].day == start.day else "month_end"
    return _step(code, source, months=period.months, day_number=start.day, last_day=length["last_day"])


def _length(period: Period, start: date) -> dict[str, Any]:
    return {
        "months": period.months, "days": period.days, "day_number": start.day, "last_day": period.after(start),
    }


def _suspended_step(law: Law, effect: Effect) -> dict[str, Any]:
    """An answered question with its days, those that were new, and the last day that follows."""
    return _step(
        "suspended", law.rule.source(effect.pause.reason), **_question(law, effect.pause),
        answered_on=effect.pause.answered_on, held=effect.held, days=effect.added,
        from_on=effect.from_on, last_day=effect.last_day,
    )


def _void_steps(law: Law, facts: Facts, found: Reckoning) -> list[dict[str, Any]]:
    """The facts that changed nothing, and why."""
    rule, due_on, notice_due_on = law.rule, law.due_on(found.count), law.due_on(found.first)
    steps = []
    for pause in sorted(facts.pauses, key=lambda pause: pause.asked_on):
        if pause not in found.count.pauses:
            why = "expired" if law.how(pause) != NONE else "counting" if pause.reason in rule.pauses else "rule"
            ended_on = due_on if why == "expired" else None
            steps.append(
                _step("suspension_ignored", rule.source(pause.reason), **_question(law, pause), why=why,
                      ended_on=ended_on)
            )
    if found.extension not in ("", "valid"):
        steps.append(
            _step("extension_void", rule.source("extended"), sent_on=facts.extended_on, why=found.extension,
                  notice_due_on=notice_due_on)
        )
    return steps


def _question(law: Law, pause: Pause) -> dict[str, Any]:
    return {"reason": pause.reason, "asked_on": pause.asked_on, "begins_period": law.how(pause) == START}


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
