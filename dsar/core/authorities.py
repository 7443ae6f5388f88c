"""The supervisory authorities: which ones a country has, and to which of them a person may turn (GDPR arts. 51 and 77).

The list is data (CC0 facts of Datenanfragen.de). A row of `SupervisoryAuthority` exists for those that something of
this installation points to, and is made when it is needed.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from dsar.core.errors import DomainError
from dsar.core.jurisdictions import EU_RULES, jurisdiction
from dsar.core.models import Organisation, SupervisoryAuthority

AUTHORITIES = Path(__file__).parent / "data" / "authorities.json"
# The authority for everything stands before those of regions, these before those of churches and broadcasters.
_ORDER = list(SupervisoryAuthority.Scope.values)


@cache
def authorities_known() -> dict[str, dict[str, Any]]:
    """All supervisory authorities by code: columns of `SupervisoryAuthority`."""
    return {entry["code"]: entry for entry in json.loads(AUTHORITIES.read_text(encoding="utf-8"))}


def authorities_for_country(country: str) -> list[SupervisoryAuthority]:
    """The authorities of a country (ISO 3166, capitals), the national one first; not saved, empty where none is known.

    More than one means that the country divides the work by regions and fields, as Germany does.
    """
    there = [SupervisoryAuthority(**entry) for entry in authorities_known().values() if entry["country"] == country]
    return sorted(there, key=lambda authority: _ORDER.index(authority.scope))


def authority_row(code: str) -> SupervisoryAuthority:
    """The row of that authority, made where there is none yet. Raises KeyError for no such code."""
    entry = {**authorities_known()[code]}
    return SupervisoryAuthority.objects.get_or_create(code=entry.pop("code"), defaults=entry)[0]


@dataclass(frozen=True)
class NearAuthority:
    """The authority of the country where a person lives or works; there may be others beside it."""

    authority: SupervisoryAuthority
    is_one_of_several: bool


def may_choose_country(organisation: Organisation) -> bool:
    """Whether its law lets a person complain where they live or work (GDPR art. 77(1)); British law does not."""
    return jurisdiction(organisation.jurisdiction).rule in EU_RULES


def authority_near(organisation: Organisation, country: str) -> NearAuthority | None:
    """Whom a person who lives or works in `country` may turn to, beside the organisation's own authority.

    None where the law of the organisation or of that country is not the Regulation, where the authority is the
    organisation's own, and for a country that is unknown or empty.
    """
    if not may_choose_country(organisation) or country == organisation.authority.country or not _is_in_eea(country):
        return None
    there = authorities_for_country(country)
    return NearAuthority(there[0], len(there) > 1) if there else None


def _is_in_eea(country: str) -> bool:
    try:
        return jurisdiction(country).rule in EU_RULES
    except DomainError:
        return False
