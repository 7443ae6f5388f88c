"""What the apps below never see: sources are asked, their answers kept, and a package made of them.

Everything here may run twice, at the same time too: rows are unique, states change by compare-and-swap, and what a
worker did beside another one is dropped.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override as language_override

from dsar.core.actors import Actor
from dsar.core.broker import task_queue_on_commit
from dsar.core.errors import Conflict, DomainError
from dsar.core.files import file_store
from dsar.core.models import StoredFile
from dsar.core.roles import Act
from dsar.core.texts import localised
from dsar.core.uploads import IncomingFile, desk_limits, upload_store, uploads_check
from exports.attribution import Attribution
from exports.contents import contents_of
from exports.doubts import doubts_settle
from exports.models import Collection, DataSource, PackageBuild, SourceMap
from exports.package import package_stream
from exports.records import line_make
from exports.scope import fields_disclosed
from exports.sources import query_keys, source_rows, source_url
from requests_app.case_journal import case_journal
from requests_app.models import Case, CaseRight, CaseTask, ChecklistItem, Deliverable
from requests_app.services import (
    case_lock,
    case_task_add,
    case_task_finish,
    checklist_item_set,
    deliverable_register,
)
from requests_app.vocabulary import DeliverableKind, ItemState, Stage, TaskKind

logger = logging.getLogger(__name__)

# Of the checklist of each right that has a package: the copy of all data (GDPR art. 15(3)), the data to take (art. 20).
COPY_ITEMS = {"access": "A10", "portability": "P1"}
ATTEMPTS = 5  # after which a failed source waits for a person
RETRY_AFTER = (timedelta(0), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
BEAT_EVERY = 5  # seconds between two signs of life of a worker
COLLECTION_STALE = timedelta(seconds=90)  # longer than the longest query: then its worker is gone
BUILD_STALE = timedelta(seconds=30)


# ---- planning --------------------------------------------------------------------------------------------------------


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
    _build_queue(case_right)
    return True


def _collection_renew(collection: Collection) -> None:
    """Ask as if never asked: the right was answered, and is taken up again. What left then is its old package."""
    fresh = Collection(case_right_id=collection.case_right_id, source_id=collection.source_id, pk=collection.pk)
    fresh.save(force_update=True)
    fresh.files.clear()


def subject_key(source: DataSource) -> str:
    """What tasks and routing rules call a source."""
    return f"source:{source.code}"


# ---- collecting ------------------------------------------------------------------------------------------------------


def collection_run(*, collection: Collection) -> bool:
    """Ask a database for this person and keep its answer; False when it has answered already or another run took over.

    Whatever goes wrong at the source is recorded, journaled and tried again by the sweep, ATTEMPTS times; then the
    task stays open and says why, for a person to finish.
    """
    if collection.attempts >= ATTEMPTS:
        if collection.beat_at and collection.beat_at < datetime.now(UTC) - COLLECTION_STALE:
            _collection_fail(collection, DomainError("worker_lost", _("The worker was lost each time.")))
        return False
    attempt = collection.attempts + 1
    claimed = Collection.objects.filter(
        pk=collection.pk, attempts=collection.attempts, source__kind=DataSource.Kind.SQL
    ).exclude(state=Collection.State.DONE)
    if not claimed.update(attempts=attempt, state=Collection.State.WAITING, beat_at=datetime.now(UTC)):
        return False
    collection.refresh_from_db()
    try:
        answer = _source_ask(collection)
    except Exception as error:  # noqa: BLE001 - recorded and journaled: a source may fail in any way, and is not ours
        _collection_fail(collection, error)
        return False
    return _collection_finish(collection, answer)


class _Answer:
    """What a source has given, while it gives it: counts and attribution beside the stored lines."""

    def __init__(self, source_map: SourceMap, attribution: Attribution, known: dict[str, list[str]]) -> None:
        self.map = source_map
        self.attribution = attribution
        self.known = known
        self.counts = {table["name"]: 0 for table in source_map.tables}
        self.stored_file: StoredFile | None = None

    @property
    def records(self) -> int:
        return sum(self.counts.values())

    @property
    def tables(self) -> list[dict[str, Any]]:
        return [
            {
                "name": table["name"],
                "records": self.counts[table["name"]],
                "searched": bool(query_keys(table["query"], self.known)),
                "seen": self.attribution.seen[table["name"]].kept(),
            }
            for table in self.map.tables
        ]

    def lines(self, collection: Collection) -> Iterator[bytes]:
        """The records as lines, with disclosed columns only: what is withheld is not even kept here."""
        columns = {table["name"]: [field["column"] for field in fields_disclosed(table)] for table in self.map.tables}
        subjects = {table["name"]: table.get("subject", {}) for table in self.map.tables}
        url = source_url(collection.source.collect_url)
        for found in source_rows(url, self.map.tables, self.known):
            self.attribution.see(found, subjects[found.table])
            self.counts[found.table] += 1
            yield line_make(found.table, {name: found.row[name] for name in columns[found.table] if name in found.row})


def _source_ask(collection: Collection) -> _Answer:
    """Raises DomainError "source_map_not_approved", and whatever the source raises."""
    source_map = collection.source.maps.exclude(approved_at=None).order_by("version").last()
    if source_map is None:
        raise DomainError("source_map_not_approved", _("No version of this source's map is approved yet."))
    case = collection.case_right.case
    party = case.data_subject
    addresses = list(party.addresses.filter(ended_at=None, pending_since=None)) if party else []
    known: dict[str, list[str]] = {}
    for address in addresses:
        # As typed too: a source may keep the spelling that normalising takes away.
        spellings = known.setdefault(address.kind, [])
        spellings.extend(value for value in (address.normalised, address.value.strip()) if value not in spellings)
    answer = _Answer(source_map, Attribution(party.name if party else "", addresses), known)
    answer.stored_file = file_store(
        key=case.key,
        name=f"{case.reference}-{collection.source.code}.jsonl",
        content_type="application/x-ndjson",
        content=_beating(answer.lines(collection), lambda: _collection_beat(collection)),
    )
    return answer


@transaction.atomic
def _collection_finish(collection: Collection, answer: _Answer) -> bool:
    case_right = _right_locked(collection)
    doubt = answer.attribution.doubt
    won = _of_attempt(collection).update(
        state=Collection.State.DONE,
        map=answer.map,
        record_count=answer.records,
        tables=answer.tables,
        stored_file=answer.stored_file,
        error="",
        doubt=doubt,
        finished_at=datetime.now(UTC),
    )
    if not won:
        return False
    collection.refresh_from_db()
    _finish_journal(collection, Actor.SYSTEM)
    result: dict[str, Any] = {"records": answer.records} if answer.records else {"nothing_found": True}
    _collect_tasks_finish(collection, {**result, doubt: True} if doubt else result)
    doubts_settle(case_right)
    _build_queue(case_right)
    return True


@transaction.atomic
def _collection_fail(collection: Collection, error: Exception) -> None:
    """Only the class of the error, or its code, is kept: its text may hold what was looked for."""
    code = error.code if isinstance(error, DomainError) else type(error).__name__
    if not _of_attempt(collection).update(state=Collection.State.FAILED, error=code[:200]):
        return
    collection.refresh_from_db()
    logger.warning("Collection %s failed at attempt %s: %s", collection.pk, collection.attempts, code)
    case = collection.case_right.case
    case_journal(
        case=case,
        kind="collection.failed",
        actor=Actor.SYSTEM,
        facts={"source": collection.source.code, "attempt": collection.attempts, "error": code},
    )


def _of_attempt(collection: Collection) -> Any:
    """The collection, as long as no other run has taken over."""
    return Collection.objects.filter(
        pk=collection.pk, attempts=collection.attempts, state=Collection.State.WAITING
    )


def _finish_journal(collection: Collection, actor: Actor) -> None:
    case = collection.case_right.case
    case_journal(
        case=case,
        kind="collection.finished",
        actor=actor,
        facts={
            "source": collection.source.code,
            "map_version": collection.map.version if collection.map else None,
            "records": collection.record_count,
            "files": collection.files.count(),
            "doubt": collection.doubt,
        },
        values={"note": collection.note} if collection.note else {},
    )


def _collect_tasks_finish(
    collection: Collection, result: dict[str, Any], note: str = "", actor: Actor = Actor.SYSTEM
) -> None:
    tasks = CaseTask.objects.open().filter(
        case_right=collection.case_right,
        kind__in=(TaskKind.COLLECT, TaskKind.COLLECT_BY_HAND),
        subject_key=subject_key(collection.source),
    )
    for task in tasks:
        # The machine's own task is closed by the machine; the event of the collection names who did the work.
        closer = actor if task.kind == TaskKind.COLLECT_BY_HAND else Actor.SYSTEM
        case_task_finish(task=task, actor=closer, result=result, note=note)


def _right_locked(collection: Collection) -> CaseRight:
    """The right, locked: of the last two sources to answer, one sees that all have."""
    case_lock(collection.case_right.case)
    rights = CaseRight.objects.select_for_update(of=("self",)).select_related("case__organisation")
    case_right: CaseRight = rights.get(pk=collection.case_right_id)
    return case_right


# ---- searched by a person --------------------------------------------------------------------------------------------


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
        case_right = _right_locked(collection)
        won = Collection.objects.filter(pk=collection.pk).exclude(state=Collection.State.DONE).update(
            state=Collection.State.DONE, note=note.strip(), error="", finished_at=datetime.now(UTC)
        )
        if not won:
            raise Conflict("already_answered", _("Somebody else has answered for this source meanwhile."))
        collection.refresh_from_db()
        collection.files.set(stored)
        _finish_journal(collection, actor)
        result = {"files": len(stored)} if stored else {"nothing_found": True}
        _collect_tasks_finish(collection, result, note.strip(), actor)
        doubts_settle(case_right)
        _build_queue(case_right)
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
    case_right = _right_locked(collection)
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
    _build_queue(case_right)


# ---- the package -----------------------------------------------------------------------------------------------------


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
        for task in _build_tasks().filter(case_right=case_right):
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
        content=_beating(package_stream(contents), lambda: _build_beat(case_right)),
    )


def _build_tasks() -> Any:
    return CaseTask.objects.open().filter(kind=TaskKind.BUILD_PACKAGE)


def _is_buildable(case_right: CaseRight) -> bool:
    unfinished = Collection.objects.filter(case_right=case_right).exclude(state=Collection.State.DONE)
    return _build_tasks().filter(case_right=case_right).exists() and not unfinished.exists()


def _build_queue(case_right: CaseRight) -> None:
    if _is_buildable(case_right):
        task_queue_on_commit("exports.package_build", case_right.pk)


def _fingerprint(case_right: CaseRight) -> list[tuple[Any, ...]]:
    """What a package is made of: another answer or decision in between makes it stale."""
    rows = Collection.objects.filter(case_right=case_right).order_by("pk")
    return list(rows.values_list("pk", "attempts", "finished_at", "admitted_at"))


# ---- signs of life, and the work that is left ------------------------------------------------------------------------


def _beating(pieces: Iterable[bytes], beat: Callable[[], None]) -> Iterator[bytes]:
    """The pieces unchanged; while they flow, a sign of life every BEAT_EVERY seconds."""
    last = monotonic()
    for piece in pieces:
        yield piece
        if monotonic() - last > BEAT_EVERY:
            beat()
            last = monotonic()


def _collection_beat(collection: Collection) -> None:
    _of_attempt(collection).update(beat_at=datetime.now(UTC))


def _build_beat(case_right: CaseRight) -> None:
    PackageBuild.objects.filter(case_right=case_right).update(beat_at=datetime.now(UTC))


def work_left(now: datetime) -> list[tuple[str, int]]:
    """Every task that should run and does not, by name and row: found by state, so late or twice it is the same.

    `now` is an aware instant. Leaves alone what a live worker does, and failed sources whose next attempt is not due.
    """
    plans = CaseTask.objects.open().filter(kind=TaskKind.PLAN_COLLECTION).values_list("case_right_id", flat=True)
    return [
        *(("exports.collection_plan", pk) for pk in plans),
        *(("exports.collection_run", pk) for pk in _collections_due(now)),
        *(("exports.package_build", pk) for pk in _builds_due(now)),
    ]


def _collections_due(now: datetime) -> Iterable[int]:
    never_or_gone = Q(beat_at=None) | Q(beat_at__lt=now - COLLECTION_STALE)
    due = Q(state=Collection.State.WAITING) & never_or_gone
    for attempts in range(1, ATTEMPTS):
        due |= Q(state=Collection.State.FAILED, attempts=attempts, beat_at__lte=now - RETRY_AFTER[attempts])
    return Collection.objects.filter(due, source__kind=DataSource.Kind.SQL).values_list("pk", flat=True)


def _builds_due(now: datetime) -> Iterable[int]:
    unfinished = Collection.objects.filter(case_right=OuterRef("case_right")).exclude(state=Collection.State.DONE)
    alive = PackageBuild.objects.filter(case_right=OuterRef("case_right"), beat_at__gte=now - BUILD_STALE)
    due = _build_tasks().exclude(Exists(unfinished)).exclude(Exists(alive))
    found: Iterable[int] = due.values_list("case_right_id", flat=True).distinct()
    return found
