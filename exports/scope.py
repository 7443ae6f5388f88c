"""What of a collected map a right hands over: access everything disclosed, portability what GDPR art. 20 covers.

Portable is what the person provided or what was observed of them, of processing that rests on consent or a contract;
what was inferred, and what rests on anything else, is for access (WP 242 rev.01).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dsar.core.models import Organisation

PORTABLE_ORIGINS = frozenset({"provided", "observed"})
PORTABLE_BASES = frozenset({"a", "b"})  # letters of GDPR art. 6(1): consent, contract

INFERRED: str | Promise = _(
    "We worked this out ourselves: portability covers what you gave us and what your use left behind (GDPR, "
    "article 20(1))."
)
OTHER_BASIS: str | Promise = _(
    "This use does not rest on your consent or on a contract with you, as portability wants (GDPR, "
    "article 20(1)(a))."
)
UNKNOWN_BASIS: str | Promise = _(
    "Our record does not say what this use rests on, and portability wants your consent or a contract (GDPR, "
    "article 20(1)(a))."
)

ASK_ACCESS: str | Promise = _("Ask for access to get it.")

Bases = Mapping[str, Sequence[str]]


def bases_of(organisation: Organisation) -> Bases:
    """The legal bases of each processing activity, by its code; an empty list where they are unknown."""
    return dict(organisation.activities.values_list("code", "legal_bases"))


def fields_disclosed(mapped: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The fields of a mapped table that may leave: those explicitly marked so, and nothing else."""
    return [field for field in mapped["fields"] if field.get("disclosed") is True]


def why_not_portable(field: Mapping[str, Any], bases: Bases) -> str:
    """Why a disclosed field is not in a package for portability, in the active language; empty for one that is."""
    reason = _reason(field, bases)
    return f"{reason} {ASK_ACCESS}" if reason else ""


def _reason(field: Mapping[str, Any], bases: Bases) -> str:
    if field.get("origin") not in PORTABLE_ORIGINS:
        return str(INFERRED)
    stated = bases.get(field.get("activity", ""), ())
    if not stated:
        return str(UNKNOWN_BASIS)
    return "" if PORTABLE_BASES.intersection(stated) else str(OTHER_BASIS)


def why_table_not_portable(mapped: Mapping[str, Any], bases: Bases) -> str:
    """Why a whole table stays out: nothing is portable beyond the columns by which it is known whose rows they are."""
    keys = set(mapped.get("subject", {}).values())
    disclosed = fields_disclosed(mapped)
    content = [field for field in disclosed if field["column"] not in keys] or disclosed
    reasons = [_reason(field, bases) for field in content]
    return " ".join([*dict.fromkeys(reasons), str(ASK_ACCESS)]) if all(reasons) else ""
