"""The outbox: the only place that sends mail and queues its sending. At least once, always with the same Message-ID.

A row goes pending → claimed → sent. The claim is committed before the mail server hears of the mail, so that of two
workers one sends. Whoever dies between the claim and the last commit leaves a claimed row; the sweep frees it after
CLAIM_EXPIRES and says in the journal that this mail has perhaps been sent twice.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import partial
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused, SMTPResponseException
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from dsar.core.actors import Actor
from dsar.core.broker import task_queue
from dsar.core.files import file_read
from dsar.core.journal import journal_append
from requests_app.models import Outgoing
from requests_app.models.messages import OutgoingQuerySet
from requests_app.signals import outgoing_sent
from requests_app.vocabulary import OutgoingState

logger = logging.getLogger(__name__)

CLAIM_EXPIRES = timedelta(minutes=2)
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))  # then every hour
GIVE_UP_AFTER = timedelta(days=5)  # the usual patience of mail servers (RFC 5321, 4.5.4.1)
QUEUE_LEASE = timedelta(minutes=5)  # what the sweep has queued is left alone for so long
SWEEP_LIMIT = 1000
# Kinds of key written by the machine without anybody's decision.
AUTOMATIC = ("acknowledgement", "access_code", "address_changed", "withdrawn", "breach_alert")


def outbox_queue(outgoing: Outgoing) -> None:
    """Have the mail sent once the current transaction is committed. By task name: the tasks stand above this module."""
    transaction.on_commit(partial(_queue, outgoing.pk))


def outbox_send(outgoing_id: int) -> None:
    """Send one pending mail; does nothing for one that is claimed, sent or failed. Must run outside a transaction."""
    outgoing = _claim(outgoing_id)
    if outgoing is None:
        return
    try:
        mail_message(outgoing).send()
    except (SMTPException, OSError) as error:
        _not_accepted(outgoing, error)
    except Exception as error:  # our own mistake: keep the mail for a later try, and let the mistake be seen
        _retry_later(outgoing, error_name(error))
        raise
    else:
        _accepted(outgoing)


def outbox_stop(outgoing: Outgoing) -> bool:
    """Keep a mail from leaving, because what it says no longer holds; False for one that left or is just leaving.

    Runs in the caller's transaction.
    """
    waiting = Outgoing.objects.filter(pk=outgoing.pk, state=OutgoingState.PENDING)
    stopped = waiting.update(state=OutgoingState.STOPPED, body_text="", body_html="", retry_at=None)
    if stopped:
        _journal(outgoing, "message.stopped")
    return bool(stopped)


def outbox_sweep(now: datetime | None = None) -> int:
    """Free what was claimed too long ago and queue what is due; returns how many mails were queued.

    Selects on state, never on a window of time, so a sweep that runs late or twice does the same.
    """
    now = now or timezone.now()
    expired = Outgoing.objects.filter(state=OutgoingState.CLAIMED, claimed_at__lt=now - CLAIM_EXPIRES)
    for outgoing in expired.select_related("case", "organisation")[:SWEEP_LIMIT]:
        _claim_expire(outgoing)
    queued = 0
    for pk in outbox_due(now).values_list("pk", flat=True)[:SWEEP_LIMIT]:
        if not _queue(pk):
            break  # the broker is away: the next sweep goes on from here
        Outgoing.objects.filter(pk=pk, state=OutgoingState.PENDING).update(retry_at=now + QUEUE_LEASE)
        queued += 1
    return queued


def outbox_due(now: datetime) -> OutgoingQuerySet:
    """Pending mail whose time has come."""
    return Outgoing.objects.filter(Q(retry_at=None) | Q(retry_at__lte=now), state=OutgoingState.PENDING)


class _Mail(EmailMultiAlternatives):
    """Keeps each header on its line: some servers read a Message-ID on a line of its own as none."""

    def message(self, **options: Any) -> Any:
        message = super().message(**options)
        message.policy = message.policy.clone(max_line_length=900)  # RFC 5322 allows 998
        return message


def mail_message(outgoing: Outgoing) -> EmailMultiAlternatives:
    """The mail as it goes on the wire; the same row always makes the same headers."""
    headers = {
        "Message-ID": outgoing.message_id,
        "Date": format_datetime(outgoing.created_at),
        "Content-Language": outgoing.language,
    }
    if outgoing.in_reply_to:
        headers |= {"In-Reply-To": outgoing.in_reply_to, "References": outgoing.in_reply_to}
    if outgoing.key.partition(":")[0] in AUTOMATIC:
        # RFC 3834: an answer machine that respects it does not answer our answer, and no loop starts.
        headers |= {
            "Auto-Submitted": "auto-replied" if outgoing.in_reply_to else "auto-generated",
            "X-Auto-Response-Suppress": "All",
        }
    message = _Mail(
        subject=outgoing.subject,
        body=outgoing.body_text,
        from_email=outgoing.sender,
        to=[outgoing.recipient],
        reply_to=[outgoing.reply_to],
        headers=headers,
    )
    message.attach_alternative(outgoing.body_html, "text/html")
    for stored in outgoing.files.select_related("key"):
        # A mail inside a mail would be taken apart and encoded anew: it goes as the bytes that it is.
        is_mail = stored.content_type == "message/rfc822"
        message.attach(stored.name, file_read(stored), "application/octet-stream" if is_mail else stored.content_type)
    return message


def staff_mail_send(
    *, recipient: str, subject: str, text: str, html: str, language: str, message_id: str, at: datetime
) -> None:
    """Send one mail from the installation to a member of staff, at once. Raises SMTPException or OSError.

    Whoever calls this has claimed what it tells, and committed the claim. `at` is an aware instant.
    """
    headers = {
        "Message-ID": message_id,
        "Date": format_datetime(at),
        "Content-Language": language,
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    message = _Mail(subject=subject, body=text, to=[recipient], headers=headers)
    message.attach_alternative(html, "text/html")
    message.send()


def error_name(error: BaseException) -> str:
    """Class and code of an error. Never its text: a mail server's refusal quotes the address."""
    code = _smtp_code(error)
    return f"{type(error).__name__} {code}" if code else type(error).__name__


