"""Whose records are these? Finds which addresses are on file for the requester, and doubts what contradicts them.

Anybody can type somebody else's customer number, and anybody can open an account in somebody else's name. So a record
counts as the requester's when it bears an e-mail address of theirs and no other name; whatever was found by another
detail must be vouched for by such a record (GDPR arts. 12(6) and 15(4)).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from exports.models import Collection
from exports.records import value_text
from exports.sources import Found
from requests_app.addresses import address_normalise, names_agree
from requests_app.models import PartyAddress
from requests_app.vocabulary import AddressKind

COMPARED = (AddressKind.EMAIL, AddressKind.IDENTIFIER, AddressKind.PHONE)


@dataclass
class Attribution:
    """Sees every record of one collection once; then says what is on file and what is doubtful."""

    name: str  # as the requester gave it; may be empty
    addresses: list[PartyAddress]
    on_file: set[int] = field(default_factory=set)  # primary keys of addresses
    _doubts: set[str] = field(default_factory=set)
    _vouched: set[str] = field(default_factory=set)  # kinds of address that stand on a record of the requester's
    _leaned_on: set[str] = field(default_factory=set)  # kinds by which records were found that tell nothing themselves

    @classmethod
    def of(cls, name: str, addresses: Iterable[PartyAddress]) -> "Attribution":
        """For a requester and their addresses; an address on file already vouches for its kind."""
        listed = list(addresses)
        return cls(name, listed, _vouched={address.kind for address in listed if address.on_file_at})

    def see(self, found: Found, subject: Mapping[str, str]) -> None:
        """Take one record in. `subject` names the columns that hold name, email, identifier and phone."""
        recorded = {kind: self._recorded(kind, found.row, subject) for kind in COMPARED}
        name = value_text(found.row.get(subject.get("name", ""))).strip()
        same = [
            address
            for address in self.addresses
            if address.kind in COMPARED and recorded[AddressKind(address.kind)] == address.normalised
        ]
        if name and not names_agree(self.name, name):
            self._doubts.add(Collection.Doubt.NAME_DIFFERS)
            return
        # A record without a name says nothing about whose address it holds, unless no name was given either.
        if name or not self.name:
            self.on_file.update(address.pk for address in same)
        self._weigh_address(found, recorded[AddressKind.EMAIL], same)

    def _weigh_address(self, found: Found, email: str, same: list[PartyAddress]) -> None:
        if any(address.kind == AddressKind.EMAIL for address in same):
            self._vouched.update(address.kind for address in same)
        elif email and self._has_email:
            self._doubts.add(Collection.Doubt.ADDRESS_DIFFERS)
        else:
            self._leaned_on.update(found.keys - {AddressKind.EMAIL})

    @property
    def doubt(self) -> str:
        """The gravest doubt on the records seen, empty for none."""
        doubts = set(self._doubts)
        # Without any e-mail address a person establishes the identity, and looks at these records to do so.
        if self._has_email and self._leaned_on - self._vouched:
            doubts.add(Collection.Doubt.NOT_TIED)
        return next((code for code in Collection.Doubt.values if code in doubts), "")

    @property
    def _has_email(self) -> bool:
        return any(address.kind == AddressKind.EMAIL for address in self.addresses)

    def _recorded(self, kind: AddressKind, row: Mapping[str, Any], subject: Mapping[str, str]) -> str:
        column = subject.get(kind.value)
        return address_normalise(kind, value_text(row.get(column))) if column else ""
