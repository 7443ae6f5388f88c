"""The package of a right whose sources have all answered: built outside any transaction, registered in one."""

from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import override as language_override

from dsar.core.actors import Actor
from dsar.core.broker import task_queue_on_commit
from dsar.core.files import file_store
from dsar.core.models import StoredFile
from dsar.core.texts import localised
from exports.contents import contents_of
from exports.models import Collection, PackageBuild
from exports.package import package_stream
from exports.services.beats import beating
from requests_app.models import Case, CaseRight, CaseTask, ChecklistItem, Deliverable
from requests_app.services import case_lock, case_task_finish, checklist_item_set, deliverable_register
from requests_app.vocabulary import DeliverableKind, ItemState, TaskKind

# Of the checklist of each right that has a package: the copy of all data (GDPR art. 15(3)), the data to take (art. 20).
COPY_ITEMS = {"access": "A10", "portability": "P1"}


def package_build(*, case_right: CaseRight) -> Deliverable | None:
    """Build and register the package of a right whose sources have all answered; None when there is nothing to build.

    The file is made outside any transaction; then, in one, it is registered and the task closed. A build that died
    leaves the task open; of two at the same time, the later one finds nothing open and its file is never registered.
    """
    if not _is_buildable(case_right):
        return None
    PackageBuild.objects.update_or_create(case_right=case_right, defaults={"beat_at": datetime.now(UTC), "error": ""})
    made_of = _fingerprint(case_right)
    try:
        stored_file = _package_store(case_right)
    except Exception as error:
        PackageBuild.objects.filter(case_right=case_right).update(error=type(error).__name__)
        raise
    with transaction.atomic():
        case_lock(case_right.case)
        CaseRight.objects.select_for_update().get(pk=case_right.pk)
        if not _is_buildable(case_right) or _fingerprint(case_right) != made_of:
            return None
        case = case_right.case
        deliverable = deliverable_register(
            case=case, rights=[case_right], kind=DeliverableKind.PACKAGE, stored_file=stored_file, bears_data=True
        )
        _copy_mark_incomplete(case_right)
        for task in build_tasks().filter(case_right=case_right):
            case_task_finish(task=task, actor=Actor.SYSTEM, result={"bytes": stored_file.size})
    return deliverable


def _copy_mark_incomplete(case_right: CaseRight) -> None:
    """Keep the item of the data open while records are left out: a person settles the doubt, or justifies the item."""
    left_out = Collection.objects.filter(case_right=case_right, admitted_at=None).exclude(doubt="")
    language = case_right.case.organisation.language
    names = [localised(collection.source.name, language) for collection in left_out.select_related("source")]
    if not names:
        return
    with language_override(language):
        note = gettext("Left out, because not certainly this person’s: %(sources)s.") % {"sources": ", ".join(names)}
    for item in ChecklistItem.objects.filter(case_right=case_right, code=COPY_ITEMS.get(case_right.right)):
        checklist_item_set(item=item, state=ItemState.OPEN, note=note, actor=Actor.SYSTEM)


def _package_store(case_right: CaseRight) -> StoredFile:
    case = Case.objects.select_related("organisation__authority", "key").prefetch_related("parties").get(
        pk=case_right.case_id
    )
    case_right.case = case
    contents = contents_of(case_right, created_at=datetime.now(UTC).replace(microsecond=0))
    return file_store(
        key=case.key,
        name=f"{case.reference}-portability.zip" if contents.is_portable else f"{case.reference}.zip",
        content_type="application/zip",
        content=beating(package_stream(contents), lambda: _build_beat(case_right)),
    )


def _build_beat(case_right: CaseRight) -> None:
    PackageBuild.objects.filter(case_right=case_right).update(beat_at=datetime.now(UTC))


def build_tasks() -> Any:
    """The open tasks of every package that is to be built."""
    return CaseTask.objects.open().filter(kind=TaskKind.BUILD_PACKAGE)


def _is_buildable(case_right: CaseRight) -> bool:
    unfinished = Collection.objects.filter(case_right=case_right).exclude(state=Collection.State.DONE)
    return build_tasks().filter(case_right=case_right).exists() and not unfinished.exists()


def build_queue(case_right: CaseRight) -> None:
    """Have a worker build the package, where nothing more is waited for."""
    if _is_buildable(case_right):
        task_queue_on_commit("exports.package_build", case_right.pk)


def _fingerprint(case_right: CaseRight) -> list[tuple[Any, ...]]:
    """What a package is made of: another answer or decision in between makes it stale."""
    rows = Collection.objects.filter(case_right=case_right).order_by("pk")
    return list(rows.values_list("pk", "attempts", "finished_at", "admitted_at"))
