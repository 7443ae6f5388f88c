"""Requests that somebody else must answer: a client that decides on the processing, or another organisation here.

A processor passes a request on without delay and answers nothing itself (GDPR art. 28(3)(e)). Arrival at the processor
may start the controller's clock (law.md §2.3), so both days of arrival are kept, and somebody follows the answer.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override as language_override

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.files import file_store, file_stream
from dsar.core.journal import journal_append
from dsar.core.models import ClientController, Organisation, StoredFile
from dsar.core.roles import Act
from requests_app.correspondence import client_write, person_write
from requests_app.deadlines import local_date
from requests_app.incoming import IncomingRequest, RightInvoked
from requests_app.letters import forwarding_paragraphs
from requests_app.models import Case, CaseRight, Forwarding, Message, Outgoing, Party, PartyAddress
from requests_app.services.cases import case_touch, case_touch_open
from requests_app.services.clocks import case_clock_refresh
from requests_app.services.ending import right_end
from requests_app.services.intake import case_open
from requests_app.services.work import case_task_add, case_task_finish
from requests_app.vocabulary import (
    AddressKind,
    Capacity,
    Channel,
    ClockCause,
    Direction,
    ForwardedTo,
    HandOver,
    Outcome,
    SpamSign,
    TaskKind,
    TaskState,
)

ATTACHED = 10 * 1024 * 1024  # bytes of files in one mail; what is more is named, and given by another way


@transaction.atomic
def case_forward(
    *,
    case: Case,
    rights: Sequence[CaseRight],
    why: str,
    client: ClientController | None = None,
    name: str = "",
    email: str = "",
    actor: Actor,
    version: int | None = None,
) -> Forwarding:
    """Pass rights on to the controller for which we process the data, with the request as it arrived and its day.

    The controller is a known client, or one named here. The person is told who has it. Raises DomainError
    `case_closed`, `rights_missing`, `right_answered`, `client_elsewhere`, `client_missing`, `email_missing` or
    `why_missing`.
    """
    member = actor.must(Act.CASE_WORK, case.organisation)
    _may_hand_on(case, rights, why, version)
    if client is not None and client.organisation_id != case.organisation_id:
        raise DomainError("client_elsewhere", _("This client belongs to another organisation."))
    called = client.name if client else name.strip()
    mailbox = email.strip() or (client.email if client else "")
    if not called:
        raise DomainError("client_missing", _("Say who decides on the processing."))
    if not mailbox:
        raise DomainError("email_missing", _("Give the address to which the request is passed on."))
    forwarding = Forwarding.objects.create(
        case=case,
        to=ForwardedTo.CLIENT,
        client=client,
        name=called,
        email=mailbox,
        why=why.strip(),
        forwarded_at=datetime.now(UTC),
        forwarded_by=member,
    )
    forwarding.rights.set(rights)
    forwarding.mail = _client_tell(forwarding, f"forward:{case.reference}:{forwarding.pk}")
    forwarding.save(update_fields=["mail"])
    _journal(forwarding, "case.forwarded", actor, {"why": forwarding.why}, client=client.code if client else "")
    _rights_end(forwarding, rights, actor)
    case_task_add(
        case_right=rights[0],
        kind=TaskKind.TRACK_FORWARDING,
        subject_key=f"forwarding:{forwarding.pk}",
        label=called,
        blocking=False,
    )
    return forwarding


def _may_hand_on(case: Case, rights: Sequence[CaseRight], why: str, version: int | None) -> None:
    case_touch_open(case=case, version=version)
    if not rights:
        raise DomainError("rights_missing", _("Choose what is passed on."))
    if any(right.is_answered for right in rights):
        raise DomainError("right_answered", _("This right is answered already."))
    if not why.strip():
        raise DomainError("why_missing", _("Write why it is theirs to answer: personal data are handed on."))


def _rights_end(forwarding: Forwarding, rights: Sequence[CaseRight], actor: Actor) -> None:
    """The rights are answered by saying who has them now, on the tracking page and by mail; a letter can be printed."""
    case = forwarding.case
    for case_right in rights:
        case_right.case = case
        right_end(case_right=case_right, outcome=Outcome.FORWARDED, actor=actor)
    with language_override(case.language), timezone.override(case.organisation.time_zone):
        paragraphs = forwarding_paragraphs(forwarding)
    message = Message.objects.create(
        case=case,
        direction=Direction.OUTBOUND,
        channel=Channel.FORM,
        author=forwarding.forwarded_by,
        body="\n\n".join(paragraphs),
        at=datetime.now(UTC),
    )
    journal_append(
        chain=case.chain,
        organisation=case.organisation,
        kind="message.sent",
        actor=actor,
        facts={"message": message.pk, "channel": message.channel},
        values={"body": message.body},
    )
    address = PartyAddress.objects.mailboxes(case).first()
    if address is not None:
        person_write(
            case=case,
            template="emails/request_passed_on",
            address=address,
            key=f"passed_on:{case.reference}:{forwarding.pk}",
            context={"paragraphs": paragraphs},
        )


def _client_tell(forwarding: Forwarding, key: str, *, is_reminder: bool = False) -> Outgoing:
    """The request as it arrived, for the controller: what was written, by whom, when and by which door."""
    case = forwarding.case
    rights = list(forwarding.rights.all())
    files, left_out = _files_fitting([*_first_mail(case), *_request_files(case)])
    return client_write(
        case=case,
        template="emails/request_forwarded",
        recipient=forwarding.email,
        key=key,
        context={
            "forwarding": forwarding,
            "rights": rights,
            "received_first": min(right.received_at for right in rights),
            "channel": Channel(case.channel).label,  # worded in the language of the mail
            "text": case.text,
            "parties": list(Party.objects.filter(case=case).order_by("pk")),
            "addresses": PartyAddress.objects.filter(party__case=case, ended_at=None).select_related("party"),
            "left_out": left_out,
            "is_reminder": is_reminder,
        },
        files=files,
        in_reply_to=forwarding.mail.message_id if forwarding.mail else "",
    )


def _first_mail(case: Case) -> list[StoredFile]:
    first = case.inbound_mail.select_related("raw").order_by("pk").first() if case.channel == Channel.EMAIL else None
    return [first.raw] if first else []


def _request_files(case: Case) -> list[StoredFile]:
    """What the person attached to the request itself; what they sent later is not what arrived first."""
    request = case.messages.filter(direction=Direction.INBOUND).order_by("at", "pk").first()
    return list(request.files.order_by("pk")) if request else []


def _files_fitting(files: Sequence[StoredFile]) -> tuple[list[StoredFile], list[StoredFile]]:
    """Those that one mail can carry, in their order, and the others."""
    fitting, total = [], 0
    for stored in files:
        if total + stored.size <= ATTACHED:
            fitting.append(stored)
            total += stored.size
    return fitting, [stored for stored in files if stored not in fitting]


@transaction.atomic
def forwarding_received(
    *, forwarding: Forwarding, received_there_on: date, actor: Actor, version: int | None = None
) -> None:
    """When the controller says that it received the request: the earlier of both days counts (law.md §2.3).

    It may be earlier than ours, where the person wrote to both. Raises DomainError `day_in_future`.
    """
    _followed(forwarding, actor, version)
    _past_check(forwarding.case, received_there_on)
    forwarding.received_there_on = received_there_on
    forwarding.save(update_fields=["received_there_on"])
    _journal(forwarding, "forwarding.received", actor, received_there_on=received_there_on.isoformat())


@transaction.atomic
def forwarding_answered(
    *, forwarding: Forwarding, answered_on: date, note: str = "", actor: Actor, version: int | None = None
) -> None:
    """The controller answered the person on that local date: nothing is left to follow. Raises `day_in_future`."""
    _followed(forwarding, actor, version)
    _past_check(forwarding.case, answered_on)
    forwarding.answered_there_on, forwarding.answer_note = answered_on, note.strip()
    forwarding.save(update_fields=["answered_there_on", "answer_note"])
    values = {"note": note.strip()} if note.strip() else {}
    _journal(forwarding, "forwarding.answered", actor, values, answered_on=answered_on.isoformat())
    _task_finish(forwarding)


@transaction.atomic
def forwarding_stop(*, forwarding: Forwarding, reason: str, actor: Actor, version: int | None = None) -> None:
    """Follow it no more, although no answer is known: only then can the case be closed. Raises `reason_missing`."""
    _followed(forwarding, actor, version)
    if not reason.strip():
        raise DomainError("reason_missing", _("Write why nobody needs to follow it any more."))
    forwarding.stopped_at, forwarding.answer_note = datetime.now(UTC), reason.strip()
    forwarding.save(update_fields=["stopped_at", "answer_note"])
    _journal(forwarding, "forwarding.stopped", actor, {"reason": reason.strip()})
    _task_finish(forwarding)


@transaction.atomic
def forwarding_chase(*, forwarding: Forwarding, actor: Actor, version: int | None = None) -> Outgoing:
    """Send the request again as a reminder, at most once a day. Raises DomainError `chased_today`."""
    _followed(forwarding, actor, version)
    case = forwarding.case
    today = local_date(datetime.now(UTC), case.organisation.time_zone)
    key = f"forward_chase:{case.reference}:{forwarding.pk}:{today.isoformat()}"
    if Outgoing.objects.filter(key=key).exists():
        raise DomainError("chased_today", _("A reminder has been written today already."))
    mail = _client_tell(forwarding, key, is_reminder=True)
    _journal(forwarding, "forwarding.chased", actor)
    return mail


def _followed(forwarding: Forwarding, actor: Actor, version: int | None) -> None:
    """Raises NotAllowed, Conflict, and DomainError `not_followed` where the answer is known already."""
    actor.must(Act.CASE_WORK, forwarding.case.organisation)
    case_touch(case=forwarding.case, version=version)
    forwarding.refresh_from_db(fields=["answered_there_on", "stopped_at"])
    if not forwarding.is_followed:
        raise DomainError("not_followed", _("Nobody waits for an answer to this any more."))


def _past_check(case: Case, day: date) -> None:
    if day > local_date(datetime.now(UTC), case.organisation.time_zone):
        raise DomainError("day_in_future", _("This day lies in the future."))


def _task_finish(forwarding: Forwarding) -> None:
    subject = f"forwarding:{forwarding.pk}"
    for task in forwarding.case.tasks.filter(subject_key=subject, state=TaskState.OPEN).select_related("case_right"):
        task.case = forwarding.case
        case_task_finish(task=task, actor=Actor.SYSTEM)


# ---- to another organisation of this desk ----------------------------------------------------------------------------


@transaction.atomic
def case_transfer(
    *,
    case: Case,
    rights: Sequence[CaseRight],
    organisation: Organisation,
    because: str,
    why: str,
    actor: Actor,
    version: int | None = None,
) -> Case:
    """Give rights to another organisation of this desk, where a case is opened with the day on which they arrived here.

    Personal data are handed on: only with the person's agreement or to a joint controller (`HandOver`), and with a
    reason. Files are copied, sealed for the other organisation. Raises DomainError `case_closed`, `rights_missing`,
    `right_answered`, `why_missing`, `hand_over_missing`, `organisation_same`, `organisation_unknown`, or what
    `case_open` refuses there.
    """
    member = actor.must(Act.CASE_WORK, case.organisation)
    _may_hand_on(case, rights, why, version)
    if because not in HandOver.values:
        raise DomainError("hand_over_missing", _("Say what allows us to give these data to another organisation."))
    if organisation.pk == case.organisation_id:
        raise DomainError("organisation_same", _("This case is with that organisation already."))
    opened = _case_open_there(case, rights, organisation)
    forwarding = Forwarding.objects.create(
        case=case,
        to=ForwardedTo.ORGANISATION,
        name=organisation.name,
        email=organisation.privacy_email,
        reference_there=opened.reference,
        why=why.strip(),
        because=HandOver(because),
        forwarded_at=datetime.now(UTC),
        forwarded_by=member,
        received_there_on=local_date(datetime.now(UTC), organisation.time_zone),
    )
    forwarding.rights.set(rights)
    _journal(forwarding, "case.transferred", actor, {"why": forwarding.why}, because=str(because))
    journal_append(
        chain=opened.chain,
        organisation=organisation,
        kind="case.taken_over",
        actor=actor,
        facts={
            "organisation": case.organisation.slug,
            "reference": case.reference,
            "rights": [right.right for right in rights],
            "received_at": min(right.received_at for right in rights).astimezone(UTC).isoformat(),
            "because": str(because),
        },
    )
    _rights_end(forwarding, rights, actor)
    return opened


def _case_open_there(case: Case, rights: Sequence[CaseRight], organisation: Organisation) -> Case:
    """The same request, through the one way in; with the person's own tracking key, which nobody else knows."""
    taken = case_open(_incoming(case, rights, organisation), actor=Actor.SYSTEM)
    if not taken.is_new:
        raise DomainError("transferred_already", _("This was given to that organisation already."))
    opened = taken.case
    opened.tracking_key_hash = case.tracking_key_hash
    opened.save(update_fields=["tracking_key_hash"])
    for right in rights:
        opened.rights.filter(right=right.right).update(received_at=right.counts_from)
    if len({right.counts_from for right in rights}) > 1:
        case_clock_refresh(case=opened, cause=ClockCause.CORRECTED)
    request = opened.messages.filter(direction=Direction.INBOUND).earliest("pk")
    arrived = case.messages.filter(direction=Direction.INBOUND).order_by("pk")
    for number, message in enumerate(arrived):
        there = _message_copy(message, opened) if number else request
        there.files.add(*(_file_copy(stored, opened) for stored in message.files.select_related("key")))
    return opened


