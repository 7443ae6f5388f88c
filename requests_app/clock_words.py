"""The clock in words: why a date is the date, and what a badge says of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from babel.dates import format_date, get_timezone_location
from django.utils.translation import get_language, gettext, ngettext, to_locale
from django.utils.translation import gettext_lazy as _

from dsar.core.errors import DomainError
from dsar.core.jurisdictions import jurisdiction
from dsar.core.templatetags.dsar_format import day as day_words
from dsar.core.templatetags.dsar_format import day_full, day_short
from dsar.core.texts import listed

# The sources of the steps: codes in `deadline_rules`, words here.
SOURCES = {
    "CCPA Regulations §7021": _("California, CCPA Regulations, section 7021"),
    "DPO art. 18": _("Switzerland, Data Protection Ordinance, article 18"),
    # The number of the article is to be read again before it is shown (law.md §2.2).
    "Décret 2019-536 art. 77": _("France, decree 2019-536 of 29 May 2019"),
    "EDPB 01/2022 §159": _("EDPB Guidelines 01/2022, paragraph 159"),
    "FADP art. 25(7)": _("Switzerland, Federal Act on Data Protection, article 25(7)"),
    "GDPR art. 12(3)": _("GDPR, article 12(3)"),
    "GDPR recital 63": _("GDPR, recital 63"),
    "ICO, right of access": _("guidance of the Information Commissioner on the right of access"),
    "LGPD art. 19": _("Brazil, General Data Protection Law, article 19"),
    "Reg. 1182/71 art. 3(2)(c)": _("Regulation 1182/71, article 3(2)(c)"),
    "Reg. 1182/71 art. 3(4)": _("Regulation 1182/71, article 3(4)"),
    "UK GDPR art. 12A": _("UK GDPR, article 12A"),
    "unsettled": _("customary, but no text settles it"),
}
# Each flag says what is so and what follows from it; `deadlines` raises them, the heaviest first.
FLAGS = {
    "before_rule": _("The request arrived before this law applied. The time is counted as the law counts it since."),
    "answered_late": _("The answer went out after the due date."),
    "after_expiry": _("A question left after the period had ended: it changes no date."),
    "extension_late": _("The notice of extension left too late: the first date stands."),
    "extension_without_length": _("This law names no longer period: the first date stands here."),
    "extension_unknown": _("This law knows no extension: the first date stands."),
    "suspension_without_effect": _("A question was asked that does not stop the time here."),
    "contestable": _(
        "The pause can be contested: the question left more than three working days after the arrival, or asked for "
        "precision although the data are not many."
    ),
    "suspended_on_last_day": _("A question left on the very last day: we answer on the day the person does."),
    "suspended_after_last_day": _(
        "A question left on the days off that had moved the end of the period. The moved date counts as the last day."
    ),
    "extension_after_prudent": _(
        "The notice of extension left after the prudent date: it holds if pauses and days off count as we count them."
    ),
    "extended_while_suspended": _("The notice of extension left while the time stood still."),
    "same_day_clarification": _("Question and answer fell on one day. Read by the letter, that day does not count."),
    "suspension_formula": _(
        "No text says how the days of a pause are counted, nor whether they also move the date for telling a refusal. "
        "The prudent date needs neither."
    ),
    "roll_uncertain": _("No text says whether days off move this date. The earlier date is the safe one."),
    "regional_holiday": _(
        "The date rests on a holiday of the region only. That such days count is not settled; the earlier date is safe."
    ),
}
# What was asked, by the reason of the question; read by staff and by the person alike.
ASKED = {
    "identity": _("On %(day)s we asked a question to be sure who is asking."),
    "clarify": _("On %(day)s we asked what exactly is wanted."),
    "fee": _("On %(day)s we asked for a fee."),
}
IGNORED = {
    "expired": _("The period had ended on %(day)s, so the question changes nothing."),
    "rule": _("Under this law such a question does not stop the time."),
    "counting": _("We count the time without any pause, so the question changes nothing."),
}
VOID = {
    "late": _("That had to be said by %(day)s, so it changes nothing."),
    "no_length": _("This law names no longer period, so the date stays."),
    "unknown": _("This law knows no extension, so the date stays."),
}
SOON_DAYS = 7


@dataclass(frozen=True)
class Step:
    """One line of "Why this date": what is said, and under it in small why that holds, with its source."""

    text: str
    source: str


@dataclass(frozen=True)
class DueWords:
    """A due badge: `css` gives colour and sign, `text` the date, `small` what it means today."""

    css: Literal["late", "soon", "ok", "hold"]
    text: str
    small: str

    @property
    def line(self) -> str:
        """Both parts in one line, for headings and mails."""
        return " · ".join(filter(None, (self.text, self.small)))


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
    due_on: date,
    state: str,
    today: date,
    kind: Literal["due", "target", "prudent"] = "due",
    *,
    remaining_days: int | None = None,
) -> DueWords:
    """The badge of one date as seen on `today`: late on its last day and after, soon for seven days, else ok.

    `kind` tells the legal date from our own target and from the prudent date; a closed right has only its answer, and
    a suspended one no legal date but `remaining_days`, None where a whole period begins with the person's answer.
    """
    if state == "closed":
        return DueWords("ok", gettext("Answered"), "")
    if state == "suspended" and kind == "due":
        return DueWords("hold", _paused(remaining_days), "")
    left = (due_on - today).days
    css: Literal["late", "soon", "ok"] = "late" if left <= 0 else "soon" if left <= SOON_DAYS else "ok"
    shown = {"day": day_words(due_on, today)}
    if kind == "prudent":
        text = gettext("Prudent date %(day)s") if left >= 0 else gettext("Prudent date passed on %(day)s")
        # The law is not broken on this date, so it warns and never says late.
        small = _days_ago(-left) if left < 0 else _days_left(left)
        return DueWords("soon" if css == "late" else css, text % shown, small)
    if left < 0:
        text = gettext("Overdue since %(day)s") % shown
    else:
        text = (gettext("Due %(day)s") if left else gettext("Due today, %(day)s")) % shown
    return DueWords(css, text, gettext("our own rule") if kind == "target" else _days_left(left))


def _paused(remaining_days: int | None) -> str:
    if remaining_days is None:
        return gettext("Paused")
    if remaining_days == 0:
        return gettext("Paused, due on the day of the answer")
    return ngettext("Paused, %(days)s day remains", "Paused, %(days)s days remain", remaining_days) % {
        "days": remaining_days
    }


def _days_ago(days: int) -> str:
    return ngettext("%(days)s day ago", "%(days)s days ago", days) % {"days": days}


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


def _start(parameters: dict[str, Any], source: str) -> tuple[str, str]:
    answered = {"day": day_full(_date(parameters["answered_on"]))}
    text = (
        gettext("What we needed came on %(day)s, and the time starts only with it.")
        if parameters["begins"]
        else gettext("What we needed came on %(day)s; the time still waited for another answer.")
    )
    return f"{_asked(parameters)} {text % answered}", _starts_small(source)


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
    ) % {"months": months, "day": day_full(last_day), **_month_named(parameters)}, source


def _days(parameters: dict[str, Any], source: str) -> tuple[str, str]:
    days = parameters["days"]
    return ngettext("We have %(days)s day: until %(day)s.", "We have %(days)s days: until %(day)s.", days) % {
        "days": days, "day": day_full(_date(parameters["last_day"])),
    }, source


def _extended(parameters: dict[str, Any], source: str) -> tuple[str, str]:
    months, days, last_day = parameters["months"], parameters["days"], _date(parameters["last_day"])
    if months:
        length = ngettext(
            "From its start, the whole period is then %(months)s month: until %(day)s.",
            "From its start, the whole period is then %(months)s months: until %(day)s.",
            months,
        )
    else:
        length = ngettext(
            "From its start, the whole period is then %(days)s day: until %(day)s.",
            "From its start, the whole period is then %(days)s days: until %(day)s.",
            days,
        )
    sentences = [
        gettext("On %(day)s we wrote that we need more time, and why.") % {
            "day": day_full(_date(parameters["sent_on"]))
        },
        length % {"months": months, "days": days, "day": day_full(last_day)},
    ]
    if months and last_day.day != parameters["day_number"]:
        sentences.append(
            gettext("%(month)s has no day %(number)s, so its last day counts.") % _month_named(parameters)
        )
    return " ".join(sentences), source


def _extension_void(parameters: dict[str, Any], source: str) -> tuple[str, str]:
    notice_due_on = parameters["notice_due_on"]
    return " ".join([
        gettext("On %(day)s we wrote that we need more time.") % {"day": day_full(_date(parameters["sent_on"]))},
        str(VOID[parameters["why"]]) % {"day": day_full(_date(notice_due_on)) if notice_due_on else ""},
    ]), source


def _suspended(parameters: dict[str, Any], source: str) -> tuple[str, str]:
    days, shown = parameters["days"], {
        "days": parameters["days"],
        "answered": day_full(_date(parameters["answered_on"])),
        "last": day_full(_date(parameters["last_day"])),
    }
    sentences = [_asked(parameters)]
    if parameters["from_on"]:
        sentences.append(
            gettext("By then days off had moved the last day to %(day)s.") % {
                "day": day_full(_date(parameters["from_on"]))
            }
        )
    if parameters["answered_on"] == parameters["asked_on"] and not days:
        sentences.append(gettext("The answer came on the same day: nothing is added."))
    elif parameters["answered_on"] == parameters["asked_on"]:
        sentences.append(
            gettext("The answer came on the same day, and that day does not count: until %(last)s.") % shown
        )
    elif not parameters["held"]:
        sentences.append(gettext("The answer came on %(answered)s: nothing is added.") % shown)
    elif not days:
        sentences.append(
            gettext(
                "The answer came on %(answered)s. The time already stood still for another question: "
                "nothing more is added."
            )
            % shown
        )
    elif days < parameters["held"]:
        sentences.append(
            ngettext(
                "The answer came on %(answered)s. For a part of these days the time already stood still; "
                "%(days)s day more is added: until %(last)s.",
                "The answer came on %(answered)s. For a part of these days the time already stood still; "
                "%(days)s days more are added: until %(last)s.",
                days,
            )
            % shown
        )
    else:
        sentences.append(
            ngettext(
                "The time stood still until the answer on %(answered)s: %(days)s day. It is added: until %(last)s.",
                "The time stood still until the answer on %(answered)s: %(days)s days. "
                "They are added: until %(last)s.",
                days,
            )
            % shown
        )
    return " ".join(sentences), _waits_small(source)


def _suspended_open(parameters: dict[str, Any], source: str) -> tuple[str, str]:
    if parameters["begins_period"]:
        waiting = gettext("There is no answer yet, and the time starts only with it.")
        return f"{_asked(parameters)} {waiting}", _starts_small(source)
    waiting = gettext("There is no answer yet: until it comes, the time stands still.")
    return f"{_asked(parameters)} {waiting}", _waits_small(source)


def _suspension_ignored(parameters: dict[str, Any], source: str) -> tuple[str, str]:
    ended_on = parameters["ended_on"]
    why = str(IGNORED[parameters["why"]]) % {"day": day_full(_date(ended_on)) if ended_on else ""}
    return f"{_asked(parameters)} {why}", source


def _rolled(parameters: dict[str, Any], source: str) -> tuple[str, str]:
    sentences = []
    for day_off in parameters["days"]:
        day = _date(day_off["day"])
        if day_off["reason"] == "public_holiday":
            sentences.append(
                gettext("%(day)s is a public holiday (%(holiday)s).")
                % {"day": day_short(day), "holiday": _holiday(parameters["calendar"], day) or day_off["name"]}
            )
        elif day_off["reason"] == "saturday":
            sentences.append(gettext("%(day)s is a Saturday.") % {"day": day_short(day)})
        else:
            sentences.append(gettext("%(day)s is a Sunday.") % {"day": day_short(day)})
    return " ".join(sentences), gettext(
        "A period that ends on a day off ends on the next working day: %(source)s."
    ) % {"source": source}


def _due(parameters: dict[str, Any], source: str) -> tuple[str, str]:
    due_on = _date(parameters["due_on"])
    text = gettext("So the period ends on %(day)s, at the end of that day.") % {"day": day_full(due_on)}
    return text, source if parameters["due_on"] == parameters["prudent_due_on"] else _aim(parameters, due_on)


def _remains(parameters: dict[str, Any], source: str) -> tuple[str, str]:
    days = parameters["remaining_days"]
    if days is None:
        text = gettext("So there is no due date yet: the whole period starts on the day of the answer.")
    elif days == 0:
        text = gettext("So there is no due date now. The period ends on the very day of the answer.")
    else:
        text = ngettext(
            "So there is no due date now. From the day of the answer, %(days)s day remains.",
            "So there is no due date now. From the day of the answer, %(days)s days remain.",
            days,
        ) % {"days": days}
    return text, _aim(parameters, _date(parameters["prudent_due_on"]))


def _aim(parameters: dict[str, Any], than: date) -> str:
    """What we work towards: the date without pauses, or the last working day before it."""
    prudent_on, aim_on = _date(parameters["prudent_due_on"]), _date(parameters["aim_on"])
    shown = {"aim": day_short(aim_on, than), "prudent": day_short(prudent_on, than)}
    if aim_on == prudent_on:
        return gettext("Without any pause it would be %(prudent)s, and we aim for that day.") % shown
    return gettext("We aim for %(aim)s, the last working day before %(prudent)s.") % shown


def _asked(parameters: dict[str, Any]) -> str:
    return str(ASKED[parameters["reason"]]) % {"day": day_full(_date(parameters["asked_on"]))}


def _waits_small(source: str) -> str:
    return gettext("The time stands still while we wait for something that we need to answer: %(source)s.") % {
        "source": source
    }


def _starts_small(source: str) -> str:
    return gettext("The time starts once we have what we need to answer: %(source)s.") % {"source": source}


def _month_named(parameters: dict[str, Any]) -> dict[str, Any]:
    """The month of a last day, and the day that it does not have."""
    month = format_date(_date(parameters["last_day"]), "MMMM", locale=_babel_language())
    return {"month": month, "number": parameters["day_number"]}


def _holiday(code: str, day: date) -> str | None:
    """The holiday's name in the reader's language; None where today's library does not know it or its calendar."""
    try:
        return jurisdiction(code).calendar.holiday(day, get_language() or "en")
    except DomainError:  # the step is older than the library: what it recorded is said instead
        return None


_WORDS: dict[str, Callable[[dict[str, Any], str], tuple[str, str]]] = {
    "received": _received,
    "start": _start,
    "month": _month,
    "month_end": _month_end,
    "days": _days,
    "extended": _extended,
    "suspended": _suspended,
    "suspended_open": _suspended_open,
    "suspension_ignored": _suspension_ignored,
    "extension_void": _extension_void,
    "rolled": _rolled,
    "due": _due,
    "remains": _remains,
}


def _date(text: str) -> date:
    return date.fromisoformat(text)


def _babel_language() -> str:
    return to_locale(get_language() or "en")
