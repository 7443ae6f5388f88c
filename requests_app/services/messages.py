"""Messages on a case: what the person wrote, what we wrote on the tracking page, and notes among ourselves."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypedDict

from django.db import transaction

from dsar.core.actors import Actor
from dsar.core.files import file_rewrap
from dsar.core.models import StoredFile
from dsar.core.roles import Act
from dsar.core.uploads import IncomingFile, Limits, upload_store, uploads_check
from requests_app.case_journal import case_journal
from requests_app.correspondence import body_checked, person_tell
from requests_app.models import Case, Message
from requests_app.services.cases import case_lock, case_touch
from requests_app.services.reopening import message_hold
from requests_app.services.suspensions import suspensions_answer
from requests_app.vocabulary import NEWS, Channel, Direction


class MailWritten(TypedDict):
    """What a mail says, for the message that is filed of it. `at`: the aware instant of arrival."""

    case: Case
    body: str
    subject: str
    at: datetime
    message_id: str
    files: Sequence[StoredFile]


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
    message_journal(message, "note.added", actor)
    return message


@transaction.atomic
def message_send(
    *, case: Case, body: str, files: Sequence[StoredFile] = (), actor: Actor, version: int | None = None
) -> Message:
    """Write to the person on the tracking page; a mail announces it without its content.

    Files may bear data: they leave the tracking page only after a second channel, and never go with the mail.
    """
    actor.must(Act.CASE_WORK, case.organisation)
    case_touch(case=case, version=version)
    message, _mail = person_tell(
        case=case,
        body=body_checked(body, may_be_empty=bool(files)),
        author=actor.user,
        template="emails/message_posted",
        key="message_posted",
    )
    files_file(message, files)
    message_journal(message, "message.sent", actor, files)
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
    who finds that it is none says so (`suspension_continue`). Where something is answered already, a task asks what it
    is (`reopening`). Mail written by a machine has `may_answer` False. On a merged case nobody works any more: it is
    filed where that work goes on.
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
        for_the_record=not may_answer,
    )
    files_file(message, files)
    message_journal(message, "message.received", Actor.DATA_SUBJECT, files)
    if may_answer:
        suspensions_answer(case=case, answered_at=message.at, actor=Actor.DATA_SUBJECT)
        message_hold(message=message)
    return message


def uploads_keep(*, case: Case, uploads: Sequence[IncomingFile], limits: Limits) -> list[StoredFile]:
    """Store what was added to a message, under the key of its case; must be called in the message's transaction.

    Raises what `uploads_check` raises, before anything is read.
    """
    uploads_check(uploads, limits)
    return [upload_store(key=case.key, file=file) for file in uploads]


@transaction.atomic
def message_file_downloaded(
    *, case: Case, message: Message, stored_file: StoredFile, opened_by: str, second_channel: str
) -> None:
    """Record that the person took a file of a message: how the portal was opened, and which channel followed."""
    case_journal(
        case=case,
        kind="message_file.downloaded",
        actor=Actor.DATA_SUBJECT,
        facts={
            "of_message": message.pk,
            "file": stored_file.pk,
            "sha256": stored_file.sha256,
            "opened_by": opened_by,
            "second_channel": second_channel,
        },
    )


def files_file(message: Message, files: Sequence[StoredFile]) -> None:
    """Attach stored files to a message, under the key of its case."""
    for stored in files:
        if stored.key_id != message.case.key_id:
            file_rewrap(stored_file=stored, key=message.case.key)
    message.files.set(files)


def message_journal(message: Message, kind: str, actor: Actor, files: Sequence[StoredFile] = ()) -> None:
    """Journal on the case's chain that a message was filed, with its words as a value that may be purged."""
    case = message.case
    case_journal(
        case=case,
        kind=kind,
        actor=actor,
        facts={
            "message": message.pk,
            "channel": message.channel,
            **({"files": [stored.sha256 for stored in files]} if files else {}),
        },
        values={"body": message.body} if message.body else {},
    )


@transaction.atomic
def messages_read(*, case: Case, actor: Actor) -> int:
    """Mark what came in as read by whoever works on the case; returns how many messages were new."""
    actor.must(Act.CASE_WORK, case.organisation)
    return case.messages.filter(direction__in=NEWS, read_at=None).update(read_at=datetime.now(UTC))
