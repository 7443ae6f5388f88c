"""Which sources are asked for a right: a task each, in one transaction."""

from django.db import transaction

from dsar.core.actors import Actor
from dsar.core.broker import task_queue_on_commit
from dsar.core.texts import localised
from exports.models import Collection, DataSource
from exports.services.building import build_queue
from exports.services.collecting import subject_key
from requests_app.models import CaseRight, CaseTask
from requests_app.services import case_lock, case_task_add, case_task_finish
from requests_app.vocabulary import TaskKind


@transaction.atomic
def collection_plan(*, case_right: CaseRight) -> bool:
    """Ask every active source, by a task each, and close the blocking task that waits for this plan.

    One transaction: a worker that dies leaves the plan open and nothing else. False when there was nothing to plan.
    """
    case_lock(case_right.case)
    CaseRight.objects.select_for_update().get(pk=case_right.pk)
    plan = CaseTask.objects.open().filter(case_right=case_right, kind=TaskKind.PLAN_COLLECTION).first()
    if plan is None:
        return False
    organisation = case_right.case.organisation
    sources = list(DataSource.objects.filter(organisation=organisation, is_active=True))
    for source in sources:
        collection, is_new = Collection.objects.get_or_create(case_right=case_right, source=source)
        if not is_new:
            _collection_renew(collection)
        is_manual = source.kind == DataSource.Kind.MANUAL
        case_task_add(
            case_right=case_right,
            kind=TaskKind.COLLECT_BY_HAND if is_manual else TaskKind.COLLECT,
            subject_key=subject_key(source),
            label=localised(source.name, organisation.language),
            automatic=not is_manual,
            again=True,
        )
        if not is_manual:
            task_queue_on_commit("exports.collection_run", collection.pk)
    case_task_add(case_right=case_right, kind=TaskKind.BUILD_PACKAGE, subject_key="package", automatic=True, again=True)
    case_task_finish(task=plan, actor=Actor.SYSTEM, result={"sources": len(sources)})
    build_queue(case_right)
    return True


def _collection_renew(collection: Collection) -> None:
    """Ask as if never asked: the right was answered, and is taken up again. What left then is its old package."""
    fresh = Collection(case_right_id=collection.case_right_id, source_id=collection.source_id, pk=collection.pk)
    fresh.save(force_update=True)
    fresh.files.clear()
