"""Mails to staff: made of the ledger, one a working day and an alert at once, each sent at most once (DESIGN §3.5).

A digest goes waiting → claimed → sent. The claim is committed before the mail server hears of it. Whoever dies after
it leaves unknown whether the mail left: it counts as lost and is never sent again; its lines go with the next one.
"""

import logging
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import timezone, translation

from dsar.core.broker import task_queue
from dsar.core.hashing import keyed_hash
from dsar.core.jurisdictions import jurisdiction, zone
from dsar.core.models import User
from requests_app import outbox
from requests_app.correspondence import absolute
from requests_app.deadlines import local_date
from requests_app.models import CaseRight, Digest, Reminder
from requests_app.models.cases import LOOK_NOW
from requests_app.outbox import CLAIM_EXPIRES, GIVE_UP_AFTER, QUEUE_LEASE, SWEEP_LIMIT
from requests_app.reminder_words import digest_parts, digest_subject
from requests_app.services.ledger import lines_escalate, lines_overtake, lines_revive, turn_take
from requests_app.services.watching import watches
from requests_app.vocabulary import DigestState, Overtaken

logger = logging.getLogger(__name__)

SLOT = time(8)  # in the member's own time zone
RETRY_AFTER = timedelta(minutes=5)


def digests_free(now: datetime) -> None:
    """Give up the claims of whoever died while sending: the lines wait again, for the next digest or alert."""
    with transaction.atomic():
        turn_take()
        expired = Digest.objects.filter(state=DigestState.CLAIMED, claimed_at__lt=now - CLAIM_EXPIRES)
        for digest in expired:
            if _swap(digest, state=DigestState.LOST):
                digest.reminders.update(digest=None)
                logger.warning("Digest %s was perhaps sent; its reminders go with the next one", digest.pk)


def digests_make(now: datetime) -> None:
    """Make the mails that are due at the aware instant `now`, each member's in a transaction of its own."""
    members = User.objects.filter(is_active=True, pk__in=Reminder.objects.waiting().order_by().values("user"))
    for member in members.order_by("pk"):
        _digest_make(member, now)


@transaction.atomic
def _digest_make(member: User, now: datetime) -> None:
    """The digest of the day takes all that waits; without it, only what is urgent leaves, at once."""
    turn_take()
    waiting = list(
        Reminder.objects.waiting().filter(user=member).select_related("case_right__case__organisation")
    )
    today = local_date(now, member.zone_name)
    is_urgent = not _slot_is_free(member, waiting, now, today)
    kept = [line.pk for line in waiting if line.is_urgent or not is_urgent]
    if kept:
        digest = Digest.objects.create(user=member, slot_on=today, is_urgent=is_urgent, created_at=now)
        Reminder.objects.filter(pk__in=kept).update(digest=digest)


def _slot_is_free(member: User, waiting: Sequence[Reminder], now: datetime, today: date) -> bool:
    """Whether it is eight o'clock of a working day of an organisation that has something to say, and nothing said."""
    if now.astimezone(zone(member.zone_name)).time() < SLOT:
        return False
    places = {line.case_right.case.organisation.jurisdiction for line in waiting}
    if not any(jurisdiction(place).calendar.is_working_day(today) for place in places):
        return False
    return not Digest.objects.filter(user=member, slot_on=today, is_urgent=False).exists()


def digests_queue(now: datetime) -> None:
    """Have every mail sent that waits and whose time has come, also where the broker lost the first message."""
    due = Digest.objects.filter(Q(retry_at=None) | Q(retry_at__lte=now), state=DigestState.WAITING)
    for pk in due.values_list("pk", flat=True)[:SWEEP_LIMIT]:
        if not task_queue("requests_app.digest_send", pk):
            break  # the broker is away: the next sweep goes on from here
        due.filter(pk=pk).update(retry_at=now + QUEUE_LEASE)


