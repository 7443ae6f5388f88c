"""The one date of a right that its badge and its rulers show, the same on the queue and on the case page."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from requests_app.clock_words import (
    DueWords,
    MiniRuler,
    Ruler,
    Step,
    due_words,
    explanation_words,
    flag_words,
    mini_ruler,
    ruler,
)
from requests_app.deadlines import local_date
from requests_app.models import CaseRight


@dataclass(frozen=True)
class ShownDate:
    """The date a right is worked towards, and what it is: the law's, or our own earlier target (law.md §1.2)."""

    on: date
    kind: Literal["due", "target", "prudent"]


def shown_date(case_right: CaseRight) -> ShownDate:
    """Our own target where the right has one, else the due date; the prudent date while the law's is suspended."""
    if case_right.target_on is not None:
        return ShownDate(case_right.target_on, "target")
    if case_right.due_on is not None:
        return ShownDate(case_right.due_on, "due")
    return ShownDate(case_right.prudent_due_on, "prudent")


def received_on(case_right: CaseRight) -> date:
    """The local day of receipt at the organisation, from which every period counts."""
    return local_date(case_right.received_at, case_right.case.organisation.time_zone)


def right_due(case_right: CaseRight, today: date) -> DueWords:
    """The badge of a right as seen on `today`."""
    shown = shown_date(case_right)
    return due_words(shown.on, "closed" if case_right.is_answered else "running", today, shown.kind)


def right_mini_ruler(case_right: CaseRight, today: date) -> MiniRuler:
    """The thin line under the badge: how much of the period is gone."""
    return mini_ruler(received_on(case_right), today, shown_date(case_right).on)


@dataclass(frozen=True)
class Clock:
    """The clock of one right as the case page draws and explains it."""

    case_right: CaseRight
    due: DueWords
    ruler: Ruler
    received_on: date
    steps: list[Step]
    flags: list[str]


def right_clock(case_right: CaseRight, today: date) -> Clock:
    """The legal clock, with its drawing and the steps that lead to its date (GDPR art. 12(3))."""
    start = received_on(case_right)
    answered = case_right.answered_at
    until = local_date(answered, case_right.case.organisation.time_zone) if answered else today
    return Clock(
        case_right=case_right,
        due=due_words(
            case_right.due_on or case_right.prudent_due_on,
            "closed" if case_right.is_answered else "running",
            today,
            "due" if case_right.due_on else "prudent",
        ),
        ruler=ruler(start, until, case_right.prudent_due_on, case_right.due_on or case_right.prudent_due_on),
        received_on=start,
        steps=explanation_words(case_right.clock_explanation),
        flags=flag_words(case_right.clock_flags),
    )