def _queue(outgoing_id: int) -> bool:
    return task_queue("requests_app.outbox_send", outgoing_id)


def _claim(outgoing_id: int) -> Outgoing | None:
    """Compare and swap; committed when this returns."""
    with transaction.atomic(durable=True):
        claimed = Outgoing.objects.filter(pk=outgoing_id, state=OutgoingState.PENDING).update(
            state=OutgoingState.CLAIMED, claimed_at=timezone.now(), attempts=F("attempts") + 1
        )
    if not claimed:
        return None
    return Outgoing.objects.select_related("case", "organisation").get(pk=outgoing_id)


@transaction.atomic
def _accepted(outgoing: Outgoing) -> None:
    """The text goes: it is on the case with its codes masked, and a code must not outlive its sending here."""
    sent = {"state": OutgoingState.SENT, "sent_at": timezone.now(), "body_text": "", "body_html": ""}
    if _swap(outgoing, **sent, retry_at=None, error=""):
        _journal(outgoing, "message.sent", attempts=outgoing.attempts)
        transaction.on_commit(partial(outgoing_sent.send, Outgoing, outgoing_id=outgoing.pk))


@transaction.atomic
def _claim_expire(outgoing: Outgoing) -> None:
    if _swap(outgoing, state=OutgoingState.PENDING, retry_at=None):
        _journal(outgoing, "message.perhaps_sent_twice", attempts=outgoing.attempts)


def _not_accepted(outgoing: Outgoing, error: Exception) -> None:
    """A refusal for good ends here; anything else is tried again until GIVE_UP_AFTER."""
    too_old = timezone.now() - outgoing.created_at > GIVE_UP_AFTER
    if not (too_old or is_permanent(error)):
        _retry_later(outgoing, error_name(error))
        return
    with transaction.atomic():
        if _swap(outgoing, state=OutgoingState.FAILED, error=error_name(error)):
            _journal(outgoing, "message.failed", attempts=outgoing.attempts, error=error_name(error))
    logger.warning("Outgoing mail %s failed: %s", outgoing.pk, error_name(error))


def _retry_later(outgoing: Outgoing, error: str) -> None:
    wait = BACK_OFF[min(outgoing.attempts, len(BACK_OFF)) - 1]
    _swap(outgoing, state=OutgoingState.PENDING, retry_at=timezone.now() + wait, error=error[:200])
    logger.info("Outgoing mail %s waits %s: %s", outgoing.pk, wait, error)


def _swap(outgoing: Outgoing, **changes: object) -> bool:
    """Change the row if our claim still holds; False when the sweep has freed it meanwhile."""
    mine = Outgoing.objects.filter(
        pk=outgoing.pk, state=OutgoingState.CLAIMED, claimed_at=outgoing.claimed_at, attempts=outgoing.attempts
    )
    return bool(mine.update(**changes))


def _journal(outgoing: Outgoing, kind: str, **facts: object) -> None:
    chain = outgoing.case.chain if outgoing.case else f"organisation:{outgoing.organisation.slug}"
    journal_append(
        chain=chain,
        organisation=outgoing.organisation,
        kind=kind,
        actor=Actor.SYSTEM,
        facts={"key": outgoing.key, "message_id": outgoing.message_id, **facts},
    )


def is_permanent(error: Exception) -> bool:
    """A 5xx about this recipient or this text. A refusal of our sign-in or sender is ours to repair: the mail waits."""
    return isinstance(error, SMTPRecipientsRefused | SMTPDataError) and 500 <= _smtp_code(error) < 600


def _smtp_code(error: BaseException) -> int:
    if isinstance(error, SMTPRecipientsRefused):
        return min((int(code) for code, _ in error.recipients.values()), default=0)  # one recipient, one code
    return error.smtp_code if isinstance(error, SMTPResponseException) else 0
