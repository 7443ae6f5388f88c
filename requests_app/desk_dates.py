"""The one date of a right that its badge and its rulers show, the same on the queue and on the case page."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from requests_app.clock_history import HistoryLine
from requests_app.clock_ruler import MiniRuler, Ruler, mini_ruler, ruler
from requests_app.clock_words import DueWords, Step, due_words, explanation_words, flag_words
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
    return local_date(case_right.counts_from, case_right.case.organisation.time_zone)


def right_due(case_right: CaseRight, today: date) -> DueWords:
    """The badge of a right as seen on `today`; a target of our own stands even while the law's clock is stopped."""
    shown = shown_date(case_right)
    if shown.kind == "target" and not case_right.is_answered:
        return due_words(shown.on, "running", today, "target")
    return legal_due(case_right, today)


def legal_due(case_right: CaseRight, today: date) -> DueWords:
    """The badge of the law's own date, or that a question has stopped its clock."""
    state = "closed" if case_right.is_answered else "suspended" if case_right.is_suspended else "running"
    return due_words(
        case_right.due_on or case_right.prudent_due_on, state, today, remaining_days=case_right.paused_days
    )


def right_mini_ruler(case_right: CaseRight, today: date) -> MiniRuler:
    """The thin line under the badge: how much of the period is gone."""
    return mini_ruler(received_on(case_right), today, shown_date(case_right).on)


# What a handler must see without opening anything: the date may not hold, or did not move as they meant it to.
WARNED = ("extension_late", "after_expiry", "contestable", "extension_after_prudent", "answered_late")


@dataclass(frozen=True)
class Clock:
    """The clock of one right as the case page draws and explains it."""

    case_right: CaseRight
    due: DueWords
    ruler: Ruler
    received_on: date
    steps: list[Step]
    flags: list[str]
    warnings: list[str]
    history: list[HistoryLine]
    is_extended: bool  # its notice has left


def right_clock(case_right: CaseRight, today: date, history: list[HistoryLine]) -> Clock:
    """The legal clock, with its drawing, the steps that lead to its date (GDPR art. 12(3)), and how it came about.

    Reads `suspensions` and `extensions` through the prefetch cache when there is one.
    """
    start, zone = received_on(case_right), case_right.case.organisation.time_zone
    answered_on = local_date(case_right.answered_at, zone) if case_right.answered_at else None
    flags = list(case_right.clock_flags)
    if answered_on and case_right.due_on and answered_on > case_right.due_on:
        flags.insert(0, "answered_late")
    return Clock(
        case_right=case_right,
        due=legal_due(case_right, today),
        ruler=ruler(
            start,
            answered_on or today,
            case_right.prudent_due_on,
            case_right.due_on or max(case_right.prudent_due_on, today),
            paused=_pauses(case_right, today, zone),
        ),
        received_on=start,
        steps=explanation_words(case_right.clock_explanation),
        flags=flag_words(flag for flag in flags if flag not in WARNED),
        warnings=flag_words(flag for flag in flags if flag in WARNED),
        history=history,
        is_extended=any(extension.sent_at for extension in case_right.extensions.all()),
    )


def _pauses(case_right: CaseRight, today: date, zone: str) -> list[tuple[date, date]]:
    """From when until when the person was asked something, for the drawing; an open question lasts until today."""
    return [
        (local_date(asked.asked_at, zone), local_date(asked.answered_at, zone) if asked.answered_at else today)
        for asked in case_right.suspensions.all()
        if asked.asked_at is not None
    ]
