"""The closed vocabulary of jurisdictions: whose law counts the time, in which time zone, on which calendar.

The rules that count are in `requests_app/deadline_rules.py`; a new country enters here with its time zone and its rule.
Its regions are those that the holidays library knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches
from functools import cache, lru_cache
from importlib.metadata import version
from zoneinfo import ZoneInfo

import holidays
from django.utils.translation import gettext as _

from dsar.core.errors import DomainError

SATURDAY, SUNDAY = 5, 6
HOLIDAYS_VERSION = version("holidays")
NEAR_CODES = 6  # so many are named when a code is not known

# Countries of the European Economic Area and those whose law is counted beside it, with their usual time zones.
COUNTRY_ZONES = {
    "AT": "Europe/Vienna",
    "BE": "Europe/Brussels",
    "BG": "Europe/Sofia",
    "HR": "Europe/Zagreb",
    "CY": "Asia/Nicosia",
    "CZ": "Europe/Prague",
    "DK": "Europe/Copenhagen",
    "EE": "Europe/Tallinn",
    "FI": "Europe/Helsinki",
    "FR": "Europe/Paris",
    "DE": "Europe/Berlin",
    "GR": "Europe/Athens",
    "HU": "Europe/Budapest",
    "IE": "Europe/Dublin",
    "IT": "Europe/Rome",
    "LV": "Europe/Riga",
    "LT": "Europe/Vilnius",
    "LU": "Europe/Luxembourg",
    "MT": "Europe/Malta",
    "NL": "Europe/Amsterdam",
    "PL": "Europe/Warsaw",
    "PT": "Europe/Lisbon",
    "RO": "Europe/Bucharest",
    "SK": "Europe/Bratislava",
    "SI": "Europe/Ljubljana",
    "ES": "Europe/Madrid",
    "SE": "Europe/Stockholm",
    "IS": "Atlantic/Reykjavik",
    "LI": "Europe/Vaduz",
    "NO": "Europe/Oslo",
    "GB": "Europe/London",
    "CH": "Europe/Zurich",
    "US": "America/Los_Angeles",
    "BR": "America/Sao_Paulo",
}
REGION_ZONES = {
    "BR-AC": "America/Rio_Branco",
    "BR-AM": "America/Manaus",
    "BR-MS": "America/Campo_Grande",
    "BR-MT": "America/Cuiaba",
    "BR-RO": "America/Porto_Velho",
    "BR-RR": "America/Boa_Vista",
    "ES-CE": "Africa/Ceuta",
    "ES-CN": "Atlantic/Canary",
    "ES-ML": "Africa/Ceuta",
    "FI-01": "Europe/Mariehamn",
    "FR-971": "America/Guadeloupe",
    "FR-972": "America/Martinique",
    "FR-973": "America/Cayenne",
    "FR-974": "Indian/Reunion",
    "FR-976": "Indian/Mayotte",
    "FR-BL": "America/St_Barthelemy",
    "FR-MF": "America/Marigot",
    "FR-NC": "Pacific/Noumea",
    "FR-PF": "Pacific/Tahiti",
    "FR-PM": "America/Miquelon",
    "FR-TF": "Indian/Kerguelen",
    "FR-WF": "Pacific/Wallis",
    "NO-21": "Arctic/Longyearbyen",
    "PT-20": "Atlantic/Azores",
    "PT-30": "Atlantic/Madeira",
}
# Keys of `requests_app.deadline_rules.RULES`; every other country has the rule of the Regulation.
COUNTRY_RULES = {"FR": "FR", "GB": "UK", "CH": "CH", "US": "US-CA", "BR": "BR"}
COUNTRY_ALIASES = {"EL": "GR", "UK": "GB"}  # as the institutions of the Union write them
# The library has one calendar for both departments of Alsace. Of GB it keeps the days common to the four nations only,
# without Easter Monday or the August bank holiday, so the country alone means England.
REGION_ALIASES = {"FR-67": "FR-6AE", "FR-68": "FR-6AE", "FR-GF": "FR-973", "GB": "GB-ENG"}
# What the library lists among regions but only school holidays tell apart.
SCHOOL_ZONES = frozenset(
    {
        "BE-Flemish", "BE-French", "BE-German", "FR-Zone A", "FR-Zone B", "FR-Zone C",
        "NL-Midden", "NL-Noord", "NL-Zuid",
    }
)


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

    def year_check(self, year: int) -> None:
        """Raises DomainError("calendar_unknown") for a year that the library does not know here."""
        _public_holidays(self.country, self.subdivision, year, "")

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


@lru_cache(maxsize=4096)
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


EU_RULES = frozenset({"EU", "FR"})  # of the Regulation itself, in the European Economic Area
GDPR_RULES = EU_RULES | {"UK"}


@dataclass(frozen=True)
class Jurisdiction:
    """One law that counts time. `rule` is a key of `requests_app.deadline_rules.RULES`, `time_zone` an IANA name.

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


@cache
def _codes(country: str) -> frozenset[str]:
    """The codes of one country: itself and its regions as the library has them."""
    regions = holidays.country_holidays(country).subdivisions
    codes = {country, *(f"{country}-{region}" for region in regions)} - SCHOOL_ZONES
    return frozenset(codes & {"US-CA"} if country == "US" else codes - {"GB"})


def jurisdiction_codes() -> list[str]:
    """Every canonical code in order; aliases are not among them."""
    return sorted(code for country in COUNTRY_ZONES for code in _codes(country))


@lru_cache(maxsize=1024)
def jurisdiction(code: str) -> Jurisdiction:
    """The jurisdiction of that code, canonical even where the code is an alias such as `EL`, `FR-67` or `FR-RE`.

    Raises DomainError("jurisdiction_unknown") and never guesses a near one.
    """
    canonical = _canonical(code)
    country, _hyphen, region = canonical.partition("-")
    if country not in COUNTRY_ZONES or canonical not in _codes(country):
        raise DomainError("jurisdiction_unknown", _unknown_words(code))
    return Jurisdiction(
        canonical,
        country=country,
        subdivision=region,
        time_zone=REGION_ZONES.get(canonical, COUNTRY_ZONES[country]),
        rule=COUNTRY_RULES.get(country, "EU"),
    )


def _canonical(code: str) -> str:
    """The code under which an alias is known; what is no alias comes back as it was."""
    country, hyphen, region = code.partition("-")
    country = COUNTRY_ALIASES.get(country, country)
    named = f"{country}{hyphen}{region}"
    if region and country in COUNTRY_ZONES and named not in _codes(country):
        named = f"{country}-{holidays.country_holidays(country).subdivisions_aliases.get(region, region)}"
    return REGION_ALIASES.get(named, named)


def _unknown_words(code: str) -> str:
    near = get_close_matches(code.upper(), jurisdiction_codes(), n=NEAR_CODES)
    if near:
        return _("The deadlines of “%(code)s” are not known here. Near codes: %(near)s.") % {
            "code": code, "near": ", ".join(near),
        }
    return _("The deadlines of “%(code)s” are not known here. Known countries: %(known)s, and their regions.") % {
        "code": code, "known": ", ".join(sorted(country for country in COUNTRY_ZONES if country != "US")),
    }


def zone(name: str) -> ZoneInfo:
    """The IANA time zone of that name; raises DomainError("time_zone_unknown")."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # what ZoneInfo raises for no such zone, a bad name, a folder of zones
        raise DomainError(
            "time_zone_unknown", _("“%(name)s” is not the name of a time zone.") % {"name": name}
        ) from None
