"""A mutation check: the known mistakes of this trade, planted one at a time, are each seen by the table of deadlines.

A fault is one replaced piece of source. The modules are compiled anew with it and asked for the whole table; what a
text of events cannot say is asked directly.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.requests_app.deadline_table import table_failures

JURISDICTIONS, RULES, COUNT, STEPS, ENGINE = MODULES = (
    "dsar.core.jurisdictions",
    "requests_app.deadline_rules",
    "requests_app.deadline_count",
    "requests_app.deadline_steps",
    "requests_app.deadlines",
)


@dataclass(frozen=True)
class Fault:
    """A mistake: in `module`, `old` (there exactly once) becomes `new`."""

    name: str
    module: str
    old: str
    new: str


ROLL = 'return self.calendar.working_day_from(day) if "roll" in self.rule.sources else day'
PERIOD = "return months_after(start, self.months) + timedelta(days=self.days)"
CLAMP = "return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))"
FIRST_COUNT = "count = Count(start, period.after(start), frozenset(), ())"
EXTENDED = "Reckoning(first, extension, self.rule.extended, self.count_alive(self.rule.extended, facts.pauses))"
PRUDENT = "prudent_due_on=found.period.after(law.received_on)"
LOCAL = "return moment.astimezone(place).date()"
RULE_PICKED = "rule_for(place.rule, received_on)"
EU_PAUSES = "EU_PAUSES = {IDENTITY: CHOSEN, CLARIFY: CHOSEN}"
FAULTS = (
    Fault("no roll", COUNT, ROLL, "return day"),
    Fault("every rule rolls", COUNT, ROLL, "return self.calendar.working_day_from(day)"),
    Fault(
        "rolls backwards", COUNT, ROLL,
        'return self.calendar.working_day_until(day) if "roll" in self.rule.sources else day',
    ),
    Fault("rolled before the suspension and after", COUNT, FIRST_COUNT,
          "count = Count(start, self.roll(period.after(start)), frozenset(), ())"),
    Fault("a suspension moves the rolled day", COUNT, "last_day = (from_on or last_day) + timedelta",
          "last_day = self.roll(last_day) + timedelta"),
    Fault("receipt rolled before the month is added", COUNT, FIRST_COUNT,
          "count = Count(start, period.after(self.roll(start)), frozenset(), ())"),
    Fault("thirty days for a month", RULES, PERIOD, "return start + timedelta(days=30 * self.months + self.days)"),
    Fault("one day late", RULES, PERIOD, "return months_after(start, self.months) + timedelta(days=self.days + 1)"),
    Fault("one day early", RULES, PERIOD, "return months_after(start, self.months) + timedelta(days=self.days - 1)"),
    Fault("a short month overflows into the next", RULES, CLAMP,
          "return date(year, month + 1, 1) + timedelta(days=day.day - 1)"),
    Fault("the end of a month is sticky", RULES, CLAMP,
          "ends = day.day == monthrange(day.year, day.month)[1]; last = monthrange(year, month + 1)[1]; "
          "return date(year, month + 1, last if ends else min(day.day, last))"),
    Fault("extension chained from the shortened month", RULES, PERIOD,
          "return [start := months_after(start, 1) for _ in range(self.months)][-1] if self.months "
          "else start + timedelta(days=self.days)"),
    Fault("extension chained from the rolled month", COUNT, FIRST_COUNT,
          "count = Count(start, period.after(start) if period.months < 3 else "
          "Period(2).after(self.roll(Period(1).after(start))), frozenset(), ())"),
    Fault("extension from the suspended date, and no question counts in it", COUNT, EXTENDED,
          "Reckoning(first, extension, self.rule.extended, replace(first, last_day=Period(2).after(first.last_day)))"),
    Fault("late extension accepted", COUNT,
          "if notice_due_on is not None and extended_on > notice_due_on:", "if False:"),
    Fault("extension refused after the unrolled day", COUNT,
          "extension = self._extension(facts.extended_on, self.due_on(first))",
          "extension = self._extension(facts.extended_on, first.last_day)"),
    Fault("ninety days more in California", RULES, "extended=Period(days=90)", "extended=Period(days=135)"),
    Fault("restart instead of suspension", RULES, EU_PAUSES, "EU_PAUSES = {IDENTITY: START, CLARIFY: START}"),
    Fault("the clock starts at verification", COUNT, "if self.how(pause) == START and pause.answered_on]",
          'if pause.reason == "identity" and pause.answered_on]'),
    Fault("a fee suspends in the EU", RULES, EU_PAUSES,
          "EU_PAUSES = {IDENTITY: CHOSEN, CLARIFY: CHOSEN, FEE: CHOSEN}"),
    Fault("a scope question does not suspend", RULES, EU_PAUSES, "EU_PAUSES = {IDENTITY: CHOSEN}"),
    Fault("the UK's rule for the EU", JURISDICTIONS, 'rule=COUNTRY_RULES.get(country, "EU")',
          'rule=COUNTRY_RULES.get(country, "UK")'),
    Fault("the EU's rule for the UK", JURISDICTIONS, '"GB": "UK"', '"GB": "EU"'),
    Fault("the EU's way to count a question for the UK", RULES,
          "UK_PAUSES = {IDENTITY: START, FEE: START, CLARIFY: INCLUSIVE}",
          "UK_PAUSES = {IDENTITY: CHOSEN, CLARIFY: CHOSEN}"),
    Fault("the UK counts from the receipt", COUNT, "start = max([self.received_on, *starts])",
          "start = self.received_on"),
    Fault("UK days before the start are left out twice", COUNT,
          "first = max(start, pause.asked_on if how == INCLUSIVE else pause.asked_on + ONE_DAY)",
          "first = pause.asked_on if how == INCLUSIVE else pause.asked_on + ONE_DAY"),
    Fault("calendar of another region", JURISDICTIONS, "subdivision=region,",
          'subdivision=max(_codes(country)).partition("-")[2] if region else "",'),
    Fault("calendar of the country instead of its region", JURISDICTIONS,
          "return Calendar(self.country, self.subdivision)", "return Calendar(self.country)"),
    Fault("everybody in Paris", JURISDICTIONS,
          "time_zone=REGION_ZONES.get(canonical, COUNTRY_ZONES[country])", 'time_zone="Europe/Paris"'),
    Fault("overseas on the time of the capital", JURISDICTIONS,
          "time_zone=REGION_ZONES.get(canonical, COUNTRY_ZONES[country])", "time_zone=COUNTRY_ZONES[country]"),
    Fault("Saturday is a working day", JURISDICTIONS, "return day.weekday() < SATURDAY and self.holiday(day) is None",
          "return day.weekday() <= SATURDAY and self.holiday(day) is None"),
    Fault("no holidays", JURISDICTIONS, "return day.weekday() < SATURDAY and self.holiday(day) is None",
          "return day.weekday() < SATURDAY"),
    Fault("dates of UTC", ENGINE, LOCAL, 'return moment.astimezone(zone("UTC")).date()'),
    Fault("dates as they were written", ENGINE, LOCAL, "return moment.date()"),
    Fault("rule of today", ENGINE, RULE_PICKED, "rule_for(place.rule, date.today())"),
    Fault("always the first rule", ENGINE, RULE_PICKED, "rule_for(place.rule, date(2018, 5, 25))"),
    Fault("overlapping days added twice", COUNT, "added = held - count.excluded if", "added = held if"),
    Fault("due before the day of the answer", COUNT,
          "if how == EXCLUDE_BOTH and not count.waiting and pause.answered_on == last_day + ONE_DAY:", "if False:"),
    Fault("a question after the end accepted", COUNT, "(ends_on is None or pause.asked_on <= ends_on)", "True"),
    Fault("a question between the last day and the next working day ignored", COUNT,
          "ends_on = self.due_on(count)", "ends_on = None if count.waiting else count.last_day"),
    Fault("such a question moves the unrolled day", COUNT,
          'moment, from_on = "suspended_after_last_day", self.roll(last_day)', 'moment = "suspended_after_last_day"'),
    Fault("the day of the question does not run", COUNT,
          "pause.asked_on if how == INCLUSIVE else pause.asked_on + ONE_DAY",
          "pause.asked_on if how != EXCLUDE_BOTH else pause.asked_on + ONE_DAY"),
    Fault("the day of the answer runs", COUNT,
          "pause.answered_on - ONE_DAY if how == EXCLUDE_BOTH else pause.answered_on",
          "pause.answered_on - ONE_DAY if how != INCLUSIVE else pause.answered_on"),
    Fault("an open question keeps its date", COUNT, "return None if count.waiting else self.roll(count.last_day)",
          "return self.roll(count.last_day)"),
    Fault("remaining days count on while suspended", ENGINE,
          'return "suspended", law.days_left(found.period, found.count)',
          'return "suspended", (found.count.last_day - on).days'),
    Fault("answers known before they came", ENGINE,
          "replace(pause, answered_on=_by(pause.answered_on, on)) for pause in asked", "pause for pause in asked"),
    Fault("the last day is late", ENGINE, '"overdue" if on > due_on', '"overdue" if on >= due_on'),
    Fault("the date for a refusal is extended", ENGINE, "refusal_notice_due_on=notice_due_on",
          "refusal_notice_due_on=law.due_on(count)"),
    Fault("the notice of extension may leave within the extension", ENGINE, "extension_notice_due_on=notice_due_on",
          "extension_notice_due_on=law.due_on(count)"),
    Fault("notice dates are not suspended", ENGINE, "notice_due_on = law.due_on(first)",
          "notice_due_on = law.roll(law.rule.period.after(law.received_on))"),
    Fault("the prudent date is suspended", ENGINE, PRUDENT, "prudent_due_on=count.last_day"),
    Fault("the prudent date is rolled", ENGINE, PRUDENT,
          "prudent_due_on=law.roll(found.period.after(law.received_on))"),
    Fault("the prudent date starts with the UK's clock", ENGINE, PRUDENT,
          "prudent_due_on=found.period.after(count.start)"),
    Fault("five days for a question without delay", ENGINE, "QUESTION_WORKING_DAYS = 3", "QUESTION_WORKING_DAYS = 5"),
    Fault("few data are no ground to contest", ENGINE, "pause.is_voluminous is False", "pause.is_voluminous is True"),
)


def engine_with(fault: Fault | None) -> ModuleType:
    """`requests_app.deadlines` compiled anew, with the fault in it or in what it imports; the real one is untouched."""
    # The calendars are kept filled in the real module; it is compiled anew only where the fault is in it.
    names = [name for name in MODULES if name != JURISDICTIONS or (fault and fault.module == JURISDICTIONS)]
    before = {name: sys.modules[name] for name in names}
    try:
        for name in names:
            path = Path(str(before[name].__file__))
            source = path.read_text(encoding="utf-8")
            if fault and fault.module == name:
                assert source.count(fault.old) == 1, f"“{fault.old}” is {source.count(fault.old)} times in {name}"
                source = source.replace(fault.old, fault.new)
            module = sys.modules[name] = ModuleType(name)
            exec(compile(source, str(path), "exec"), module.__dict__)  # noqa: S102 - our own source, one piece changed
        return sys.modules[ENGINE]
    finally:
        sys.modules.update(before)


def failures(engine: Any) -> Iterator[str]:
    """What the suite holds against an engine: the table, and what no text of events can say."""
    yield from table_failures(engine)
    received_at = datetime(2026, 3, 5, tzinfo=ZoneInfo("Europe/Paris"))
    for is_voluminous, expected in ((False, ["contestable"]), (True, [])):
        asked = engine.Pause("clarify", date(2026, 3, 6), is_voluminous=is_voluminous)
        found = engine.deadline(engine.Facts("FR", "Europe/Paris", received_at, (asked,)), date(2026, 4, 1)).flags
        if found != expected:
            yield f"a scope question, {is_voluminous=}, raises {found}"


def test_the_engine_without_a_fault_passes() -> None:
    assert list(failures(engine_with(None))) == []
    for name in MODULES:
        assert import_module(name) is sys.modules[name]


def test_there_are_enough_faults_and_no_two_are_alike() -> None:
    assert len({fault.name for fault in FAULTS}) == len({(fault.old, fault.new) for fault in FAULTS}) == len(FAULTS)
    assert len(FAULTS) >= 20


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_planted_fault_is_seen(fault: Fault) -> None:
    # A fault that breaks the engine would be no test of the table, so whatever it raises fails here.
    assert next(failures(engine_with(fault)), None), f"nothing tells “{fault.name}” from the truth"
