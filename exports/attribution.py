"""Whose records are these? Finds which addresses are on file for the requester, and doubts what contradicts them.

Anybody can type somebody else's customer number, and anybody can open an account in somebody else's name. So a record
counts as the requester's when it bears an e-mail address of theirs and no other name; whatever was found by another
detail must be vouched for by such a record (GDPR arts. 12(6) and 15(4)).

Other sources may contradict what one says, hence `exports.doubts`, which weighs what each collection has `Seen`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dsar.core.hashing import keyed_hash
from exports.models import Collection
from exports.records import value_text
from exports.sources import Found
from requests_app.addresses import address_normalise, name_words, names_agree
from requests_app.models import PartyAddress
from requests_app.vocabulary import AddressKind

COMPARED = (AddressKind.EMAIL, AddressKind.IDENTIFIER, AddressKind.PHONE)


@dataclass
class Seen:
    """What records say of the requester's addresses. Addresses are named by primary key."""

    on_file: set[int] = field(default_factory=set)  # in a record of the requester's name
    tied: set[int] = field(default_factory=set)  # in one record with an e-mail address of theirs
    leans_on: set[str] = field(default_factory=set)  # kinds, e-mail aside, by which the other records were found
    persons: set[str] = field(default_factory=set)  # names, when none was claimed; of hashed words, which still compare

    @classmethod
    def of(cls, collection: Collection) -> "Seen":
        """By all tables of a collection."""
        kept = [table.get("seen", {}) for table in collection.tables]
        return cls(*({value for seen in kept for value in seen.get(name, ())} for name in cls.__dataclass_fields__))

    def kinds(self, addresses: Iterable[PartyAddress]) -> set[str]:
        """The kinds of address that the records have anything to do with."""
        return self.leans_on | {address.kind for address in addresses if address.pk in self.on_file | self.tied}

    def kept(self) -> dict[str, list[Any]]:
        """As JSON, without what is empty."""
        return {name: sorted(values) for name, values in vars(self).items() if values}


class Attribution:
    """Sees every record of one collection once; then says what it contradicts, and keeps the rest for the weighing."""

    def __init__(self, name: str, addresses: Iterable[PartyAddress]) -> None:
        self.name = name  # as the requester gave it; may be empty
        self.addresses = [address for address in addresses if address.kind in COMPARED and address.normalised]
        self.seen: defaultdict[str, Seen] = defaultdict(Seen)  # by table
        self._doubts: set[str] = set()
        self._is_named = bool(name_words(name))
        self._has_email = any(address.kind == AddressKind.EMAIL for address in self.addresses)

    def see(self, found: Found, subject: Mapping[str, str]) -> None:
        """Take one record in. `subject` names the columns that hold name, email, identifier and phone."""
        seen = self.seen[found.table]
        recorded = {kind: self._recorded(kind, found.row, subject) for kind in COMPARED}
        name = value_text(found.row.get(subject.get("name", ""))).strip()
        same = [address for address in self.addresses if recorded[AddressKind(address.kind)] == address.normalised]
        contradicts = self._contradiction(name, recorded[AddressKind.EMAIL], same)
        if contradicts:
            self._doubts.add(contradicts)
            seen.leans_on.update((found.keys | {address.kind for address in same}) - {AddressKind.EMAIL})
            return
        if any(address.kind == AddressKind.EMAIL for address in same):
            seen.tied.update(address.pk for address in same)
        else:
            seen.leans_on.update(found.keys - {AddressKind.EMAIL})
        # A record without a name says nothing about whose address it holds, unless no name was given either.
        if name or not self._is_named:
            seen.on_file.update(address.pk for address in same)
        if not self._is_named and (words := name_words(name)):
            seen.persons.add(" ".join(sorted(keyed_hash("name in a record", word)[:16] for word in words)))

    def _contradiction(self, name: str, email: str, same: Sequence[PartyAddress]) -> str:
        if name and not names_agree(self.name, name):
            return Collection.Doubt.NAME_DIFFERS
        if email and self._has_email and not any(address.kind == AddressKind.EMAIL for address in same):
            return Collection.Doubt.ADDRESS_DIFFERS
        return ""

    @property
    def doubt(self) -> str:
        """The gravest contradiction of the records seen, empty for none."""
        return next((code for code in Collection.Doubt.values if code in self._doubts), "")

    def _recorded(self, kind: AddressKind, row: Mapping[str, Any], subject: Mapping[str, str]) -> str:
        column = subject.get(kind.value)
        return address_normalise(kind, value_text(row.get(column))) if column else ""
