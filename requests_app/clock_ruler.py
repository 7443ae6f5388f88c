"""The drawn rulers: the law gives a month, so the month is what one sees; the words beside them say the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext, ngettext

DAY_WIDTH = 10  # units of the ruler's drawing for one day
RULER_HEIGHT = 26
MINI_WIDTH = 31


@dataclass(frozen=True)
class Ruler:
    """Attributes of the ruler's SVG: `view_box`, and the `d` of one path each; `safe` is empty where it would hide.

    `paused` is the part on which the time stood still, left out of `gone` and drawn dashed; empty without a pause.

    `label` says the same in words, for readers who do not see the drawing.
    """

    view_box: str
    ticks: str
    gone: str
    now: str
    safe: str
    end: str
    label: str
    paused: str = ""


@dataclass(frozen=True)
class MiniRuler:
    """Attributes of the thin line under a date of the queue: the whole period, and the part that is gone."""

    view_box: str
    line: str
    gone: str


def ruler(
    received_on: date, today: date, prudent_on: date, due_on: date, paused: Iterable[tuple[date, date]] = ()
) -> Ruler:
    """The ruler of one period: a mark a day, a long one every seventh; gone, now, the prudent and the due date.

    `paused` holds the days on which a question left and was answered; the time stood still after the first of them.
    """
    total, gone, safe = ((day - received_on).days for day in (due_on, today, prudent_on))
    marks = (f"M{x * DAY_WIDTH} {RULER_HEIGHT}v-{11 if x % 7 == 0 else 5}" for x in range(total + 1))
    # A late case keeps its ruler: it is full, and the words beside it say by how much.
    now = max(0, min(gone, total))
    ran, held = _stretches([((start - received_on).days, (end - received_on).days) for start, end in paused], now)
    end = total * DAY_WIDTH
    return Ruler(
        view_box=f"0 0 {end} {RULER_HEIGHT}",
        ticks="".join(marks),
        gone=_line(ran),
        now=f"M{now * DAY_WIDTH} 0V{RULER_HEIGHT}",
        safe=f"M{safe * DAY_WIDTH} 4V{RULER_HEIGHT}" if safe < total else "",
        end=f"M{end} 4V{RULER_HEIGHT}",
        label=_ruler_label(gone, total, safe, sum(till - since for since, till in held)),
        paused=_line(held),
    )


def _stretches(paused: list[tuple[int, int]], now: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """The days up to `now` on which the time ran and those on which it stood still, as stretches without overlap."""
    ran, held, reached = [], [], 0
    for since, till in sorted(paused):
        since, till = max(since, reached), min(till, now)
        if since < till:
            ran.append((reached, since))
            held.append((since, till))
            reached = till
    return [*ran, (reached, now)], held


def _line(stretches: list[tuple[int, int]]) -> str:
    return "".join(f"M{since * DAY_WIDTH} 24H{till * DAY_WIDTH}" for since, till in stretches)


def mini_ruler(received_on: date, today: date, due_on: date) -> MiniRuler:
    """The same period at the width of a table cell; every case's line is equally long, so they compare."""
    total, gone = (due_on - received_on).days, (today - received_on).days
    used = max(0, min(MINI_WIDTH, MINI_WIDTH * gone // total))
    return MiniRuler(view_box=f"0 0 {MINI_WIDTH} 6", line=f"M0 5H{MINI_WIDTH}", gone=f"M0 5H{used}")


def _ruler_label(gone: int, total: int, safe: int, held: int) -> str:
    if gone > total:
        label = ngettext("%(days)s day over the due date", "%(days)s days over the due date", gone - total) % {
            "days": gone - total
        }
    elif safe < total:
        label = gettext("Day %(day)s of %(total)s; prudent date on day %(safe)s") % {
            "day": max(gone, 0), "total": total, "safe": safe,
        }
    else:
        label = gettext("Day %(day)s of %(total)s") % {"day": max(gone, 0), "total": total}
    if not held:
        return label
    return ngettext(
        "%(label)s; the time stood still on %(days)s day", "%(label)s; the time stood still on %(days)s days", held
    ) % {"label": label, "days": held}
