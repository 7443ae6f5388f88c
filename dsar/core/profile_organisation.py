"""The organisation itself in its profile: who it is, where, under which law and authority, with which officer."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings

from dsar.core.colour import DEFAULT as DEFAULT_COLOUR
from dsar.core.errors import DomainError
from dsar.core.jurisdictions import jurisdiction, zone
from dsar.core.logos import LARGEST, logo_problem
from dsar.core.models import Organisation
from dsar.core.profile_reader import ProfileReader, Table

# First words of the addresses of the installation itself (DESIGN §12): no organisation may be called so.
RESERVED_SLUGS = frozenset(
    {
        "desk", "accounts", "api", "healthz", "readyz", "metrics", "demo", "static", "i18n", "admin", "track",
        "confirm", "calendar",
    }
)


def organisation_read(table: Table) -> dict[str, Any]:
    """The columns of the organisation itself."""
    languages = [code for code, _name in settings.LANGUAGES]
    columns: dict[str, Any] = {
        "slug": table.matching("slug", re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*"), "a slug", required=True),
        "name": table.text("name", required=True),
        "country": table.country("country", required=True),
        "privacy_email": table.email("privacy_email", required=True),
        "website": table.url("website"),
        "postal_requests": table.text("postal_requests", limit=500),
        "language": table.choice("language", languages),
        "languages": table.choices("languages", languages),
        "review": table.choice("review", Organisation.Review.values, default=Organisation.Review.WHEN_POSSIBLE),
        "brand_colour": table.colour("brand_colour", DEFAULT_COLOUR),
        "jurisdiction": table.text("jurisdiction", required=True),
        "time_zone": table.text("time_zone", required=True),
        "is_demo": table.flag("demo") or False,
    }
    for key in ("legal_form", "registration", "street", "city"):
        columns[key] = table.text(key)
    columns["postal_code"], columns["phone"] = table.text("postal_code", limit=20), table.text("phone", limit=40)
    if columns["slug"] in RESERVED_SLUGS:
        table.problem("slug", f"“{columns['slug']}” is an address of the desk itself")
    if columns["language"] and columns["language"] not in columns["languages"]:
        table.problem("languages", f"must include the organisation's own language “{columns['language']}”")
    _known(table, "jurisdiction", jurisdiction, columns["jurisdiction"])
    _known(table, "time_zone", zone, columns["time_zone"])
    return columns


def _known(table: Table, key: str, lookup: Callable[[str], object], value: str) -> None:
    """Note a jurisdiction without a rule, or a time zone that does not exist."""
    try:
        if value:
            lookup(value)
    except DomainError as error:
        table.problem(key, str(error))


def authority_read(table: Table, country: str, authorities: Mapping[str, Any]) -> str:
    """The code of the supervisory authority; it may stay unsaid only where the country has exactly one."""
    code = table.text("code")
    there = [known for known, entry in authorities.items() if entry["country"] == country] or list(authorities)
    if code in authorities or (not code and len(there) == 1):
        return code or there[0]
    if country:  # one that is wrong is reported where it stands
        what = f"“{code}” is not one of" if code else f"missing: “{country}” has not exactly one authority; name one of"
        table.problem("code", f"{what}: {', '.join(there)}")
    return ""


def dpo_read(table: Table) -> dict[str, Any]:
    """The columns of the data protection officer (GDPR art. 37)."""
    statuses = Organisation.DpoStatus
    columns = {
        "dpo_status": table.choice("status", statuses.values, default=statuses.UNKNOWN),
        "dpo_name": table.text("name"),
        "dpo_email": table.email("email"),
        "dpo_phone": table.text("phone", limit=40),
    }
    if columns["dpo_status"] != statuses.APPOINTED and (columns["dpo_name"] or columns["dpo_email"]):
        table.problem("status", "a data protection officer is named, so the status must be “appointed”")
    return columns


def logo_read(reader: ProfileReader, table: Table) -> bytes:
    """The picture that the organisation names, empty where it names none or one that we do not show."""
    content = reader.beside(table, "logo", largest=LARGEST)
    problem = logo_problem(content) if content else ""
    if problem:
        table.problem("logo", problem)
    return b"" if problem else content
