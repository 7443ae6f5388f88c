"""Celery's doors into requests_app: each takes an id, calls one service, and is safe to run twice."""

from celery import shared_task
from django.utils import timezone

from dsar.core.broker import task_queue
from requests_app import outbox, webhooks
from requests_app.models import Case, Extension
from requests_app.services import clocks, digests, letters, mail, notices, reminders


@shared_task(name="requests_app.outbox_send")
def outbox_send(outgoing_id: int) -> None:
    """Send one mail of the outbox."""
    outbox.outbox_send(outgoing_id)


@shared_task(name="requests_app.outbox_sweep")
def outbox_sweep() -> None:
    """Queue mail that is due, stuck, or whose queue message was lost."""
    outbox.outbox_sweep()


@shared_task(name="requests_app.mail_sweep")
def mail_sweep() -> None:
    """Finish incoming mail whose understanding was interrupted."""
    mail.mail_sweep()


@shared_task(name="requests_app.letter_prepare")
def letter_prepare(case_id: int) -> None:
    """Write the letter on what is decided in a case."""
    letters.letter_prepare(case=Case.objects.select_related("organisation__authority", "key").get(pk=case_id))


@shared_task(name="requests_app.letters_sweep")
def letters_sweep() -> None:
    """Queue the letters that decided rights wait for."""
    for case_id in letters.cases_without_letter():
        task_queue("requests_app.letter_prepare", case_id)


@shared_task(name="requests_app.notice_left")
def notice_left(outgoing_id: int) -> None:
    """Note that the mail of a question or of an extension has left."""
    notices.notices_left(outgoing_id)


@shared_task(name="requests_app.notice_prepare")
def notice_prepare(extension_id: int) -> None:
    """Make the letter of an extension."""
    extension = Extension.objects.select_related("case_right__case__organisation__authority", "case_right__case__key")
    notices.notice_prepare(extension=extension.get(pk=extension_id))


@shared_task(name="requests_app.notices_sweep")
def notices_sweep() -> None:
    """Note every mail that has left, and queue the letters of extensions that are missing."""
    notices.notices_left()
    for extension_id in notices.notices_unprepared():
        task_queue("requests_app.notice_prepare", extension_id)


@shared_task(name="requests_app.clocks_sweep")
def clocks_sweep() -> None:
    """Count open clocks anew once after a new version of the rules, the calendars or the counting."""
    clocks.clocks_follow(timezone.now())


@shared_task(name="requests_app.reminders_sweep")
def reminders_sweep() -> None:
    """Tell staff which dates come near, and which have passed."""
    reminders.reminders_sweep()


@shared_task(name="requests_app.digest_send")
def digest_send(digest_id: int) -> None:
    """Send one digest or alert to a member of staff."""
    digests.digest_send(digest_id)


@shared_task(name="requests_app.webhook_send")
def webhook_send(delivery_id: int) -> None:
    """Send one delivery of a webhook."""
    webhooks.webhook_send(delivery_id)


@shared_task(name="requests_app.webhooks_sweep")
def webhooks_sweep() -> None:
    """Queue deliveries that are due, stuck, or whose queue message was lost."""
    webhooks.webhooks_sweep()
