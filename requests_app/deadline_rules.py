"""The law of each regime as data: how long, how a question counts, what extends it, from which day, and its sources.

law.md §2 is the specification; `deadline_count` counts with these rules.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

IDENTITY, CLARIFY, FEE = REASONS = ("identity", "clarify", "fee")
# How a question counts. START begins the period anew with the answer; CHOSEN is the counting that the facts name.
HALF_OPEN, EXCLUDE_BOTH, INCLUSIVE, NONE, START, CHOSEN = (
    "half_open", "exclude_both", "inclusive", "none", "start", "chosen",
)
COUNTINGS = (HALF_OPEN, EXCLUDE_BOTH, INCLUSIVE, NONE)


@dataclass(frozen=True)
class Period:
    """A length in months or in days."""

    months: int = 0
    days: int = 0

    def after(self, start: date) -> date:
        """The last day of the period, before weekends and holidays move it."""
        return months_after(start, self.months) + timedelta(days=self.days)


@dataclass(frozen=True)
class Rule:
    """The law of one regime as it stands for requests received from `applies_from` on.

    `extended` is the whole period from its start, None where the law names none; `pauses` how a question counts, by
    its reason. `sources` by step of the explanation; a rule without a source for `roll` does not roll.
    """

    code: str
    version: int
    applies_from: date
    period: Period
    sources: Mapping[str, str] = field(repr=False)
    extended: Period | None = None
    pauses: Mapping[str, str] = field(default_factory=dict)
    has_extension_notice: bool = True
    has_refusal_notice: bool = True

    def __str__(self) -> str:
        return f"{self.code} {self.version}"

    def source(self, step: str) -> str:
        """Where a step comes from; what has no source of its own follows from the period."""
        return self.sources.get(step, self.sources["period"])


MONTH, THREE_MONTHS = Period(months=1), Period(months=3)
REGULATION_ROLL = "Reg. 1182/71 art. 3(4)"
UNSETTLED = "unsettled"  # no source fixes it; the flags say so
EU_PAUSES = {IDENTITY: CHOSEN, CLARIFY: CHOSEN}
UK_PAUSES = {IDENTITY: START, FEE: START, CLARIFY: INCLUSIVE}
EU_SOURCES = {
    "received": "EDPB 01/2022 §159",
    "period": "GDPR art. 12(3); Reg. 1182/71 art. 3(2)(c)",
    "due": "Reg. 1182/71 art. 3(2)(c)",
    "roll": REGULATION_ROLL,
    "extended": "GDPR art. 12(3)",
    IDENTITY: "EDPB 01/2022 §159",
    CLARIFY: "GDPR recital 63; EDPB 01/2022 §159",
}
ICO, ART_12A = "ICO, right of access", "UK GDPR art. 12A"
GDPR_FROM = date(2018, 5, 25)  # GDPR art. 99(2)

# Each regime's rules in order of date. A change of the law is a new line with its own first day, never an edit.
RULES: dict[str, tuple[Rule, ...]] = {
    "EU": (Rule("EU", 1, GDPR_FROM, MONTH, EU_SOURCES, extended=THREE_MONTHS, pauses=EU_PAUSES),),
    "FR": (
        Rule(
            "FR", 1, GDPR_FROM, MONTH, {**EU_SOURCES, IDENTITY: "Décret 2019-536 art. 77"},
            extended=THREE_MONTHS, pauses=EU_PAUSES,
        ),
    ),
    "UK": (
        Rule("UK", 1, GDPR_FROM, MONTH, {"period": ICO, "roll": ICO}, extended=THREE_MONTHS, pauses=UK_PAUSES),
        Rule(
            "UK", 2, date(2026, 2, 5), MONTH, {"period": ART_12A, "received": ICO, "roll": ICO},
            extended=THREE_MONTHS, pauses=UK_PAUSES,
        ),
    ),
    "CH": (
        Rule(
            "CH", 1, date(2023, 9, 1), Period(days=30),
            {"period": "FADP art. 25(7)", "extended": "DPO art. 18", "roll": UNSETTLED},
            has_refusal_notice=False,
        ),
    ),
    "US-CA": (
        Rule(
            "US-CA", 1, date(2020, 1, 1), Period(days=45), {"period": "CCPA Regulations §7021"},
            extended=Period(days=90), has_refusal_notice=False,
        ),
    ),
    "BR": (
        Rule(
            "BR", 1, date(2020, 9, 18), Period(days=15), {"period": "LGPD art. 19"},
            has_extension_notice=False, has_refusal_notice=False,
        ),
    ),
}


def rule_for(code: str, received_on: date) -> Rule:
    """The rule in force on the day of receipt; for a receipt before the first one, the first (and a flag says so)."""
    in_force = [rule for rule in RULES[code] if rule.applies_from <= received_on]
    return in_force[-1] if in_force else RULES[code][0]


def months_after(day: date, months: int) -> date:
    """The same date-number `months` later, else the last day of that month (Reg. 1182/71 art. 3(2)(c)).

    Never one day more: the day of receipt is not counted (art. 3(1)), and the last one is counted to its end.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
