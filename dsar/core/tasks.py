"""Celery tasks of the kernel."""

from celery import shared_task

from dsar.core import journal


@shared_task(name="core.journal_anchor")
def journal_anchor() -> None:
    """Hourly: record the heads of the chains that moved. A run that is lost or doubled does no harm."""
    journal.journal_anchor()
