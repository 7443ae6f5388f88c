"""What a policy says of the rights of a person: how to ask, what each covers, consent, remedies, breaches."""

from dataclasses import dataclass

from dsar.core.profile_reader import ProfileReader, Table, Texts, unique_codes
from dsar.core.rights import RIGHTS

ASKED = ("name", "company", "email", "phone", "postal_address", "customer_number", "object")
CHANNELS = ("form", "email", "post", "phone")
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


def requests_read(table: Table) -> RequestFacts:
    """How a request is made: the ways in, what is asked for, and within which time."""
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


def rights_read(reader: ProfileReader) -> list[RightFacts]:
    """The rights that the policy names, each once."""
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


def breach_read(table: Table) -> BreachFacts:
    """Whom the policy promises to tell of a breach, and how soon."""
    return BreachFacts(
        authority_within=table.duration("authority_within"),
        person_within=table.duration("person_within"),
        client_within=table.duration("client_within"),
        notified_by=table.text("notified_by"),
    )


def consent_read(table: Table) -> ConsentFacts:
    """How the policy says that consent is asked for."""
    return ConsentFacts(
        asked_by=table.choices("asked_by", CONSENT_BY), browser_only=table.flag("browser_only") or False
    )


def remedies_read(authority: Table, courts: Table) -> RemedyFacts:
    """What the policy says of the authority and of courts."""
    return RemedyFacts(
        complaint_told=authority.flag("complaint_told") or False,
        complaint_after_contact=authority.flag("complaint_after_contact") or False,
        courts=courts.texts("limited_to"),
        amicable_first=courts.flag("amicable_first") or False,
    )


def minors_read(table: Table) -> MinorsFacts:
    """What the policy says of minors."""
    return MinorsFacts(
        age_declared=table.flag("age_declared") or False,
        erasure=table.choice("erasure", ("prompt", "best_efforts"), default=""),
    )
