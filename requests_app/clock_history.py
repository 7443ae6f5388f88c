"""How the dates of a case came about: each computation of its clocks, from the journal, worded for staff and person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dsar.core.models import AuditEvent
from dsar.core.templatetags.dsar_format import day_full
from requests_app.models import Case
from requests_app.vocabulary import ClockCause


@dataclass(frozen=True)
class HistoryLine:
    """One computation of one right's clock; `at` is an aware instant."""

    at: datetime
    text: str


def clock_history(case: Case) -> dict[str, list[HistoryLine]]:
    """The lines of each right by its code, the oldest first: one query, whatever the length.

    A computation that moved no date, such as one with a newer calendar, is left out; the journal has it.
    """
    events = AuditEvent.objects.filter(chain__key=case.chain, kind__in=("clock.computed", "case_right.added"))
    lines: dict[str, list[HistoryLine]] = {}
    for event in events.order_by("seq"):
        for change in event.facts.get("changes") or [_opening(event.facts)]:
            if text := change_words(event.facts.get("cause", ClockCause.RECEIVED), change):
                lines.setdefault(change["right"], []).append(HistoryLine(event.at, capfirst(text)))
    return lines


def change_words(cause: str, change: Mapping[str, Any]) -> str:
    """What one computation did to one date, in the active language; empty when it moved none."""
    before, after = _day(change.get("before")), _day(change.get("after"))
    if before == after and cause == ClockCause.CALENDAR:
        return ""
    names = {
        "cause": ClockCause(cause).label if cause in ClockCause.values else cause,
        "before": day_full(before),
        "after": day_full(after),
    }
    if after is None:
        return _("%(cause)s: the time stands still.") % names + _remaining(change.get("paused_days"))
    if before is None:
        return _("%(cause)s: our answer is due by %(after)s.") % names
    if before == after:
        return _("%(cause)s: still due by %(after)s.") % names
    return _("%(cause)s: due by %(after)s instead of %(before)s.") % names


def _remaining(days: int | None) -> str:
    if days is None:
        return ""
    return " " + ngettext("%(days)s day remains.", "%(days)s days remain.", days) % {"days": days}


def _opening(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The first computation of a right, as its opening event tells it."""
    return {"right": facts["right"], "before": None, "after": facts["due_on"]}


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:  # rows of earlier versions hold "None"
        return None
