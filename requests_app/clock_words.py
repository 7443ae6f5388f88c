"""The clock in words and lines: why a date is the date, what a badge says of it, and the drawn ruler of the month."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from babel.dates import format_date, get_timezone_location
from django.utils.translation import get_language, gettext, ngettext, to_locale
from django.utils.translation import gettext_lazy as _

from dsar.core.jurisdictions import jurisdiction
from dsar.core.templatetags.dsar_format import day as day_words
from dsar.core.templatetags.dsar_format import day_full, day_short
from dsar.core.texts import listed

# The sources of the steps in `deadlines`: code there, words here.
SOURCES = {
    "EDPB 01/2022 §159": _("EDPB Guidelines 01/2022, paragraph 159"),
    "GDPR art. 12(3)": _("GDPR, article 12(3)"),
    "Reg. 1182/71 art. 3(2)(c)": _("Regulation 1182/71, article 3(2)(c)"),
    "Reg. 1182/71 art. 3(4)": _("Regulation 1182/71, article 3(4)"),
}
FLAGS = {
    "before_rule": _("The request arrived before the GDPR applied (25 May 2018). The month is counted as it is today."),
    "answered_late": _("The answer went out after the due date."),
}
SOON_DAYS = 7
DAY_WIDTH = 10  # units of the ruler's drawing for one day
RULER_HEIGHT = 26
MINI_WIDTH = 31


@dataclass(frozen=True)
class Step:
    """One line of "Why this date": what is said, and under it in small why that holds, with its source."""

    text: str
    source: str


@dataclass(frozen=True)
class DueWords:
    """A due badge: `css` gives colour and sign, `text` the date, `small` what it means today."""

    css: Literal["late", "soon", "ok"]
    text: str
    small: str

    @property
    def line(self) -> str:
        """Both parts in one line, for headings and mails."""
        return " · ".join(filter(None, (self.text, self.small)))


@dataclass(frozen=True)
class Ruler:
    """Attributes of the ruler's SVG: `view_box`, and the `d` of one path each; `safe` is empty where it would hide.

    `label` says the same in words, for readers who do not see the drawing.
    """

    view_box: str
    ticks: str
    gone: str
    now: str
    safe: str
    end: str
    label: str


@dataclass(frozen=True)
class MiniRuler:
    """Attributes of the thin line under a date of the queue: the whole period, and the part that is gone."""

    view_box: str
    line: str
    gone: str


def explanation_words(explanation: Iterable[dict[str, Any]]) -> list[Step]:
    """The steps of `Deadline.explanation` worded in the active language, for a person who does not know the law."""
    return [
        Step(*_WORDS[step["code"]](step["parameters"], source_words(step["source"]))) for step in explanation
    ]


def source_words(source: str) -> str:
    """Where a step comes from, in the active language; several sources stand apart by "; "."""
    return listed(SOURCES.get(part, part) for part in source.split("; "))


def flag_words(flags: Iterable[str]) -> list[str]:
    """What a careful reader should know besides the dates, in the active language."""
    return [str(FLAGS.get(flag, flag)) for flag in flags]


def due_words(
    due_on: date, state: str, today: date, kind: Literal["due", "target", "prudent"] = "due"
) -> DueWords:
    """The badge of one date as seen on `today`: late on its last day and after, soon for seven days, else ok.

    `kind` tells the legal date from our own target and from the prudent date; a closed right has only its answer.
    """
    if state == "closed":
        return DueWords("ok", gettext("Answered"), "")
    left = (due_on - today).days
    css: Literal["late", "soon", "ok"] = "late" if left <= 0 else "soon" if left <= SOON_DAYS else "ok"
    shown = {"day": day_words(due_on, today)}
    if kind == "prudent":
        text = gettext("Prudent date %(day)s") if left >= 0 else gettext("Prudent date passed on %(day)s")
        # The law is not broken on this date, so it warns and never says late.
        return DueWords("soon" if css == "late" else css, text % shown, _days_left(left))
    if left < 0:
        text = gettext("Overdue since %(day)s") % shown
    else:
        text = (gettext("Due %(day)s") if left else gettext("Due today, %(day)s")) % shown
    return DueWords(css, text, gettext("our own rule") if kind == "target" else _days_left(left))


def ruler(received_on: date, today: date, prudent_on: date, due_on: date) -> Ruler:
    """The ruler of one period: a mark a day, a long one every seventh; gone, now, the prudent and the due date."""
    total, gone, safe = ((day - received_on).days for day in (due_on, today, prudent_on))
    marks = (f"M{x * DAY_WIDTH} {RULER_HEIGHT}v-{11 if x % 7 == 0 else 5}" for x in range(total + 1))
    # A late case keeps its ruler: it is full, and the words beside it say by how much.
    now = max(0, min(gone, total)) * DAY_WIDTH
    end = total * DAY_WIDTH
    return Ruler(
        view_box=f"0 0 {end} {RULER_HEIGHT}",
        ticks="".join(marks),
        gone=f"M0 24H{now}",
        now=f"M{now} 0V{RULER_HEIGHT}",
        safe=f"M{safe * DAY_WIDTH} 4V{RULER_HEIGHT}" if safe < total else "",
        end=f"M{end} 4V{RULER_HEIGHT}",
        label=_ruler_label(gone, total, safe),
    )


def mini_ruler(received_on: date, today: date, due_on: date) -> MiniRuler:
    """The same period at the width of a table cell; every case's line is equally long, so they compare."""
    total, gone = (due_on - received_on).days, (today - received_on).days
    used = max(0, min(MINI_WIDTH, MINI_WIDTH * gone // total))
    return MiniRuler(view_box=f"0 0 {MINI_WIDTH} 6", line=f"M0 5H{MINI_WIDTH}", gone=f"M0 5H{used}")


def _ruler_label(gone: int, total: int, safe: int) -> str:
    if gone > total:
        return ngettext("%(days)s day over the due date", "%(days)s days over the due date", gone - total) % {
            "days": gone - total
        }
    parameters = {"day": max(gone, 0), "total": total, "safe": safe}
    if safe < total:
        return gettext("Day %(day)s of %(total)s; prudent date on day %(safe)s") % parameters
    return gettext("Day %(day)s of %(total)s") % parameters


def _days_left(left: int) -> str:
    if left < 0:
        return ngettext("%(days)s day late", "%(days)s days late", -left) % {"days": -left}
    if left == 0:
        return gettext("until midnight")
    if left == 1:
        return gettext("tomorrow")
    return ngettext("%(days)s day left", "%(days)s days left", left) % {"days": left}


def _received(parameters: dict[str, Any], source: str) -> tuple[str, str]:
    text = gettext("The request arrived on %(day)s, local date in %(place)s.") % {
        "day": day_full(_date(parameters["received_on"])),
        "place": get_timezone_location(parameters["time_zone"], locale=_babel_language(), return_city=True),
    }
    return text, gettext("The day of arrival counts, even in the evening or on a Sunday: %(source)s.") % {
        "source": source
    }


def _month(parameters: dict[str, Any], source: str) -> tuple[str, str]:
    months = parameters["months"]
    return ngettext(
        "We have one month: until %(day)s.", "We have %(months)s months: until %(day)s.", months
    ) % {"months": months, "day": day_full(_date(parameters["last_day"]))}, source


def _month_end(parameters: dict[str, Any], source: str) -> tuple[str, str]:
    months, last_day = parameters["months"], _date(parameters["last_day"])
    return ngettext(
        "We have one month. %(month)s has no day %(number)s, so its last day counts: until %(day)s.",
        "We have %(months)s months. %(month)s has no day %(number)s, so its last day counts: until %(day)s.",
        months,
    ) % {
        "months": months,
        "month": format_date(last_day, "MMMM", locale=_babel_language()),
        "number": parameters["day_number"],
        "day": day_full(last_day),
    }, source


def _rolled(parameters: dict[str, Any], source: str) -> tuple[str, str]:
    calendar = jurisdiction(parameters["calendar"]).calendar
    sentences = []
    for day_off in parameters["days"]:
        day = _date(day_off["day"])
        if day_off["reason"] == "public_holiday":
            name = calendar.holiday(day, get_language() or "en") or day_off["name"]
            sentences.append(
                gettext("%(day)s is a public holiday (%(holiday)s).") % {"day": day_short(day), "holiday": name}
            )
        elif day_off["reason"] == "saturday":
            sentences.append(gettext("%(day)s is a Saturday.") % {"day": day_short(day)})
        else:
            sentences.append(gettext("%(day)s is a Sunday.") % {"day": day_short(day)})
    return " ".join(sentences), gettext(
        "A period that ends on a day off ends on the next working day: %(source)s."
    ) % {"source": source}


def _due(parameters: dict[str, Any], source: str) -> tuple[str, str]:
    due_on, prudent_on, aim_on = (_date(parameters[key]) for key in ("due_on", "prudent_due_on", "aim_on"))
    text = gettext("So the period ends on %(day)s, at the end of that day.") % {"day": day_full(due_on)}
    if due_on == prudent_on:
        return text, source
    return text, gettext("We aim for %(aim)s, the last working day before %(prudent)s.") % {
        "aim": day_short(aim_on, due_on), "prudent": day_short(prudent_on, due_on),
    }


_WORDS: dict[str, Callable[[dict[str, Any], str], tuple[str, str]]] = {
    "received": _received,
    "month": _month,
    "month_end": _month_end,
    "rolled": _rolled,
    "due": _due,
}


def _date(text: str) -> date:
    return date.fromisoformat(text)


def _babel_language() -> str:
    return to_locale(get_language() or "en")
