"""Texts that an organisation states in several languages, kept as {"fr": …, "en": …}; names of countries; lists."""

from collections.abc import Iterable, Mapping

from babel import Locale
from django.utils.translation import get_language, gettext, to_locale


def localised(texts: Mapping[str, str] | None, language: str | None = None) -> str:
    """The text in `language` (default: the active one), else in any language that has one, else empty."""
    if not texts:
        return ""
    wanted = (language or get_language() or "en").split("-")[0]
    # Sorted, because PostgreSQL and SQLite keep the keys of a JSON object in different orders.
    return texts.get(wanted) or next((texts[code] for code in sorted(texts) if texts[code]), "")


def listed(texts: Iterable[object]) -> str:
    """Several texts in one line, set apart as the active language does it: a narrow no-break space before « ; »."""
    return gettext("; ").join(str(text) for text in texts)


def country_name(code: str) -> str:
    """The name of a country (ISO 3166) in the active language; the code where there is none."""
    names = Locale.parse(to_locale(get_language() or "en")).territories
    return str(names.get(code.upper(), code))
