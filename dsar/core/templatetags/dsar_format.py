"""Dates, instants and numbers as people read them, in the active language; no page shows a raw one."""

from __future__ import annotations

import re
from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal
from django import template
from django.template.defaultfilters import filesizeformat
from django.utils import timezone, translation
from django.utils.translation import gettext

from dsar.core.jurisdictions import zone

register = template.Library()

_PARAGRAPH = re.compile(r"(?P<article>\d+)\((?P<paragraph>\d+)\)(?:\((?P<point>[a-z])\))?")

# Short weekdays where they are customary; in French « mar. » would be read as a month.
WEEKDAY = {"en": "EEE", "fr": "EEEE"}
# A line never ends between a French day and its month; English pages keep plain spaces.
GAP = {"fr": "\N{NO-BREAK SPACE}"}


@register.filter
def day(value: date | None, today: date | None = None) -> str:
    """"Tue 7 April 2026", « mardi 7 avril 2026 »; without the year when it is that of `today`.

    `today` defaults to the date in the active time zone; nothing is shown for None.
    """
    if value is None:
        return ""
    this_year = (today or timezone.localdate()).year
    weekday = WEEKDAY.get(_locale().language, "EEE")
    return _date_text(value, weekday, with_year=_local_day(value).year != this_year)


@register.filter
def day_full(value: date | None) -> str:
    """"Tuesday 7 April 2026", « mardi 7 avril 2026 »; always with the year."""
    return "" if value is None else _date_text(value, "EEEE", with_year=True)


@register.filter
def day_dated(value: date | None) -> str:
    """"7 April 2026", « 1er mai 2026 »: how a letter is dated."""
    return "" if value is None else _date_text(value, "", with_year=True)


@register.filter
def day_short(value: date | None, than: date | None = None) -> str:
    """"7 April", « 7 avril », « 1er mai »; with the year only when it is not that of `than`."""
    if value is None:
        return ""
    return _date_text(value, "", with_year=than is not None and _local_day(value).year != than.year)


@register.filter
def instant(value: datetime | None, where: str | tzinfo | None = None) -> str:
    """"Thu 5 March 2026, 18:42", « jeudi 5 mars 2026, 18 h 42 », in the time zone `where` or else the active one.

    `value` is an aware instant. Raises DomainError("time_zone_unknown") for a name that is no IANA zone.
    """
    if value is None:
        return ""
    local = timezone.localtime(value, zone(where) if isinstance(where, str) else where)
    weekday = WEEKDAY.get(_locale().language, "EEE")
    shown = _date_text(local.date(), weekday, with_year=True)
    if _locale().language == "fr":
        gap = GAP["fr"]
        return f"{shown}, {local.hour}{gap}h{gap}{local:%M}"
    return f"{shown}, {local:%H:%M}"


@register.filter
def number(value: int | float | Decimal | None) -> str:
    """"1,284", « 1 284 » with the language's own separators (a narrow no-break space in French)."""
    return "" if value is None else format_decimal(value, locale=_locale())


@register.filter
def size(value: int | None) -> str:
    """A file's size, « 33,6 Ko »; French readers know no « Kio »."""
    words = filesizeformat(value or 0)
    return words.replace("io", "o") if _locale().language == "fr" else words


@register.filter
def one_line(value: str) -> str:
    """A postal address of several lines, on one."""
    return ", ".join(line.strip() for line in value.splitlines() if line.strip())


@register.filter
def article(value: str) -> str:
    """An article as its language cites it: "17(3)(b)", « 17, paragraphe 3, point b) »."""
    return _PARAGRAPH.sub(_paragraph_words, value)


def _paragraph_words(found: re.Match[str]) -> str:
    if found["point"]:
        return gettext("%(article)s(%(paragraph)s)(%(point)s)") % found.groupdict()
    return gettext("%(article)s(%(paragraph)s)") % found.groupdict()


def _date_text(value: date, weekday: str, *, with_year: bool) -> str:
    """The date in the active language: optional weekday pattern, day, month in letters, optional year."""
    value, locale = _local_day(value), _locale()
    month = format_date(value, "MMMM", locale=locale)
    number_of_day = "1er" if locale.language == "fr" and value.day == 1 else str(value.day)
    parts = [f"{number_of_day}{GAP.get(locale.language, ' ')}{month}"]
    if weekday:
        parts.insert(0, format_date(value, weekday, locale=locale))
    if with_year:
        parts.append(str(value.year))
    return " ".join(parts)


def _local_day(value: date) -> date:
    """The date of an instant in the active time zone; a plain date as it is."""
    return timezone.localtime(value).date() if isinstance(value, datetime) else value


def _locale() -> Locale:
    return _locale_of(translation.get_language() or "en")


@lru_cache(maxsize=16)
def _locale_of(language: str) -> Locale:
    return Locale.parse(translation.to_locale(language))
