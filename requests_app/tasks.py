"""Celery's doors into requests_app: each takes an id, calls one service, and is safe to run twice."""

from celery import shared_task
from django.utils import timezone

from dsar.core.broker import task_queue
from requests_app import outbox, webhooks
from requests_app.models import Case, Extension, Restriction
from requests_app.services import (
    breaches,
    certificates,
    clocks,
    codes,
    digests,
    form_files,
    letters,
    mail,
    notices,
    reminders,
    restrictions,
)


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


@shared_task(name="requests_app.certificate_prepare")
def certificate_prepare(case_id: int) -> None:
    """Make the certificate of receipt of a case."""
    certificates.certificate_prepare(case=Case.objects.select_related("organisation__authority", "key").get(pk=case_id))


@shared_task(name="requests_app.portal_code_send")
def portal_code_send(address_id: int) -> None:
    """Mail the code that opens the tracking page; nothing for an address that no case has."""
    codes.portal_code_send(address_id=address_id)


@shared_task(name="requests_app.notice_left")
def notice_left(outgoing_id: int) -> None:
    """Note that the mail of a question, of an extension or before a lifting has left."""
    notices.notices_left(outgoing_id)


@shared_task(name="requests_app.notice_prepare")
def notice_prepare(extension_id: int) -> None:
    """Make the letter of an extension."""
    extension = Extension.objects.select_related("case_right__case__organisation__authority", "case_right__case__key")
    notices.notice_prepare(extension=extension.get(pk=extension_id))


@shared_task(name="requests_app.lifting_prepare")
def lifting_prepare(restriction_id: int) -> None:
    """Make the letter before a restriction is lifted."""
    found = Restriction.objects.select_related("case_right__case__organisation__authority", "case_right__case__key")
    notices.lifting_prepare(restriction=found.get(pk=restriction_id))


@shared_task(name="requests_app.restrictions_sweep")
def restrictions_sweep() -> None:
    """Have somebody look again at each restriction whose day has come."""
    restrictions.restrictions_review(timezone.now())


@shared_task(name="requests_app.notices_sweep")
def notices_sweep() -> None:
    """Note every mail that has left, and queue the letters of extensions and liftings that are missing."""
    notices.notices_left()
    for restriction_id in notices.liftings_unprepared():
        task_queue("requests_app.lifting_prepare", restriction_id)
    for extension_id in notices.notices_unprepared():
        task_queue("requests_app.notice_prepare", extension_id)


@shared_task(name="requests_app.breaches_sweep")
def breaches_sweep() -> None:
    """Tell whoever answers for data protection of breaches whose hours run out."""
    breaches.breaches_sweep()


@shared_task(name="requests_app.form_files_sweep")
def form_files_sweep() -> None:
    """Remove files of forms that nobody has sent within a day."""
    form_files.form_files_sweep()


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
