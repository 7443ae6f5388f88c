"""Weighs the answers of all databases together, so that it does not matter which of them answers first.

What one source says about the requester's addresses counts until another contradicts it; so nothing is on file, and
nobody's identity established, before the last has answered (GDPR arts. 12(6) and 15(4)).
"""

from collections.abc import Sequence
from itertools import combinations

from dsar.core.actors import Actor
from dsar.core.texts import localised
from exports.attribution import Seen
from exports.models import Collection, DataSource
from requests_app.addresses import names_agree
from requests_app.case_journal import case_journal
from requests_app.models import CaseRight, PartyAddress
from requests_app.services import address_found_on_file
from requests_app.vocabulary import AddressKind


def doubts_settle(case_right: CaseRight) -> None:
    """Once all databases have answered, keep the doubts that they show together, and mark what is on file beyond doubt.

    Call it in the transaction that records an answer, with the right locked. Idempotent.
    """
    case = case_right.case
    databases = Collection.objects.filter(case_right=case_right, source__kind=DataSource.Kind.SQL)
    collections = list(databases.select_related("source"))
    if any(collection.state != Collection.State.DONE for collection in collections):
        return
    addresses = list(PartyAddress.objects.known(case).filter(party=case.data_subject))
    for collection in doubts_weigh(collections, addresses):
        collection.save(update_fields=["doubt"])
        case_journal(
            case=case,
            kind="collection.doubted",
            actor=Actor.SYSTEM,
            facts={"source": collection.source.code, "doubt": collection.doubt},
        )
    for collection in _sound(collections):
        on_file = Seen.of(collection).on_file
        source_name = localised(collection.source.name, case.organisation.language)
        for address in addresses:
            if address.pk in on_file:
                address_found_on_file(address=address, source_name=source_name)


def doubts_weigh(collections: Sequence[Collection], addresses: Sequence[PartyAddress]) -> list[Collection]:
    """Set, unsaved, the doubts on collections of one right that only all of them together show; returns those set.

    Neither the order of the collections matters, nor whether they were weighed before.
    """
    seen = {collection.pk: Seen.of(collection) for collection in collections}
    before = _sound(collections)
    persons: set[str] = set().union(*(one.persons for one in seen.values()))
    if not all(names_agree(first, second) for first, second in combinations(persons, 2)):
        for collection in before:
            if collection.record_count:
                collection.doubt = Collection.Doubt.SEVERAL_PERSONS
    disputed: set[str] = set()
    for collection in collections:
        if collection.doubt not in ("", Collection.Doubt.NOT_TIED):
            disputed |= seen[collection.pk].kinds(addresses)

    def vouched() -> set[str]:
        tied: set[int] = set().union(*(seen[collection.pk].tied for collection in _sound(collections)))
        untied = {address.kind for address in addresses if address.pk not in tied}
        return {address.kind for address in addresses} - untied - disputed

    # Without any e-mail address a person establishes the identity, and looks at these records to do so.
    if any(address.kind == AddressKind.EMAIL for address in addresses):
        while loose := [one for one in _sound(collections) if seen[one.pk].leans_on - vouched()]:
            for collection in loose:  # what it tied counts no longer, so that another may lose its hold
                collection.doubt = Collection.Doubt.NOT_TIED
    return [collection for collection in before if collection.doubt]


def _sound(collections: Sequence[Collection]) -> list[Collection]:
    return [collection for collection in collections if not collection.doubt]