def digest_send(digest_id: int) -> None:
    """Send one waiting digest; nothing for one that is claimed or done. Must run outside a transaction."""
    digest = _claim(digest_id)
    if digest is None:
        return
    try:
        lines = _lines_left(digest)
        if lines:
            _send(digest, lines)
    except (SMTPException, OSError) as error:
        _not_accepted(digest, error)
    except Exception as error:  # our own mistake: keep the mail for a later try, and let the mistake be seen
        _retry_later(digest, outbox.error_name(error))
        raise
    else:
        _swap(digest, state=DigestState.SENT if lines else DigestState.EMPTY, sent_at=timezone.now(), error="")


def _claim(digest_id: int) -> Digest | None:
    """Compare and swap; committed when this returns."""
    with transaction.atomic(durable=True):
        claimed = Digest.objects.filter(pk=digest_id, state=DigestState.WAITING).update(
            state=DigestState.CLAIMED, claimed_at=timezone.now()
        )
    return Digest.objects.select_related("user").get(pk=digest_id) if claimed else None


@transaction.atomic
def _lines_left(digest: Digest) -> list[Reminder]:
    """The lines that still hold at this moment; the others are marked with what has overtaken them."""
    turn_take()
    lines = list(
        digest.reminders.filter(superseded_because="").select_related("case_right__case__organisation")
    )
    rights = {line.case_right_id: line.case_right for line in lines}
    overtaken = lines_overtake(lines, watches(list(rights.values()), timezone.now()))
    Reminder.objects.bulk_update(overtaken, ["superseded_because"], batch_size=500)
    lines_revive(overtaken)
    handed_on = [line.case_right_id for line in overtaken if line.superseded_because == Overtaken.HANDED_ON]
    CaseRight.objects.filter(pk__in=handed_on).update(remind_on=LOOK_NOW)  # whoever handles it now is to be told
    return [line for line in lines if not line.superseded_because]


def _send(digest: Digest, lines: Sequence[Reminder]) -> None:
    member, today = digest.user, local_date(timezone.now(), digest.user.zone_name)
    with translation.override(member.language), timezone.override(member.zone_name):
        context = {
            "subject": digest_subject(lines, today),
            "parts": digest_parts(lines, today),
            "language": member.language,
            "desk": absolute("desk-queue"),
        }
        texts = {
            name: render_to_string(f"emails/staff_digest/{name}", context)
            for name in ("subject.txt", "body.txt", "body.html")
        }
    outbox.staff_mail_send(
        recipient=member.email,
        subject=texts["subject.txt"].strip(),
        text=texts["body.txt"],
        html=texts["body.html"],
        language=member.language,
        message_id=message_id(digest),
        at=digest.created_at,
    )


def message_id(digest: Digest) -> str:
    """Fixed for each digest and not guessed by others."""
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")
    return f"<digest.{digest.pk}.{keyed_hash('digest', str(digest.pk))[:24]}@{domain}>"


def _not_accepted(digest: Digest, error: Exception) -> None:
    too_old = timezone.now() - digest.created_at > GIVE_UP_AFTER
    if not (too_old or outbox.is_permanent(error)):
        _retry_later(digest, outbox.error_name(error))
    else:
        _give_up(digest, outbox.error_name(error))


@transaction.atomic
def _give_up(digest: Digest, error: str) -> None:
    """Try no more; whoever answers for the organisation is told instead."""
    turn_take()
    if not _swap(digest, state=DigestState.FAILED, error=error[:200]):
        return
    if lines_escalate(digest, timezone.now()):
        logger.warning("Digest %s was refused, others are told in its reader's place: %s", digest.pk, error)
    else:
        logger.error("Digest %s was refused, its reader is not warned: %s", digest.pk, error)


def _retry_later(digest: Digest, error: str) -> None:
    _swap(digest, state=DigestState.WAITING, retry_at=timezone.now() + RETRY_AFTER, error=error[:200])
    logger.info("Digest %s waits %s: %s", digest.pk, RETRY_AFTER, error)


def _swap(digest: Digest, **changes: object) -> bool:
    """Change the row if the claim still holds; False when the sweep has given it up meanwhile."""
    mine = Digest.objects.filter(pk=digest.pk, state=DigestState.CLAIMED, claimed_at=digest.claimed_at)
    return bool(mine.update(**changes))
