"""Periods as the profiles state them (ISO 8601: "P5Y", "P6M", "PT72H"), and their words."""

import re

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

_PERIOD = re.compile(r"P(?=\d|T\d)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(\d+)H)?")
_DAYS = (365, 30, 7, 1, 1 / 24)


def duration_parts(duration: str) -> tuple[int, int, int, int, int] | None:
    """Years, months, weeks, days and hours of a period; None for a text that is none."""
    match = _PERIOD.fullmatch(duration)
    if match is None:
        return None
    years, months, weeks, days, hours = (int(part or 0) for part in match.groups())
    return years, months, weeks, days, hours


def duration_days(duration: str) -> float:
    """About how many days: to compare two periods, never to compute a date. Raises ValueError for no period."""
    parts = duration_parts(duration)
    if parts is None:
        raise ValueError(f"{duration!r} is not an ISO 8601 period")
    return sum(count * days for count, days in zip(parts, _DAYS, strict=True))


def duration_words(duration: str) -> str:
    """The period in the active language, "5 years"; a text that is no period comes back as it is."""
    parts = duration_parts(duration)
    if parts is None:
        return duration
    years, months, weeks, days, hours = parts
    words = [
        ngettext("%(count)d year", "%(count)d years", years) % {"count": years} if years else "",
        ngettext("%(count)d month", "%(count)d months", months) % {"count": months} if months else "",
        ngettext("%(count)d week", "%(count)d weeks", weeks) % {"count": weeks} if weeks else "",
        ngettext("%(count)d day", "%(count)d days", days) % {"count": days} if days else "",
        ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours} if hours else "",
    ]
    said = [word for word in words if word]
    return _(" and ").join(said)
