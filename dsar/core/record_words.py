"""The record of processing in words: durations, legal bases and countries, as people read them in the active language."""

import re

from babel import Locale
from django.utils.functional import Promise
from django.utils.translation import get_language, ngettext, to_locale
from django.utils.translation import gettext_lazy as _

# The letters of GDPR art. 6(1).
LEGAL_BASES: dict[str, str | Promise] = {
    "a": _("Your consent: article 6(1)(a)"),
    "b": _("A contract with you, or steps you asked for before one: article 6(1)(b)"),
    "c": _("A legal obligation: article 6(1)(c)"),
    "d": _("Vital interests: article 6(1)(d)"),
    "e": _("A task in the public interest: article 6(1)(e)"),
    "f": _("A legitimate interest: article 6(1)(f)"),
}
_DURATION = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?)?")


def duration_words(duration: str) -> str:
    """"P1Y6M" as "1 year, 6 months"; what is no ISO 8601 duration of years to hours comes back as it is."""
    found = _DURATION.fullmatch(duration)
    if not found or not any(found.groups()):
        return duration
    years, months, weeks, days, hours = (int(part or 0) for part in found.groups())
    parts = (
        (years, ngettext("%(count)d year", "%(count)d years", years)),
        (months, ngettext("%(count)d month", "%(count)d months", months)),
        (weeks, ngettext("%(count)d week", "%(count)d weeks", weeks)),
        (days, ngettext("%(count)d day", "%(count)d days", days)),
        (hours, ngettext("%(count)d hour", "%(count)d hours", hours)),
    )
    return ", ".join(words % {"count": count} for count, words in parts if count)


def country_name(code: str) -> str:
    """The name of a country by its ISO 3166 code; the code where there is none."""
    names = Locale.parse(to_locale(get_language() or "en")).territories
    return str(names.get(code.upper(), code))
