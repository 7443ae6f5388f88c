"""Requests that somebody else answers, followed until the answer is known (`transfers`: another organisation here).

A processor passes a request on without delay and answers nothing itself (GDPR art. 28(3)(e)). Arrival at the processor
may start the controller's clock (law.md §2.3), so both days of arrival are kept. Personal data leave with a request:
as much of it as whoever answers needs, and no more (art. 5(1)(c)).
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override as language_override

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.models import ClientController, StoredFile, User
from dsar.core.roles import Act
from requests_app.case_journal import case_journal
from requests_app.correspondence import client_write, person_tell
from requests_app.deadlines import local_date
from requests_app.letters import forwarding_paragraphs
from requests_app.models import Case, CaseRight, Forwarding, Message, Outgoing, Party, PartyAddress
from requests_app.services.cases import case_touch, case_touch_open
from requests_app.services.ending import right_end
from requests_app.services.work import case_task_add, case_task_finish
from requests_app.vocabulary import Channel, Direction, ForwardedTo, Outcome, TaskKind, TaskState

ATTACHED = 10 * 1024 * 1024  # bytes of files in one mail; what is more is named, and given by another way


@transaction.atomic
def case_forward(
    *,
    case: Case,
    rights: Sequence[CaseRight],
    why: str,
    text: str,
    messages: Sequence[Message] = (),
    attached: Sequence[StoredFile] = (),
    client: ClientController | None = None,
    name: str = "",
    email: str = "",
    actor: Actor,
    version: int | None = None,
) -> Forwarding:
    """Pass rights on to the controller for which we process the data, with the day on which they arrived here.

    The controller is a known client, or one named here; the person is told who has it. `text` is what goes of the
    request, `messages` and `attached` what goes of the rest. Raises DomainError `client_elsewhere`, `client_missing`,
    `email_missing`, and as `forwarding_check`.
    """
    member = actor.must(Act.CASE_WORK, case.organisation)
    forwarding_check(case, rights, why, text, version)
    called, mailbox = _client_checked(case, client, name, email)
    forwarding = forwarding_create(
        case, rights, messages, attached,
        to=ForwardedTo.CLIENT, client=client, name=called, email=mailbox, why=why.strip(), text=text.strip(), by=member,
    )  # fmt: skip
    forwarding.mail = _client_tell(forwarding, f"forward:{case.reference}:{forwarding.pk}")
    forwarding.save(update_fields=["mail"])
    forwarding_journal(
        forwarding, "case.forwarded", actor, handed_values(forwarding),
        client=client.code if client else "", **handed_facts(forwarding),
    )  # fmt: skip
    rights_end(forwarding, rights, actor)
    case_task_add(
        case_right=rights[0],
        kind=TaskKind.TRACK_FORWARDING,
        subject_key=f"forwarding:{forwarding.pk}",
        label=called,
        blocking=False,
    )
    return forwarding


def _client_checked(case: Case, client: ClientController | None, name: str, email: str) -> tuple[str, str]:
    """Name and mailbox of the controller."""
    if client is not None and client.organisation_id != case.organisation_id:
        raise DomainError("client_elsewhere", _("This client belongs to another organisation."))
    called = client.name if client else name.strip()
    mailbox = email.strip() or (client.email if client else "")
    if not called:
        raise DomainError("client_missing", _("Say who decides on the processing."))
    if not mailbox:
        raise DomainError("email_missing", _("Give the address to which the request is passed on."))
    return called, mailbox


# ---- what every handing on has in common -----------------------------------------------------------------------------


def messages_offered(case: Case) -> list[Message]:
    """What the person wrote after the request itself, oldest first."""
    arrived = case.messages.filter(direction=Direction.INBOUND).order_by("at", "pk")
    return [message for message in arrived[1:] if message.body]


def files_offered(case: Case, *, with_mail: bool = False) -> list[StoredFile]:
    """What the person attached, first to the request; `with_mail`: before it the e-mail as it arrived."""
    arrived = case.messages.filter(direction=Direction.INBOUND).order_by("at", "pk").prefetch_related("files")
    attached = [stored for message in arrived for stored in message.files.all()]
    return [*(_first_mail(case) if with_mail else ()), *attached]


def _first_mail(case: Case) -> list[StoredFile]:
    first = case.inbound_mail.select_related("raw").order_by("pk").first() if case.channel == Channel.EMAIL else None
    return [first.raw] if first else []


def forwarding_check(case: Case, rights: Sequence[CaseRight], why: str, text: str, version: int | None) -> None:
    """Raises Conflict, and DomainError `case_closed`, `rights_missing`, `right_answered`, `why_missing`, `text_missing`
    where nothing is left of what the person wrote.
    """
    case_touch_open(case=case, version=version)
    if not rights:
        raise DomainError("rights_missing", _("Choose what is passed on."))
    if any(right.is_answered for right in rights):
        raise DomainError("right_answered", _("This right is answered already."))
    if not why.strip():
        raise DomainError("why_missing", _("Write why it is theirs to answer: personal data are handed on."))
    if case.text.strip() and not text.strip():
        raise DomainError("text_missing", _("Leave what they need to understand the request."))


def forwarding_create(
    case: Case,
    rights: Sequence[CaseRight],
    messages: Iterable[Message],
    files: Iterable[StoredFile],
    *,
    by: User,
    **fields: Any,
) -> Forwarding:
    """The row of what is handed on now, with what leaves; messages and files of another case are left out."""
    forwarding = Forwarding.objects.create(
        case=case, forwarded_at=datetime.now(UTC), forwarded_by=by, **fields
    )
    forwarding.rights.set(rights)
    forwarding.messages.set(message for message in messages if message.case_id == case.pk)
    ours = {stored.pk for stored in files_offered(case, with_mail=True)}
    forwarding.files.set(stored for stored in files if stored.pk in ours)
    return forwarding


def rights_end(forwarding: Forwarding, rights: Sequence[CaseRight], actor: Actor) -> None:
    """The rights are answered by saying who has them now, on the tracking page and by mail; a letter can be printed."""
    case = forwarding.case
    for case_right in rights:
        case_right.case = case
        right_end(case_right=case_right, outcome=Outcome.FORWARDED, actor=actor)
    with language_override(case.language), timezone.override(case.organisation.time_zone):
        paragraphs = forwarding_paragraphs(forwarding)
    message, _mail = person_tell(
        case=case,
        body="\n\n".join(paragraphs),
        author=forwarding.forwarded_by,
        template="emails/request_passed_on",
        key="passed_on",
        context=lambda _address: {"paragraphs": paragraphs},
    )
    case_journal(
        case=case,
        kind="message.sent",
        actor=actor,
        facts={"message": message.pk, "channel": message.channel},
        values={"body": message.body},
    )


def handed_facts(forwarding: Forwarding) -> dict[str, list[Any]]:
    """What left beside the text, for the journal."""
    handed: dict[str, list[Any]] = {
        "messages_handed": list(forwarding.messages.values_list("pk", flat=True)),
        "files": list(forwarding.files.values_list("sha256", flat=True)),
    }
    return {name: found for name, found in handed.items() if found}


def handed_values(forwarding: Forwarding) -> dict[str, str]:
    """Why, and the words that left, for the journal; they may be erased from it."""
    return {name: text for name, text in (("why", forwarding.why), ("text", forwarding.text)) if text}


def forwarding_journal(
    forwarding: Forwarding, kind: str, actor: Actor, values: dict[str, str] | None = None, **facts: Any
) -> None:
    """Write to the journal of the case what became of it; facts that are empty are left out."""
    case = forwarding.case
    named = {"name": forwarding.name, "reference": forwarding.reference_there}
    case_journal(
        case=case,
        kind=kind,
        actor=actor,
        facts={
            "forwarding": forwarding.pk,
            "rights": list(forwarding.rights.values_list("right", flat=True)),
            **{key: value for key, value in {**named, **facts}.items() if value},
        },
        values=values,
    )


# ---- the mail to the controller --------------------------------------------------------------------------------------


def _client_tell(forwarding: Forwarding, key: str, *, is_reminder: bool = False) -> Outgoing:
    """The request for the controller: what was written, by whom, when and by which door."""
    case = forwarding.case
    rights = list(forwarding.rights.all())
    files, left_out = _files_fitting(list(forwarding.files.order_by("pk")))
    return client_write(
        case=case,
        template="emails/request_forwarded",
        recipient=forwarding.email,
        key=key,
        context={
            "forwarding": forwarding,
            "rights": rights,
            "received_first": min(right.counts_from for right in rights),
            "channel": Channel(case.channel).label,  # worded in the language of the mail
            "later": list(forwarding.messages.all()),
            "parties": list(Party.objects.filter(case=case).order_by("pk")),
            "addresses": PartyAddress.objects.known(case).select_related("party"),
            "left_out": left_out,
            "is_reminder": is_reminder,
        },
        files=files,
        in_reply_to=forwarding.mail.message_id if forwarding.mail else "",
    )


def _files_fitting(files: Sequence[StoredFile]) -> tuple[list[StoredFile], list[StoredFile]]:
    """Those that one mail can carry, in their order, and the others."""
    fitting, total = [], 0
    for stored in files:
        if total + stored.size <= ATTACHED:
            fitting.append(stored)
            total += stored.size
    return fitting, [stored for stored in files if stored not in fitting]


# ---- following it ----------------------------------------------------------------------------------------------------


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
    forwarding_journal(forwarding, "forwarding.received", actor, received_there_on=received_there_on.isoformat())


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
    forwarding_journal(forwarding, "forwarding.answered", actor, values, answered_on=answered_on.isoformat())
    _task_finish(forwarding)


@transaction.atomic
def forwarding_stop(*, forwarding: Forwarding, reason: str, actor: Actor, version: int | None = None) -> None:
    """Follow it no more, although no answer is known: only then can the case be closed. Raises `reason_missing`."""
    _followed(forwarding, actor, version)
    if not reason.strip():
        raise DomainError("reason_missing", _("Write why nobody needs to follow it any more."))
    forwarding.stopped_at, forwarding.answer_note = datetime.now(UTC), reason.strip()
    forwarding.save(update_fields=["stopped_at", "answer_note"])
    forwarding_journal(forwarding, "forwarding.stopped", actor, {"reason": reason.strip()})
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
    forwarding_journal(forwarding, "forwarding.chased", actor)
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
