"""Doors of the workers: each takes an id, calls one service, and may run twice."""

from datetime import UTC, datetime

from celery import shared_task

from dsar.core.broker import task_queue
from exports import services
from exports.models import Collection
from requests_app.models import CaseRight


@shared_task(name="exports.collection_plan")
def collection_plan(case_right_id: int) -> None:
    """Plan which sources are asked for one right."""
    case_right = CaseRight.objects.select_related("case__organisation").get(pk=case_right_id)
    services.collection_plan(case_right=case_right)


@shared_task(name="exports.collection_run")
def collection_run(collection_id: int) -> None:
    """Ask one database."""
    collection = Collection.objects.select_related("source", "case_right__case__key").get(pk=collection_id)
    services.collection_run(collection=collection)


@shared_task(name="exports.package_build")
def package_build(case_right_id: int) -> None:
    """Build the package of one right."""
    services.package_build(case_right=CaseRight.objects.select_related("case__organisation").get(pk=case_right_id))


@shared_task(name="exports.collections_sweep")
def collections_sweep() -> None:
    """Queue what should run and does not: whatever message was lost, the state says what is left to do."""
    for name, row_id in services.work_left(datetime.now(UTC)):
        if not task_queue(name, row_id):
            return
