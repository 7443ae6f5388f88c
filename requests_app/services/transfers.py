"""Requests for another organisation of this desk: a case is opened there with the day of arrival here.

The person keeps one tracking key for both. What leaves, and how the person is told, is that of every handing on
(`forwardings`).
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.files import file_store, file_stream
from dsar.core.models import Organisation, StoredFile
from dsar.core.roles import Act
from requests_app.case_journal import case_journal
from requests_app.deadlines import local_date
from requests_app.incoming import IncomingRequest, RightInvoked
from requests_app.models import Case, CaseRight, Forwarding, Message, PartyAddress
from requests_app.services.clocks import case_clock_refresh
from requests_app.services.forwardings import (
    forwarding_check,
    forwarding_create,
    forwarding_journal,
    handed_facts,
    handed_values,
    rights_end,
)
from requests_app.services.intake import case_open
from requests_app.vocabulary import (
    AddressKind,
    Capacity,
    Channel,
    ClockCause,
    Direction,
    ForwardedTo,
    HandOver,
    SpamSign,
)


@transaction.atomic
def case_transfer(
    *,
    case: Case,
    rights: Sequence[CaseRight],
    organisation: Organisation,
    because: str,
    why: str,
    text: str,
    messages: Sequence[Message] = (),
    attached: Sequence[StoredFile] = (),
    actor: Actor,
    version: int | None = None,
) -> Case:
    """Give rights to another organisation of this desk, where a case is opened with the day on which they arrived here.

    Personal data are handed on: only with the person's agreement or to a joint controller (`HandOver`), with a reason,
    and no more than `text` of the request, `messages` and `attached`. Files are copied, sealed for that organisation.
    Raises DomainError `hand_over_missing`, `organisation_same`, `organisation_unknown`, `transferred_already`, as
    `forwarding_check`, or what `case_open` refuses there.
    """
    member = actor.must(Act.CASE_WORK, case.organisation)
    forwarding_check(case, rights, why, text, version)
    if because not in HandOver.values:
        raise DomainError("hand_over_missing", _("Say what allows us to give these data to another organisation."))
    if organisation.pk == case.organisation_id:
        raise DomainError("organisation_same", _("This case is with that organisation already."))
    opened = _case_open_there(case, rights, organisation, text.strip())
    forwarding = forwarding_create(
        case, rights, messages, attached,
        to=ForwardedTo.ORGANISATION, name=organisation.name, email=organisation.privacy_email,
        reference_there=opened.reference, why=why.strip(), text=text.strip(), because=HandOver(because), by=member,
        received_there_on=local_date(datetime.now(UTC), organisation.time_zone),
    )  # fmt: skip
    _copy(forwarding, opened)
    forwarding_journal(
        forwarding, "case.transferred", actor, handed_values(forwarding),
        because=str(because), **handed_facts(forwarding),
    )  # fmt: skip
    _taken_over_journal(forwarding, opened, rights, actor)
    rights_end(forwarding, rights, actor)
    return opened


def _taken_over_journal(forwarding: Forwarding, opened: Case, rights: Sequence[CaseRight], actor: Actor) -> None:
    case_journal(
        case=opened,
        kind="case.taken_over",
        actor=actor,
        facts={
            "organisation": forwarding.case.organisation.slug,
            "reference": forwarding.case.reference,
            "rights": [right.right for right in rights],
            "received_at": min(right.counts_from for right in rights).astimezone(UTC).isoformat(),
            "because": str(forwarding.because),
        },
    )


def _case_open_there(case: Case, rights: Sequence[CaseRight], organisation: Organisation, text: str) -> Case:
    """The same request, through the one way in; with the person's own tracking key, which nobody else knows."""
    taken = case_open(_incoming(case, rights, organisation, text), actor=Actor.SYSTEM)
    if not taken.is_new:
        raise DomainError("transferred_already", _("This was given to that organisation already."))
    opened = taken.case
    opened.tracking_key_hash = case.tracking_key_hash
    opened.save(update_fields=["tracking_key_hash"])
    for right in rights:
        opened.rights.filter(right=right.right).update(received_at=right.counts_from)
    if len({right.counts_from for right in rights}) > 1:
        case_clock_refresh(case=opened, cause=ClockCause.CORRECTED)
    return opened


def _incoming(case: Case, rights: Sequence[CaseRight], organisation: Organisation, text: str) -> IncomingRequest:
    requester, subject = case.requester, case.data_subject
    acts = requester is not None and requester.capacity != Capacity.DATA_SUBJECT
    in_use = PartyAddress.objects.known(case).order_by("pk")
    reach = {address.kind: address.value for address in reversed(in_use.filter(party__is_requester=True))}
    number = in_use.filter(kind=AddressKind.IDENTIFIER).first()
    of_subject = in_use.filter(party__is_requester=False, kind=AddressKind.EMAIL).first()
    return IncomingRequest(
        organisation_slug=organisation.slug,
        rights=tuple(RightInvoked(right.right, right.detail) for right in rights),
        language=case.language,
        name=requester.name if requester else "",
        email=reach.get(AddressKind.EMAIL, ""),
        phone=reach.get(AddressKind.PHONE, ""),
        postal=reach.get(AddressKind.POSTAL, ""),
        identifier=number.value if number else "",
        text=text,
        capacity=Capacity(requester.capacity) if requester else Capacity.DATA_SUBJECT,
        subject_name=subject.name if acts and subject else "",
        subject_email=of_subject.value if acts and of_subject else "",
        country=case.country,
        received_at=min(right.counts_from for right in rights),
        channel=Channel(case.channel),
        submission=f"transfer:{case.reference}:{':'.join(sorted(f'{one.right}@{one.counts_from}' for one in rights))}",
        spam_signs=tuple(SpamSign(sign) for sign in case.spam_signs),
    )


def _copy(forwarding: Forwarding, opened: Case) -> None:
    """What leaves beside the text, for whoever answers now. A file whose message stays goes with the request."""
    copies = {message.pk: _message_copy(message, opened) for message in forwarding.messages.order_by("at", "pk")}
    request = opened.messages.filter(direction=Direction.INBOUND).earliest("pk")
    for stored in forwarding.files.select_related("key").prefetch_related("messages").order_by("pk"):
        of = next((copies[message.pk] for message in stored.messages.all() if message.pk in copies), request)
        of.files.add(_file_copy(stored, opened))


def _message_copy(message: Message, opened: Case) -> Message:
    """What the person added later, for whoever answers now."""
    return Message.objects.create(
        case=opened,
        direction=Direction.INBOUND,
        channel=message.channel,
        subject=message.subject,
        body=message.body,
        at=message.at,
        for_the_record=message.for_the_record,
    )


def _file_copy(stored: StoredFile, opened: Case) -> StoredFile:
    return file_store(
        key=opened.key, name=stored.name, content_type=stored.content_type, content=file_stream(stored)
    )
