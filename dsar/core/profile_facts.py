"""The facts of an organisation's profile as typed values: what its policy states, and nothing that it does not.

An absent key means "not stated": None, an empty text or an empty list, never a guess. What a policy states for all its
processing at once stands in `[general]`; an activity that states nothing of its own takes it from there, and remembers
in `inherited` that it did, because a statement for everything is not yet one for this use (GDPR art. 13, art. 15(1)).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from dsar.core.colour import DEFAULT as DEFAULT_COLOUR
from dsar.core.errors import DomainError
from dsar.core.jurisdictions import jurisdiction, zone
from dsar.core.logos import LARGEST, logo_problem
from dsar.core.models import Organisation, ProcessingActivity, Recipient, RetentionRule
from dsar.core.profile_reader import ProfileReader, Table, Texts, unique_codes
from dsar.core.rights import RIGHTS

LEGAL_BASES = ("a", "b", "c", "d", "e", "f")  # letters of GDPR art. 6(1)
ASKED = ("name", "company", "email", "phone", "postal_address", "customer_number", "object")
CHANNELS = ("form", "email", "post", "phone")
STATEMENT_TOPICS = (
    "changes", "collection", "provision", "cookies", "processors", "security", "breach", "rights", "sharing",
    "transfers", "minors", "disputes",
)  # fmt: skip
# Parts of GDPR art. 13(1)(a): what a policy says of the controller.
IDENTIFIES = ("name", "address", "contact")
# How a policy says that consent is asked for.
CONSENT_BY = ("each_purpose", "single_click", "browsing_on", "condition_of_use")
IDENTITY_DOCUMENT = ("never", "on_reasonable_doubt", "at_discretion", "always")

# What the law puts into a right, part by part, with the article. Of the parts that stand together, a policy that lists
# one must not leave another out.
RIGHT_CONTENT: dict[str, tuple[dict[str, str], ...]] = {
    "access": ({"confirmation": "15(1)", "information": "15(1)", "copy": "15(3)"},),
    "restriction": ({"accuracy": "18(1)(a)", "unlawful": "18(1)(b)", "claims": "18(1)(c)", "objection": "18(1)(d)"},),
    "portability": ({"consent": "20(1)(a)", "contract": "20(1)(a)"}, {"receive": "20(1)", "transmit": "20(1)"}),
    "automated_decision": ({"human": "22(3)", "view": "22(3)", "contest": "22(3)"},),
}

# First words of the addresses of the installation itself (DESIGN §12): no organisation may be called so.
RESERVED_SLUGS = frozenset(
    {
        "desk", "accounts", "api", "healthz", "readyz", "metrics", "demo", "static", "i18n", "admin", "track",
        "confirm", "calendar",
    }
)


@dataclass(frozen=True)
class RequestFacts:
    """What the policy says of making a request. `clock_from` is when it says that the month begins."""

    channels: list[str]
    asks: list[str]
    response_within: str
    clock_from: str
    fee_for: list[str]
    identity_document: list[str]  # each thing that the policy says of it; two that differ contradict each other
    identity: Texts
    note: Texts


@dataclass(frozen=True)
class RightFacts:
    """One right that the policy names. `covers`: the parts it lists, empty where it lists none.

    `within`: the right of which the policy makes it a part. `as_purpose`: named among what data serve for, and nowhere
    as something that the person may ask.
    """

    code: str
    covers: list[str]
    within: str
    as_purpose: bool
    limited_to: Texts
    asks: list[str]
    text: Texts


@dataclass(frozen=True)
class BreachFacts:
    """What the policy promises when data are breached (GDPR arts. 33-34); periods of ISO 8601."""

    authority_within: str
    person_within: str
    client_within: str
    notified_by: str


@dataclass(frozen=True)
class ConsentFacts:
    """How consent is asked for, and whether cookies can be refused in the settings of the browser only."""

    asked_by: list[str]
    browser_only: bool


@dataclass(frozen=True)
class RemedyFacts:
    """What the policy says of complaint and courts (GDPR arts. 77 and 79)."""

    complaint_told: bool
    complaint_after_contact: bool
    courts: Texts  # the only ones it admits
    amicable_first: bool


@dataclass(frozen=True)
class MinorsFacts:
    """What the policy says of minors (GDPR arts. 8, 17(1)(f); loi 78-17 arts. 45 and 51)."""

    age_declared: bool  # the user certifies an age, and that is all
    erasure: str


@dataclass(frozen=True)
class RetentionFacts:
    """One line of the retention table; columns of `RetentionRule`."""

    data_category: Texts
    phase: str
    duration: str
    criterion: Texts
    counted_from: Texts
    then: str
    provision: str
    note: Texts


@dataclass(frozen=True)
class ActivityFacts:
    """One processing activity; `inherited` names the facts that the policy states for everything at once.

    `needs`: letters of GDPR art. 6(1) on which the purpose rests as the policy words it, "b" where a contract is
    performed, "c" where a legal duty is fulfilled. `plugins`: tools of others, such as social networks, built in.
    """

    code: str
    name: Texts
    purpose: Texts
    capacity: str
    legal_bases: list[str]
    legitimate_interest: Texts
    categories: list[Texts]
    subjects: list[Texts]
    sources: list[Texts]
    sources_unnamed: bool
    automated_decisions: bool | None
    automated_contradiction: bool
    automated_logic: Texts
    transfers: list[dict[str, Any]] | None
    retention: list[RetentionFacts]
    direct_marketing: bool
    needs: list[str]
    profiling: bool
    plugins: str
    inherited: frozenset[str]


@dataclass(frozen=True)
class RecipientFacts:
    """Who receives data; `activities` are codes."""

    code: str
    name: str
    category: Texts
    kind: str
    country: str
    activities: list[str]


@dataclass(frozen=True)
class ClientFacts:
    """A controller on whose behalf the organisation processes data."""

    code: str
    name: str
    email: str


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
    requests, rights = _requests(reader.table("requests")), _rights(reader)
    categories = _categories(reader.table("categories"))
    activities = _activities(reader, general, categories)
    organisation = _organisation(stated)
    return OrganisationProfile(
        organisation={
            **organisation,
            **_dpo(reader.table("dpo")),
            "asked_details": requests.asks,
            "identity_policy": requests.identity,
            "rights": [right.code for right in rights],
        },
        authority=_authority(authority, organisation["country"], authorities),
        identifies=policy.choices("identifies", IDENTIFIES),
        edition=policy.text("edition"),
        roles_mixed=policy.flag("roles_mixed") or False,
        subprocessing=policy.choice("subprocessing", ("with_authorisation", "free"), default=""),
        general_bases=general.choices("legal_bases", LEGAL_BASES),
        consent=_consent(reader.table("consent")),
        remedies=_remedies(authority, reader.table("courts")),
        minors=_minors(reader.table("minors")),
        requests=requests,
        rights=rights,
        breach=_breach(reader.table("breach")),
        activities=activities,
        recipients=_recipients(reader, [activity.code for activity in activities]),
        clients=_clients(reader),
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
        logo=_logo(reader, stated),
    )


def _logo(reader: ProfileReader, table: Table) -> bytes:
    """The picture that the organisation names, empty where it names none or one that we do not show."""
    content = reader.beside(table, "logo", largest=LARGEST)
    problem = logo_problem(content) if content else ""
    if problem:
        table.problem("logo", problem)
    return b"" if problem else content


def _organisation(table: Table) -> dict[str, Any]:
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


def _authority(table: Table, country: str, authorities: Mapping[str, Any]) -> str:
    """The code of the supervisory authority; it may stay unsaid only where the country has exactly one."""
    code = table.text("code")
    there = [known for known, entry in authorities.items() if entry["country"] == country] or list(authorities)
    if code in authorities or (not code and len(there) == 1):
        return code or there[0]
    if country:  # one that is wrong is reported where it stands
        what = f"“{code}” is not one of" if code else f"missing: “{country}” has not exactly one authority; name one of"
        table.problem("code", f"{what}: {', '.join(there)}")
    return ""


def _dpo(table: Table) -> dict[str, Any]:
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


def _requests(table: Table) -> RequestFacts:
    return RequestFacts(
        channels=table.choices("channels", CHANNELS),
        asks=table.choices("asks", ASKED),
        response_within=table.duration("response_within"),
        clock_from=table.choice("clock_from", ("receipt", "verified_request", "unknown"), default="unknown"),
        fee_for=table.choices("fee_for", RIGHTS),
        identity_document=table.choices("identity_document", IDENTITY_DOCUMENT),
        identity=table.texts("identity"),
        note=table.texts("note"),
    )


def _rights(reader: ProfileReader) -> list[RightFacts]:
    tables = reader.tables("rights")
    found = []
    for table in tables:
        code = table.choice("code", RIGHTS)
        found.append(
            RightFacts(
                code=code,
                covers=table.choices("covers", [part for parts in RIGHT_CONTENT.get(code, ()) for part in parts]),
                within=table.choice("within", RIGHTS, default=""),
                as_purpose=table.flag("as_purpose") or False,
                limited_to=table.texts("limited_to"),
                asks=table.choices("asks", ASKED),
                text=table.texts("text"),
            )
        )
    unique_codes(tables, [right.code for right in found])
    return found


def _breach(table: Table) -> BreachFacts:
    return BreachFacts(
        authority_within=table.duration("authority_within"),
        person_within=table.duration("person_within"),
        client_within=table.duration("client_within"),
        notified_by=table.text("notified_by"),
    )


def _consent(table: Table) -> ConsentFacts:
    return ConsentFacts(
        asked_by=table.choices("asked_by", CONSENT_BY), browser_only=table.flag("browser_only") or False
    )


def _remedies(authority: Table, courts: Table) -> RemedyFacts:
    return RemedyFacts(
        complaint_told=authority.flag("complaint_told") or False,
        complaint_after_contact=authority.flag("complaint_after_contact") or False,
        courts=courts.texts("limited_to"),
        amicable_first=courts.flag("amicable_first") or False,
    )


def _minors(table: Table) -> MinorsFacts:
    return MinorsFacts(
        age_declared=table.flag("age_declared") or False,
        erasure=table.choice("erasure", ("prompt", "best_efforts"), default=""),
    )


def _quoted(tables: list[Table], *keys: str) -> list[dict[str, Any]]:
    """Statements of the policy, in our words, each with the article that it concerns."""
    return [
        {"article": table.article(), **{key: table.texts(key, required=True) for key in keys}} for table in tables
    ]


def _categories(table: Table) -> dict[str, Texts]:
    """Categories of data by code; activities and field maps name the codes."""
    return {code: table.texts(code, required=True) for code in table.names()}


def _activities(reader: ProfileReader, general: Table, categories: dict[str, Texts]) -> list[ActivityFacts]:
    shared = _stated(general, categories)
    tables = reader.tables("activities")
    found = []
    for table in tables:
        own = _stated(table, categories)
        if own["sources"]:
            own["sources_unnamed"] = own["sources_unnamed"] or False
        inherited = frozenset(
            key for key in own if not _is_stated(key, own[key]) and _is_stated(key, shared[key])
        )
        facts = own | {key: shared[key] for key in inherited}
        decisions = facts.pop("automated_decisions")
        found.append(
            ActivityFacts(
                code=table.code(),
                name=table.texts("name", required=True),
                purpose=table.texts("purpose"),
                capacity=table.choice("capacity", ProcessingActivity.Capacity.values),
                legal_bases=table.choices("legal_bases", LEGAL_BASES),
                legitimate_interest=table.texts("legitimate_interest"),
                direct_marketing=table.flag("direct_marketing") or False,
                needs=table.choices("needs", ("b", "c")),
                profiling=table.flag("profiling") or False,
                plugins=table.choice("plugins", ("named", "responsibility_denied"), default=""),
                inherited=inherited,
                automated_decisions=None if decisions == "contradictory" else decisions,
                automated_contradiction=decisions == "contradictory",
                **facts,
            )
        )
    unique_codes(tables, [activity.code for activity in found])
    if not found:
        reader.problem("activities", "missing: a profile has at least one processing activity")
    return found


def _stated(table: Table, categories: dict[str, Texts]) -> dict[str, Any]:
    """The facts that may stand for one activity or, in `[general]`, for all."""
    return {
        "categories": [categories[code] for code in table.choices("categories", categories)],
        "subjects": table.texts_list("subjects"),
        "sources": table.texts_list("sources"),
        "sources_unnamed": table.flag("sources_unnamed"),
        "automated_decisions": _automated(table),
        "automated_logic": table.texts("automated_logic"),
        "transfers": _transfers(table),
        "retention": _retention(table),
    }


def _is_stated(key: str, value: object) -> bool:
    """Whether a fact is stated; an empty list of transfers is a statement too: there are none."""
    return value is not None and (key == "transfers" or value not in ([], {}))


def _transfers(table: Table) -> list[dict[str, Any]] | None:
    """Transfers out of the EEA, to unknown countries too; None where the policy says nothing (GDPR art. 13(1)(f))."""
    if not table.states("transfers"):
        return None
    return [
        {"country": row.country("country"), "safeguard": row.texts("safeguard")}
        for row in table.tables("transfers")
    ]


def _automated(table: Table) -> bool | str | None:
    """true, false, "contradictory" where the policy says both, None where it says nothing (GDPR art. 13(2)(f))."""
    if table.states("automated_decisions", "contradictory"):
        return table.choice("automated_decisions", ("contradictory",))
    return table.flag("automated_decisions")


def _retention(table: Table) -> list[RetentionFacts]:
    return [
        RetentionFacts(
            data_category=row.texts("data_category"),
            phase=row.choice("phase", RetentionRule.Phase.values),
            duration=row.duration("duration"),
            criterion=row.texts("criterion"),
            counted_from=row.texts("counted_from"),
            then=row.choice("then", RetentionRule.Then.values, default=""),
            provision=row.text("provision"),
            note=row.texts("note"),
        )
        for row in table.tables("retention")
    ]


def _recipients(reader: ProfileReader, activities: list[str]) -> list[RecipientFacts]:
    """Recipients; one without `activities` is stated for all of them."""
    tables = reader.tables("recipients")
    found = [
        RecipientFacts(
            code=table.code(),
            name=table.text("name"),
            category=table.texts("category", required=True),
            kind=table.choice("kind", Recipient.Kind.values, default=Recipient.Kind.UNKNOWN),
            country=table.country("country"),
            activities=table.choices("activities", activities) or list(activities),
        )
        for table in tables
    ]
    unique_codes(tables, [recipient.code for recipient in found])
    return found


def _clients(reader: ProfileReader) -> list[ClientFacts]:
    tables = reader.tables("clients")
    found = [
        ClientFacts(code=table.code(), name=table.text("name", required=True), email=table.email("email"))
        for table in tables
    ]
    unique_codes(tables, [client.code for client in found])
    return found
