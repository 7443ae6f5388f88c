"""How the person is reached, as they change it on the tracking page.

What is typed there is no proof of anything: an address added by the person is never on file by that, and an e-mail
address is used only once its code was typed. `address_change_refusal` says who may change at all; it knows what the
session of the tracking page has proven, and what an address would open.
"""

from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from requests_app.addresses import address_checked
from requests_app.case_journal import case_journal
from requests_app.correspondence import person_write
from requests_app.models import AccessCode, Case, Outgoing, PartyAddress
from requests_app.services.answers import channels
from requests_app.services.cases import case_lock, case_search_refresh
from requests_app.services.codes import code_send
from requests_app.vocabulary import AddressKind

MOST_PENDING = 5  # addresses a day that wait for a code: nobody fills strangers' mailboxes through us
MOST_WARNINGS = 5  # mails a day that tell of a change; beyond them nothing changes, so that no change goes unsaid
DAY = timedelta(days=1)
REACHED_BY = (AddressKind.EMAIL, AddressKind.PHONE, AddressKind.POSTAL)


def address_change_refusal(case: Case, *, second_channel: bool) -> DomainError | None:
    """Why this session may not change how the person is reached; None where it may.

    A new address is where codes and passphrases go later: whoever holds one channel alone must not choose the other.
    So the second channel is proven first (`second_channel_needed`). Where there is none, the change is allowed as long
    as identity is not established: any check of who asks then still lies ahead and sees the new address. Once it is
    established a member must look (`second_channel_unknown`). On a request that was merged nothing is read any more
    (`case_joined`).
    """
    if case.merged_into is not None:
        joined = {"reference": case.merged_into.reference}
        return DomainError(
            "case_joined",
            _("This request has joined %(reference)s, and we answer it there: what changes here would not reach it. "
              "Change it there, or write to us.") % joined,
        )  # fmt: skip
    if second_channel:
        return None
    if len(channels(case)) >= 2:
        return DomainError("second_channel_needed", _("Prove the second way to reach you first."))
    if case.identity_established_at is not None:
        return DomainError(
            "second_channel_unknown",
            _("We know only one way to reach you, and know who you are by it: write to us, and we change it together."),
        )
    return None


@transaction.atomic
def address_add(
    *, case: Case, kind: str, value: str, replace: bool, second_channel: bool, actor: Actor = Actor.DATA_SUBJECT
) -> PartyAddress:
    """Add a way to reach whoever asked, in place of those of that kind when `replace`.

    A phone number or postal address counts at once. An e-mail address gets a code and waits for it: the old one is used
    until then. Who was reached by mail before is warned there, without the new address. Raises DomainError
    `second_channel_needed`, `second_channel_unknown`, `address_malformed`, `address_known`, `addresses_too_many` or
    `codes_too_many`.
    """
    case_lock(case)
    case.refresh_from_db(fields=["identity_established_at"])
    if refusal := address_change_refusal(case, second_channel=second_channel):
        raise refusal
    if kind not in REACHED_BY:
        raise DomainError("address_malformed", _("Write the address or the number."))
    normalised = address_checked(kind, value)
    in_use = PartyAddress.objects.in_use(case).filter(kind=kind).order_by("pk")
    if in_use.filter(normalised=normalised).exists():
        raise DomainError("address_known", _("We have this already."))
    party = case.requester
    if party is None:
        raise DomainError("no_requester", _("This request names nobody to write to."))
    _changes_check(case)
    is_email = kind == AddressKind.EMAIL
    if is_email:
        _pending_make_room(case)
    before = in_use.first() if replace else None
    address = PartyAddress.objects.create(
        party=party,
        kind=kind,
        value=value.strip(),
        normalised=normalised,
        replaces=before,
        pending_since=datetime.now(UTC) if is_email else None,
    )
    case_search_refresh(case)
    case_journal(
        case=case,
        kind="address.added",
        actor=actor,
        facts={"kind": str(kind), "replaces": replace, "second_channel": second_channel},
        values={"address": address.value},
    )
    if is_email:
        code_send(address=address, purpose=AccessCode.Purpose.CONFIRM)
    else:
        address_settle(address=address, actor=actor)
    return address


@transaction.atomic
def address_settle(*, address: PartyAddress, actor: Actor = Actor.DATA_SUBJECT) -> None:
    """A new address counts from now on: those it replaces end, and the person is warned at the mailboxes known before.

    Each time at those that somebody confirmed. The one the request was opened from is warned once when nobody did: its
    person may never have clicked and lost their key, or it may be a stranger's. One that was given up meanwhile stays
    so. The mails never name the new address.
    """
    case = address.party.case
    if not PartyAddress.objects.filter(pk=address.pk, ended_at=None).update(pending_since=None):
        return
    warned = list(PartyAddress.objects.mailboxes(case).exclude(pk=address.pk))
    ended = []
    if address.replaces_id is not None:
        ended = list(PartyAddress.objects.in_use(case).filter(kind=address.kind).exclude(pk=address.pk))
        PartyAddress.objects.filter(pk__in=[old.pk for old in ended]).update(ended_at=datetime.now(UTC))
    if ended:
        case_journal(
            case=case,
            kind="address.ended",
            actor=actor,
            facts={"kind": str(address.kind)},
            values={"address": ", ".join(old.value for old in ended)},
        )
    opened_from = PartyAddress.objects.filter(
        party__case=case, party__is_requester=True, kind=AddressKind.EMAIL
    ).order_by("pk").first()  # fmt: skip
    for mailbox in [] if case.spam_signs else warned:  # we mail nobody whom a machine may have named
        if mailbox.confirmed_at is None and mailbox != opened_from:
            continue
        person_write(
            case=case,
            template="emails/address_changed",
            address=mailbox,
            key=f"{_warning(case)}{f'{address.pk}:' if mailbox.confirmed_at else ''}{mailbox.pk}",
            context={"ended": any(old.pk == mailbox.pk for old in ended)},
        )


def _warning(case: Case) -> str:
    """With what the keys begin of mails that tell of a change."""
    return f"address_changed:{case.reference}:"


def _changes_check(case: Case) -> None:
    warned = Outgoing.objects.filter(case=case, key__startswith=_warning(case), created_at__gt=datetime.now(UTC) - DAY)
    if warned.count() >= MOST_WARNINGS:
        raise _too_many()


def _too_many() -> DomainError:
    return DomainError("addresses_too_many", _("Too many addresses were tried today. Write to us, or try tomorrow."))


def _pending_make_room(case: Case) -> None:
    """One new address waits at a time: an older one that nobody confirmed ends. Counted over a day."""
    waiting = PartyAddress.objects.filter(party__case=case).exclude(pending_since=None)
    if waiting.filter(pending_since__gt=datetime.now(UTC) - DAY).count() >= MOST_PENDING:
        raise _too_many()
    waiting.filter(ended_at=None).update(ended_at=datetime.now(UTC))
