"""A database is asked for one person, and its answer kept."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.files import file_store
from dsar.core.models import StoredFile
from exports.attribution import Attribution
from exports.doubts import doubts_settle
from exports.models import Collection, DataSource, SourceMap
from exports.records import line_make
from exports.scope import fields_disclosed
from exports.services.beats import COLLECTION_STALE, beating
from exports.services.building import build_queue
from exports.sources import query_keys, source_rows, source_url
from requests_app.case_journal import case_journal
from requests_app.models import CaseRight, CaseTask
from requests_app.services import case_lock, case_task_finish
from requests_app.vocabulary import TaskKind

logger = logging.getLogger(__name__)

ATTEMPTS = 5  # after which a failed source waits for a person
RETRY_AFTER = (timedelta(0), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))


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
        content=beating(answer.lines(collection), lambda: _collection_beat(collection)),
    )
    return answer


def _collection_beat(collection: Collection) -> None:
    of_attempt(collection).update(beat_at=datetime.now(UTC))


@transaction.atomic
def _collection_finish(collection: Collection, answer: _Answer) -> bool:
    case_right = right_locked(collection)
    doubt = answer.attribution.doubt
    won = of_attempt(collection).update(
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
    finish_journal(collection, Actor.SYSTEM)
    result: dict[str, Any] = {"records": answer.records} if answer.records else {"nothing_found": True}
    collect_tasks_finish(collection, {**result, doubt: True} if doubt else result)
    doubts_settle(case_right)
    build_queue(case_right)
    return True


@transaction.atomic
def _collection_fail(collection: Collection, error: Exception) -> None:
    """Only the class of the error, or its code, is kept: its text may hold what was looked for."""
    code = error.code if isinstance(error, DomainError) else type(error).__name__
    if not of_attempt(collection).update(state=Collection.State.FAILED, error=code[:200]):
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


def of_attempt(collection: Collection) -> Any:
    """The collection, as long as no other run has taken over."""
    return Collection.objects.filter(
        pk=collection.pk, attempts=collection.attempts, state=Collection.State.WAITING
    )


def finish_journal(collection: Collection, actor: Actor) -> None:
    """Journal what a source gave, and why a person said so where one did."""
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


def collect_tasks_finish(
    collection: Collection, result: dict[str, Any], note: str = "", actor: Actor = Actor.SYSTEM
) -> None:
    """Close the tasks that this source kept open."""
    tasks = CaseTask.objects.open().filter(
        case_right=collection.case_right,
        kind__in=(TaskKind.COLLECT, TaskKind.COLLECT_BY_HAND),
        subject_key=subject_key(collection.source),
    )
    for task in tasks:
        # The machine's own task is closed by the machine; the event of the collection names who did the work.
        closer = actor if task.kind == TaskKind.COLLECT_BY_HAND else Actor.SYSTEM
        case_task_finish(task=task, actor=closer, result=result, note=note)


def right_locked(collection: Collection) -> CaseRight:
    """The right, locked: of the last two sources to answer, one sees that all have."""
    case_lock(collection.case_right.case)
    rights = CaseRight.objects.select_for_update(of=("self",)).select_related("case__organisation")
    case_right: CaseRight = rights.get(pk=collection.case_right_id)
    return case_right


def subject_key(source: DataSource) -> str:
    """What tasks and routing rules call a source."""
    return f"source:{source.code}"
