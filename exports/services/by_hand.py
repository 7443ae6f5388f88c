"""What a person does for a source: search it, have it asked again, settle the doubt about whose records they are."""

from collections.abc import Sequence
from datetime import UTC, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dsar.core.actors import Actor
from dsar.core.broker import task_queue_on_commit
from dsar.core.errors import Conflict, DomainError
from dsar.core.roles import Act
from dsar.core.uploads import IncomingFile, desk_limits, upload_store, uploads_check
from exports.doubts import doubts_settle
from exports.models import Collection, DataSource
from exports.services.building import build_queue
from exports.services.collecting import collect_tasks_finish, finish_journal, right_locked, subject_key
from requests_app.case_journal import case_journal
from requests_app.models import CaseTask
from requests_app.services import case_task_add
from requests_app.vocabulary import Stage, TaskKind


def collection_of_task(task: CaseTask) -> Collection | None:
    """What a person answers by finishing this task: a manual source, or a database that could not be asked."""
    collections = Collection.objects.filter(case_right=task.case_right_id).select_related("source", "case_right__case")
    return next((found for found in collections if subject_key(found.source) == task.subject_key), None)


def collection_by_hand(
    *, task: CaseTask, files: Sequence[IncomingFile], note: str = "", nothing_found: bool = False, actor: Actor
) -> Collection:
    """Keep what a person found, as it is, or that they found nothing; then close the task.

    Raises DomainError `answer_missing`, `answer_contradicts`, `not_by_hand`, and `upload_…` for files beyond limits.
    """
    actor.must(Act.TASK_WORK, task.case.organisation)
    collection = collection_of_task(task)
    if collection is None or not may_answer_by_hand(collection):
        raise DomainError("not_by_hand", _("This source is asked by the machine, and still may answer."))
    if files and nothing_found:
        raise DomainError("answer_contradicts", _("You added files and ticked “Nothing found”. Keep one of the two."))
    if not files and not nothing_found:
        raise DomainError("answer_missing", _("Add at least one file, or tick “Nothing found”."))
    uploads_check(files, desk_limits())
    stored = [upload_store(key=task.case.key, file=file) for file in files]
    with transaction.atomic():
        case_right = right_locked(collection)
        won = Collection.objects.filter(pk=collection.pk).exclude(state=Collection.State.DONE).update(
            state=Collection.State.DONE, note=note.strip(), error="", finished_at=datetime.now(UTC)
        )
        if not won:
            raise Conflict("already_answered", _("Somebody else has answered for this source meanwhile."))
        collection.refresh_from_db()
        collection.files.set(stored)
        finish_journal(collection, actor)
        result = {"files": len(stored)} if stored else {"nothing_found": True}
        collect_tasks_finish(collection, result, note.strip(), actor)
        doubts_settle(case_right)
        build_queue(case_right)
    return collection


def may_answer_by_hand(collection: Collection) -> bool:
    """Manual sources; and databases that have failed."""
    return collection.source.kind == DataSource.Kind.MANUAL or collection.state == Collection.State.FAILED


def collection_retry(*, collection: Collection, actor: Actor) -> None:
    """Ask a failed database again, with all its attempts; for when somebody has repaired what was wrong."""
    actor.must(Act.TASK_WORK, collection.case_right.case.organisation)
    failed = Collection.objects.filter(pk=collection.pk, state=Collection.State.FAILED)
    if failed.update(state=Collection.State.WAITING, attempts=0, beat_at=None):
        task_queue_on_commit("exports.collection_run", collection.pk)


@transaction.atomic
def collection_admit(*, collection: Collection, reason: str, actor: Actor) -> None:
    """A person found that doubtful records are the requester's: they go into a new package.

    Raises DomainError `reason_missing`, `no_doubt`, or `right_not_in_progress` once the answer is in review.
    """
    actor.must(Act.CASE_WORK, collection.case_right.case.organisation)
    case_right = right_locked(collection)
    if not reason.strip():
        raise DomainError("reason_missing", _("Write how you know that these records are this person's."))
    if case_right.stage not in (Stage.IN_PROGRESS, Stage.AWAITING_PERSON):
        raise DomainError("right_not_in_progress", _("The answer is in review or decided: send it back first."))
    admitted = Collection.objects.filter(pk=collection.pk, admitted_at=None).exclude(doubt="")
    if not admitted.update(
        admitted_at=datetime.now(UTC), admitted_by=actor.user, admitted_because=reason.strip()
    ):
        raise DomainError("no_doubt", _("There is no doubt to settle on these records."))
    case_journal(
        case=case_right.case,
        kind="collection.admitted",
        actor=actor,
        facts={"source": collection.source.code, "doubt": collection.doubt},
        values={"reason": reason.strip()},
    )
    case_task_add(
        case_right=case_right, kind=TaskKind.BUILD_PACKAGE, subject_key=f"package:{collection.pk}", automatic=True
    )
    build_queue(case_right)
