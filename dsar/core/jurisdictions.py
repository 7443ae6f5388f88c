"""The closed vocabulary of jurisdictions: whose law counts the time, in which time zone, on which calendar.

The rules that count are in `requests_app/deadlines.py`; a new country enters here with its time zone and its rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from importlib.metadata import version
from zoneinfo import ZoneInfo

import holidays
from django.utils.translation import gettext as _

from dsar.core.errors import DomainError

SATURDAY, SUNDAY = 5, 6
HOLIDAYS_VERSION = version("holidays")


@dataclass(frozen=True)
class Calendar:
    """Working days of a place: all but Saturdays, Sundays and its public holidays (Reg. 1182/71 art. 2).

    Years that the holidays library does not know raise DomainError("calendar_unknown"): no date beats a wrong one.
    """

    country: str
    subdivision: str = ""

    @property
    def code(self) -> str:
        """The country, with its subdivision after a hyphen where it has one."""
        return f"{self.country}-{self.subdivision}" if self.subdivision else self.country

    @property
    def version(self) -> str:
        """Code and library version, kept with each computed date because calendars are dated law."""
        return f"{self.code} holidays-{HOLIDAYS_VERSION}"

    def holiday(self, day: date, language: str = "") -> str | None:
        """Name of the public holiday in `language` if the library has it, else in the country's own; None if none."""
        return _public_holidays(self.country, self.subdivision, day.year, language).get(day)

    def is_working_day(self, day: date) -> bool:
        """Neither Saturday, Sunday nor public holiday (Reg. 1182/71 art. 2(2))."""
        return day.weekday() < SATURDAY and self.holiday(day) is None

    def working_day_from(self, day: date) -> date:
        """`day` itself, or the next working day after it (Reg. 1182/71 art. 3(4))."""
        while not self.is_working_day(day):
            day += timedelta(days=1)
        return day

    def working_day_until(self, day: date) -> date:
        """`day` itself, or the last working day before it."""
        while not self.is_working_day(day):
            day -= timedelta(days=1)
        return day


@lru_cache(maxsize=1024)
def _public_holidays(country: str, subdivision: str, year: int, language: str) -> dict[date, str]:
    """All public holidays of one year. The library's own object fills years lazily and is not safe between threads."""
    known = holidays.country_holidays(country, subdiv=subdivision or None, years=year)
    if not known.start_year <= year <= known.end_year:
        raise DomainError(
            "calendar_unknown", _("The public holidays of the year %(year)s are not known.") % {"year": year}
        )
    # Always an explicit language: without one the library follows the locale of the process.
    named = holidays.country_holidays(
        country, subdiv=subdivision or None, years=year, language=_library_language(known, language)
    )
    return {day: name.replace("'", "’") for day, name in named.items() if day.year == year}


def _library_language(known: holidays.HolidayBase, language: str) -> str | None:
    """The library's name of `language` ("en" is "en_US" there), else the country's own language."""
    wanted = language.replace("-", "_")
    for name in known.supported_languages:
        if wanted and (name == wanted or name.startswith(f"{wanted}_")):
            return name
    return known.default_language


@dataclass(frozen=True)
class Jurisdiction:
    """One law that counts time. `rule` is a key of `requests_app.deadlines.RULES`, `time_zone` an IANA name.

    The time zone is the usual one of the place; an organisation states its own (law of the place of action).
    """

    code: str
    country: str
    subdivision: str
    time_zone: str
    rule: str

    @property
    def calendar(self) -> Calendar:
        """The working days of the place where the action is to be taken (Reg. 1182/71 art. 2(1))."""
        return Calendar(self.country, self.subdivision)


JURISDICTIONS: dict[str, Jurisdiction] = {
    known.code: known
    for known in (
        Jurisdiction("FR", country="FR", subdivision="", time_zone="Europe/Paris", rule="FR"),
    )
}


def jurisdiction(code: str) -> Jurisdiction:
    """The jurisdiction of that code; raises DomainError("jurisdiction_unknown") and never guesses a near one."""
    try:
        return JURISDICTIONS[code]
    except KeyError:
        raise DomainError(
            "jurisdiction_unknown",
            _("The deadlines of “%(code)s” are not known here. Known: %(known)s.")
            % {"code": code, "known": ", ".join(sorted(JURISDICTIONS))},
        ) from None


def zone(name: str) -> ZoneInfo:
    """The IANA time zone of that name; raises DomainError("time_zone_unknown")."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # what ZoneInfo raises for no such zone, a bad name, a folder of zones
        raise DomainError(
            "time_zone_unknown", _("“%(name)s” is not the name of a time zone.") % {"name": name}
        ) from None
