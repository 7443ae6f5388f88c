"""What should run and does not, found by state."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from exports.models import Collection, DataSource, PackageBuild
from exports.services.beats import BUILD_STALE, COLLECTION_STALE
from exports.services.building import build_tasks
from exports.services.collecting import ATTEMPTS, RETRY_AFTER
from requests_app.models import CaseTask
from requests_app.vocabulary import TaskKind


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
    due = build_tasks().exclude(Exists(unfinished)).exclude(Exists(alive))
    found: Iterable[int] = due.values_list("case_right_id", flat=True).distinct()
    return found
