"""The whole workflow engine: one table of allowed moves and one function that makes them by compare-and-swap."""

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dsar.core.actors import Actor
from dsar.core.errors import Conflict, DomainError
from dsar.core.journal import journal_append
from dsar.core.models import AuditEvent
from requests_app.models import CaseRight
from requests_app.signals import case_right_moved
from requests_app.vocabulary import ItemState, Stage, TaskState, WebhookEvent
from requests_app.webhooks import webhooks_tell

MOVES: dict[Stage, frozenset[Stage]] = {
    Stage.TO_DO: frozenset({Stage.IN_PROGRESS}),
    Stage.IN_PROGRESS: frozenset({Stage.AWAITING_PERSON, Stage.IN_REVIEW, Stage.DECIDED}),
    Stage.AWAITING_PERSON: frozenset({Stage.IN_PROGRESS}),
    Stage.IN_REVIEW: frozenset({Stage.IN_PROGRESS, Stage.DECIDED}),
    Stage.DECIDED: frozenset({Stage.ANSWERED}),
    Stage.ANSWERED: frozenset(),
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
    journaled = journal_append(
        chain=case_right.case.chain,
        organisation=case_right.case.organisation,
        kind="case_right.moved",
        actor=actor,
        facts={"right": case_right.right, "source": source.value, "target": target.value},
    )
    _outside_tell(case_right, source, journaled)
    transaction.on_commit(
        lambda: case_right_moved.send(CaseRight, case_right_id=case_right.pk, source=source, target=target)
    )


def _outside_tell(case_right: CaseRight, source: Stage, journaled: AuditEvent) -> None:
    """Tell other programs of the move, and of the answer by an event of its own."""
    stage = str(case_right.stage)
    moved = {"right": case_right.right, "source": source.value, "target": stage, "due_on": case_right.due_on}
    webhooks_tell(event=WebhookEvent.RIGHT_MOVED, case=case_right.case, journaled=journaled, facts=moved)
    if stage == Stage.ANSWERED:
        answered = {"right": case_right.right, "outcome": case_right.outcome, "answered_at": case_right.answered_at}
        webhooks_tell(event=WebhookEvent.RIGHT_ANSWERED, case=case_right.case, journaled=journaled, facts=answered)
