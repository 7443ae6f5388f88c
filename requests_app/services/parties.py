"""Confirmed is not established: who reads a mailbox, and whether that is the data subject (GDPR art. 12(6)).

`confirmed_at` says that somebody reads the address. Identity is established only when the confirmed e-mail address is
also on file for that person in a data source whose records nothing contradicts, or when a handler recorded another
proof. Neither ever suspends the clock.
"""

from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from dsar.core.actors import Actor
from dsar.core.broker import task_queue_on_commit
from requests_app.case_journal import case_journal
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
    case_journal(
        case=case,
        kind="address.confirmed",
        actor=Actor.DATA_SUBJECT,
        facts={"kind": address.kind},
        values={"address": address.value},
    )
    if address.pending_since is not None:
        address_settle(address=address)
    _establish_by_address(case, address)


def reached_by_page_only(case: Case) -> bool:
    """Whether the tracking page is all there is to reach the person: what stands there has left already."""
    ways = (AddressKind.EMAIL, AddressKind.POSTAL)
    return bool(case.tracking_key_hash) and not PartyAddress.objects.in_use(case).filter(kind__in=ways).exists()


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
    case_journal(
        case=case, kind="address.found_on_file", actor=Actor.SYSTEM, facts={"kind": address.kind, "source": source_name}
    )
    _establish_by_address(case, address)


def _establish_by_address(case: Case, address: PartyAddress) -> None:
    is_theirs = address.party.capacity == Capacity.DATA_SUBJECT and address.party.is_requester and not address.ended_at
    if is_theirs and address.kind == AddressKind.EMAIL and address.confirmed_at and address.on_file_at:
        identity_establish(
            case=case, basis={"code": "address_on_file", "source": address.on_file_in}, actor=Actor.SYSTEM
        )


@transaction.atomic
def identity_establish(*, case: Case, basis: dict[str, Any], actor: Actor) -> None:
    """Record that the requester is the data subject, and why.

    Idempotent: the first basis stays, until a corrected name or requester made it one to look at again.
    """
    case_lock(case)
    now = datetime.now(UTC)
    open_or_doubtful = Q(identity_established_at=None) | Q(identity_basis__look_again=True)
    rows = Case.objects.filter(open_or_doubtful, pk=case.pk)
    if not rows.update(identity_established_at=now, identity_basis=basis):
        return
    case.refresh_from_db(fields=["identity_established_at", "identity_basis"])
    # An address that waits for its code was not there when somebody made sure of the person: it is to be added again.
    PartyAddress.objects.filter(party__case=case, ended_at=None).exclude(pending_since=None).update(ended_at=now)
    task_queue_on_commit("requests_app.letter_prepare", case.pk)  # what was held back may join the letter
    case_journal(
        case=case,
        kind="identity.established",
        actor=actor,
        facts={"basis": basis["code"]},
        values={name: value for name, value in basis.items() if name not in ("code", "look_again")},
    )
    # A question about identity waits for nothing any more: the clock runs on (GDPR art. 12(6)).
    suspensions_answer(case=case, answered_at=now, actor=actor, reason=SuspensionReason.IDENTITY)


# Of these an address is the proof: it says nothing of the data subject once it is somebody else's.
BY_ADDRESS = ("address_on_file", "on_file")


def identity_doubt(*, case: Case, actor: Actor, is_somebody_else: bool) -> None:
    """Who asks, or their name, was corrected: what established identity is to be looked at again.

    What rests on an address is withdrawn where whoever asks is not the data subject any more: the address of a
    representative establishes nobody's identity. Must run in the caller's transaction, which holds the case.
    """
    case.refresh_from_db(fields=["identity_established_at", "identity_basis"])
    if case.identity_established_at is None:
        return
    code = case.identity_basis.get("code", "")
    if not (is_somebody_else and code in BY_ADDRESS):
        case.identity_basis = {**case.identity_basis, "look_again": True}
        case.save(update_fields=["identity_basis"])
        return
    case.identity_established_at, case.identity_basis = None, {}
    case.save(update_fields=["identity_established_at", "identity_basis"])
    case_journal(case=case, kind="identity.withdrawn", actor=actor, facts={"basis": code})
