"""The whole workflow engine: one table of allowed moves and one function that makes them by compare-and-swap."""

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dsar.core.actors import Actor
from dsar.core.errors import Conflict, DomainError
from dsar.core.journal import journal_append
from requests_app.models import CaseRight
from requests_app.signals import case_right_moved
from requests_app.vocabulary import ItemState, Stage, TaskState

MOVES: dict[Stage, frozenset[Stage]] = {
    # To "answered" from anywhere: the person withdrew. To "in progress" from there: they wrote again.
    Stage.TO_DO: frozenset({Stage.IN_PROGRESS, Stage.ANSWERED}),
    Stage.IN_PROGRESS: frozenset({Stage.AWAITING_PERSON, Stage.IN_REVIEW, Stage.DECIDED, Stage.ANSWERED}),
    Stage.AWAITING_PERSON: frozenset({Stage.IN_PROGRESS, Stage.ANSWERED}),
    Stage.IN_REVIEW: frozenset({Stage.IN_PROGRESS, Stage.DECIDED, Stage.ANSWERED}),
    Stage.DECIDED: frozenset({Stage.ANSWERED}),
    Stage.ANSWERED: frozenset({Stage.IN_PROGRESS}),
}

# A right is ready when no blocking task is open and every checklist item is done or justified (DESIGN §2). Tested
# inside the compare-and-swap, so that work added meanwhile by a worker is never overtaken.
NOT_READY = Q(tasks__state=TaskState.OPEN, tasks__blocking=True) | Q(checklist__state=ItemState.OPEN)


def case_right_move(
    *, case_right: CaseRight, target: Stage, actor: Actor, only_when_ready: bool = False, **changes: object
) -> None:
    """Move a right to `target`, write `changes` with it, journal it, and send the news after commit.

    Must be called in a transaction. Raises DomainError `move_not_allowed` or `right_not_ready`, and Conflict when the
    right has meanwhile left the stage that the caller saw.
    """
    source = Stage(case_right.stage)
    if target not in MOVES[source]:
        raise DomainError("move_not_allowed", _("This step is not possible now: the right is at another stage."))
    rows = CaseRight.objects.filter(pk=case_right.pk, stage=source)
    if only_when_ready:
        # Rows that a worker may be adding wait for this lock, taken by services.case_task_add too.
        CaseRight.objects.select_for_update().get(pk=case_right.pk)
        rows = rows.exclude(pk__in=CaseRight.objects.filter(NOT_READY, pk=case_right.pk).values("pk"))
    if not rows.update(stage=target, **changes):
        if CaseRight.objects.filter(pk=case_right.pk, stage=source).exists():
            raise DomainError("right_not_ready", _("Some work on this right is not finished."))
        raise Conflict("stage_changed", _("Somebody else moved this right meanwhile. Look at it again."))
    case_right.stage = target
    for field, value in changes.items():
        setattr(case_right, field, value)
    journal_append(
        chain=case_right.case.chain,
        organisation=case_right.case.organisation,
        kind="case_right.moved",
        actor=actor,
        facts={"right": case_right.right, "source": source.value, "target": target.value},
    )
    transaction.on_commit(
        lambda: case_right_moved.send(CaseRight, case_right_id=case_right.pk, source=source, target=target)
    )
