"""Celery's doors into requests_app: each takes an id, calls one service, and is safe to run twice."""

from celery import shared_task

from dsar.core.broker import task_queue
from requests_app import outbox
from requests_app.models import Case
from requests_app.services import letters, mail


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
