"""Confirmed is not established: who reads a mailbox, and whether that is the data subject (GDPR art. 12(6)).

`confirmed_at` says that somebody reads the address. Identity is established only when the confirmed e-mail address is
also on file for that person in a data source whose records nothing contradicts, or when a handler recorded another
proof. Neither ever suspends the clock.
"""

from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from dsar.core.actors import Actor
from dsar.core.broker import task_queue_on_commit
from dsar.core.journal import journal_append
from requests_app.models import Case, PartyAddress
from requests_app.services.cases import case_lock
from requests_app.services.contacts import address_settle
from requests_app.services.suspensions import suspensions_answer
from requests_app.vocabulary import AddressKind, Capacity, SuspensionReason


@transaction.atomic
def address_confirm(*, address: PartyAddress) -> None:
    """Somebody typed the code that was sent to this address; one that waited for it is used from now on. Idempotent."""
    case = address.party.case
    case_lock(case)
    if not PartyAddress.objects.filter(pk=address.pk, confirmed_at=None).update(confirmed_at=datetime.now(UTC)):
        return
    address.refresh_from_db()
    journal_append(
        chain=case.chain,
        organisation=case.organisation,
        kind="address.confirmed",
        actor=Actor.DATA_SUBJECT,
        facts={"kind": address.kind},
        values={"address": address.value},
    )
    if address.pending_since is not None:
        address_settle(address=address)
    _establish_by_address(case, address)


@transaction.atomic
def address_found_on_file(*, address: PartyAddress, source_name: str) -> None:
    """A data source holds this address, beyond doubt, for the person who says to write.

    Idempotent: the first source stays named.
    """
    case = address.party.case
    case_lock(case)
    found = PartyAddress.objects.filter(pk=address.pk, on_file_at=None)
    if not found.update(on_file_at=datetime.now(UTC), on_file_in=source_name):
        return
    address.refresh_from_db()
    journal_append(
        chain=case.chain,
        organisation=case.organisation,
        kind="address.found_on_file",
        actor=Actor.SYSTEM,
        facts={"kind": address.kind, "source": source_name},
    )
    _establish_by_address(case, address)


def _establish_by_address(case: Case, address: PartyAddress) -> None:
    is_theirs = address.party.capacity == Capacity.DATA_SUBJECT and address.party.is_requester
    if is_theirs and address.kind == AddressKind.EMAIL and address.confirmed_at and address.on_file_at:
        identity_establish(
            case=case, basis={"code": "address_on_file", "source": address.on_file_in}, actor=Actor.SYSTEM
        )


@transaction.atomic
def identity_establish(*, case: Case, basis: dict[str, Any], actor: Actor) -> None:
    """Record that the requester is the data subject, and why. Idempotent: the first basis stays."""
    case_lock(case)
    now = datetime.now(UTC)
    rows = Case.objects.filter(pk=case.pk, identity_established_at=None)
    if not rows.update(identity_established_at=now, identity_basis=basis):
        return
    case.refresh_from_db(fields=["identity_established_at", "identity_basis"])
    # An address that waits for its code was not there when somebody made sure of the person: it is to be added again.
    PartyAddress.objects.filter(party__case=case, ended_at=None).exclude(pending_since=None).update(ended_at=now)
    task_queue_on_commit("requests_app.letter_prepare", case.pk)  # what was held back may join the letter
    journal_append(
        chain=case.chain,
        organisation=case.organisation,
        kind="identity.established",
        actor=actor,
        facts={"basis": basis["code"]},
        values={name: value for name, value in basis.items() if name != "code" and value},
    )
    # A question about identity waits for nothing any more: the clock runs on (GDPR art. 12(6)).
    suspensions_answer(case=case, answered_at=now, actor=actor, reason=SuspensionReason.IDENTITY)