def _incoming(case: Case, rights: Sequence[CaseRight], organisation: Organisation) -> IncomingRequest:
    requester, subject = case.requester, case.data_subject
    acts = requester is not None and requester.capacity != Capacity.DATA_SUBJECT
    in_use = PartyAddress.objects.filter(party__case=case, ended_at=None).order_by("pk")
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
        text=case.text,
        capacity=Capacity(requester.capacity) if requester else Capacity.DATA_SUBJECT,
        subject_name=subject.name if acts and subject else "",
        subject_email=of_subject.value if acts and of_subject else "",
        country=case.country,
        received_at=min(right.counts_from for right in rights),
        channel=Channel(case.channel),
        submission=f"transfer:{case.reference}:{':'.join(sorted(f'{one.right}@{one.counts_from}' for one in rights))}",
        spam_signs=tuple(SpamSign(sign) for sign in case.spam_signs),
    )


def _message_copy(message: Message, opened: Case) -> Message:
    """What the person added later, for whoever answers now."""
    return Message.objects.create(
        case=opened,
        direction=Direction.INBOUND,
        channel=message.channel,
        subject=message.subject,
        body=message.body,
        at=message.at,
    )


def _file_copy(stored: StoredFile, opened: Case) -> StoredFile:
    return file_store(
        key=opened.key, name=stored.name, content_type=stored.content_type, content=file_stream(stored)
    )


def _journal(
    forwarding: Forwarding, kind: str, actor: Actor, values: dict[str, str] | None = None, **facts: str | int
) -> None:
    case = forwarding.case
    named = {"name": forwarding.name, "reference": forwarding.reference_there}
    journal_append(
        chain=case.chain,
        organisation=case.organisation,
        kind=kind,
        actor=actor,
        facts={
            "forwarding": forwarding.pk,
            "rights": list(forwarding.rights.values_list("right", flat=True)),
            **{key: value for key, value in {**named, **facts}.items() if value},
        },
        values=values,
    )
