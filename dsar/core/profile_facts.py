"""The facts of an organisation's profile as typed values: what its policy states, and nothing that it does not.

An absent key means "not stated": None, an empty text or an empty list, never a guess.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dsar.core.profile_activities import (
    LEGAL_BASES,
    ActivityFacts,
    ClientFacts,
    RecipientFacts,
    activities_read,
    categories_read,
    clients_read,
    recipients_read,
)
from dsar.core.profile_organisation import authority_read, dpo_read, logo_read, organisation_read
from dsar.core.profile_reader import ProfileReader, Table, Texts
from dsar.core.profile_rights import (
    BreachFacts,
    ConsentFacts,
    MinorsFacts,
    RemedyFacts,
    RequestFacts,
    RightFacts,
    breach_read,
    consent_read,
    minors_read,
    remedies_read,
    requests_read,
    rights_read,
)

STATEMENT_TOPICS = (
    "changes", "collection", "provision", "cookies", "processors", "security", "breach", "rights", "sharing",
    "transfers", "minors", "disputes",
)  # fmt: skip
# Parts of GDPR art. 13(1)(a): what a policy says of the controller.
IDENTIFIES = ("name", "address", "contact")


@dataclass(frozen=True)
class OrganisationProfile:
    """All facts of the kernel's part of a profile."""

    organisation: dict[str, Any]  # columns of Organisation
    authority: str
    identifies: list[str]
    edition: str
    roles_mixed: bool
    subprocessing: str
    general_bases: list[str]
    consent: ConsentFacts
    remedies: RemedyFacts
    minors: MinorsFacts
    requests: RequestFacts
    rights: list[RightFacts]
    breach: BreachFacts
    activities: list[ActivityFacts]
    recipients: list[RecipientFacts]
    clients: list[ClientFacts]
    commitments: list[dict[str, Any]]
    statements: list[dict[str, Any]]
    contradictions: list[dict[str, Any]]  # [{article, says: texts, also: texts}]
    citations: list[dict[str, Any]]  # [{article, cited: texts, about: texts}]: provisions that are not the rule
    categories: dict[str, Texts] = field(default_factory=dict)
    logo: bytes = b""


def profile_read(reader: ProfileReader, *, authorities: Mapping[str, Any]) -> OrganisationProfile:
    """The kernel's facts; problems stay with the reader. `authorities` are the known ones by code."""
    stated = reader.table("organisation")
    authority, policy, general = reader.table("authority"), reader.table("policy"), reader.table("general")
    requests, rights = requests_read(reader.table("requests")), rights_read(reader)
    categories = categories_read(reader.table("categories"))
    activities = activities_read(reader, general, categories)
    organisation = organisation_read(stated)
    return OrganisationProfile(
        organisation={
            **organisation,
            **dpo_read(reader.table("dpo")),
            "asked_details": requests.asks,
            "identity_policy": requests.identity,
            "rights": [right.code for right in rights],
        },
        authority=authority_read(authority, organisation["country"], authorities),
        identifies=policy.choices("identifies", IDENTIFIES),
        edition=policy.text("edition"),
        roles_mixed=policy.flag("roles_mixed") or False,
        subprocessing=policy.choice("subprocessing", ("with_authorisation", "free"), default=""),
        general_bases=general.choices("legal_bases", LEGAL_BASES),
        consent=consent_read(reader.table("consent")),
        remedies=remedies_read(authority, reader.table("courts")),
        minors=minors_read(reader.table("minors")),
        requests=requests,
        rights=rights,
        breach=breach_read(reader.table("breach")),
        activities=activities,
        recipients=recipients_read(reader, [activity.code for activity in activities]),
        clients=clients_read(reader),
        commitments=[
            {"article": table.article(), "text": table.texts("text", required=True)}
            for table in reader.tables("commitments")
        ],
        statements=[
            {"topic": table.choice("topic", STATEMENT_TOPICS), "text": table.texts("text", required=True)}
            for table in reader.tables("statements")
        ],
        contradictions=_quoted(reader.tables("contradictions"), "says", "also"),
        citations=_quoted(reader.tables("citations"), "cited", "about"),
        categories=categories,
        logo=logo_read(reader, stated),
    )


def _quoted(tables: list[Table], *keys: str) -> list[dict[str, Any]]:
    """Statements of the policy, in our words, each with the article that it concerns."""
    return [
        {"article": table.article(), **{key: table.texts(key, required=True) for key in keys}} for table in tables
    ]
