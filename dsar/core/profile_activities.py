"""What data are processed for, in a profile: activities, how long they keep, who receives, for whom we are processor.

What a policy states for all its processing at once stands in `[general]`; an activity that states nothing of its own
takes it from there, and remembers in `inherited` that it did, because a statement for everything is not yet one for
this use (GDPR art. 13, art. 15(1)).
"""

from dataclasses import dataclass
from typing import Any

from dsar.core.models import ProcessingActivity, Recipient, RetentionRule
from dsar.core.profile_reader import ProfileReader, Table, Texts, unique_codes

LEGAL_BASES = ("a", "b", "c", "d", "e", "f")  # letters of GDPR art. 6(1)


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


def categories_read(table: Table) -> dict[str, Texts]:
    """Categories of data by code; activities and field maps name the codes."""
    return {code: table.texts(code, required=True) for code in table.names()}


def activities_read(reader: ProfileReader, general: Table, categories: dict[str, Texts]) -> list[ActivityFacts]:
    """Each activity, with what the policy states for all of them; a profile has at least one."""
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


def recipients_read(reader: ProfileReader, activities: list[str]) -> list[RecipientFacts]:
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


def clients_read(reader: ProfileReader) -> list[ClientFacts]:
    """The controllers for whom data are processed, each once."""
    tables = reader.tables("clients")
    found = [
        ClientFacts(code=table.code(), name=table.text("name", required=True), email=table.email("email"))
        for table in tables
    ]
    unique_codes(tables, [client.code for client in found])
    return found
