"""Messages on a case: what the person wrote, what we wrote on the tracking page, and notes among ourselves."""

from collections.abc import Sequence
from datetime import UTC, datetime

from django.db import transaction

from dsar.core.actors import Actor
from dsar.core.files import file_rewrap
from dsar.core.journal import journal_append
from dsar.core.models import StoredFile
from dsar.core.roles import Act
from requests_app.correspondence import body_checked, person_write
from requests_app.models import Case, Message, PartyAddress
from requests_app.services.cases import case_lock, case_touch
from requests_app.services.suspensions import suspensions_answer
from requests_app.vocabulary import Channel, Direction


@transaction.atomic
def note_add(*, case: Case, body: str, actor: Actor) -> Message:
    """An internal note; it may be disclosed under GDPR art. 15, so it is written as if the person read it."""
    actor.must(Act.CASE_WORK, case.organisation)
    message = Message.objects.create(
        case=case,
        direction=Direction.NOTE,
        channel=Channel.FORM,
        author=actor.user,
        body=body_checked(body),
        at=datetime.now(UTC),
    )
    _journal(message, "note.added", actor)
    return message


@transaction.atomic
def message_send(
    *, case: Case, body: str, files: Sequence[StoredFile] = (), actor: Actor, version: int | None = None
) -> Message:
    """Write to the person on the tracking page, with files; a mail announces it without its content."""
    actor.must(Act.CASE_WORK, case.organisation)
    case_touch(case=case, version=version)
    message = Message.objects.create(
        case=case,
        direction=Direction.OUTBOUND,
        channel=Channel.FORM,
        author=actor.user,
        body=body_checked(body),
        at=datetime.now(UTC),
    )
    for stored in files:
        file_rewrap(stored_file=stored, key=case.key)
    message.files.set(files)
    _journal(message, "message.sent", actor)
    address = PartyAddress.objects.mailboxes(case).first()
    if address is not None:
        person_write(
            case=case,
            template="emails/message_posted",
            address=address,
            key=f"message_posted:{case.reference}:{message.pk}",
            context={},
        )
    return message


@transaction.atomic
def message_receive(
    *,
    case: Case,
    body: str,
    channel: str = Channel.FORM,
    subject: str = "",
    at: datetime | None = None,
    message_id: str = "",
    files: Sequence[StoredFile] = (),
    may_answer: bool = True,
) -> Message:
    """File what the person wrote. `at` is the aware instant of arrival, now by default.

    It counts as the answer to whatever we asked, so that no clock stands still longer than the law allows; a member
    who finds that it is none says so (`suspension_continue`). Mail written by a machine has `may_answer` False.
    On a merged case nobody works any more: it is filed where that work goes on.
    """
    case = case.goes_on
    case_lock(case)
    message = Message.objects.create(
        case=case,
        direction=Direction.INBOUND,
        channel=channel,
        subject=subject[:500],
        body=body_checked(body, may_be_empty=bool(files) or channel == Channel.EMAIL),
        at=at or datetime.now(UTC),
        message_id=message_id[:255],
    )
    for stored in files:
        file_rewrap(stored_file=stored, key=case.key)
    message.files.set(files)
    _journal(message, "message.received", Actor.DATA_SUBJECT)
    if may_answer:
        suspensions_answer(case=case, answered_at=message.at, actor=Actor.DATA_SUBJECT)
    return message


def _journal(message: Message, kind: str, actor: Actor) -> None:
    case = message.case
    journal_append(
        chain=case.chain,
        organisation=case.organisation,
        kind=kind,
        actor=actor,
        facts={"message": message.pk, "channel": message.channel},
        values={"body": message.body} if message.body else {},
    )


@transaction.atomic
def messages_read(*, case: Case, actor: Actor) -> int:
    """Mark what the person wrote as read by whoever works on the case; returns how many messages were new."""
    actor.must(Act.CASE_WORK, case.organisation)
    return case.messages.filter(direction=Direction.INBOUND, read_at=None).update(read_at=datetime.now(UTC))
