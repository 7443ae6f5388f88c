"""The whole workflow engine: one table of allowed moves and one function that makes them by compare-and-swap."""

from django.db import transaction
from django.db.models import Exists, Q
from django.utils.translation import gettext_lazy as _

from dsar.core.actors import Actor
from dsar.core.errors import Conflict, DomainError
from dsar.core.models import AuditEvent
from requests_app.case_journal import case_journal
from requests_app.models import CaseRight, CaseTask, ChecklistItem
from requests_app.rights_table import items_owed, tasks_spared
from requests_app.signals import case_right_moved
from requests_app.vocabulary import ItemState, Stage, TaskState, WebhookEvent
from requests_app.webhooks import webhooks_tell

# From every stage a right may end without a decision (services.right_end): handed on, merged, withdrawn. From
# "answered" the work begins again where the person wrote again (services.right_reopen).
MOVES: dict[Stage, frozenset[Stage]] = {
    Stage.TO_DO: frozenset({Stage.IN_PROGRESS, Stage.ANSWERED}),
    Stage.IN_PROGRESS: frozenset({Stage.AWAITING_PERSON, Stage.IN_REVIEW, Stage.DECIDED, Stage.ANSWERED}),
    Stage.AWAITING_PERSON: frozenset({Stage.IN_PROGRESS, Stage.ANSWERED}),
    Stage.IN_REVIEW: frozenset({Stage.IN_PROGRESS, Stage.DECIDED, Stage.ANSWERED}),
    Stage.DECIDED: frozenset({Stage.ANSWERED}),
    Stage.ANSWERED: frozenset({Stage.IN_PROGRESS}),
}


def case_right_move(
    *,
    case_right: CaseRight,
    target: Stage,
    actor: Actor,
    only_when_ready: bool = False,
    ground: str = "",
    **changes: object,
) -> None:
    """Move a right to `target`, write `changes` with it, journal it, and send the news after commit.

    `only_when_ready`: only when the work that its outcome and `ground` ask for is done.
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
        rows = rows.filter(ready(case_right, str(changes.get("outcome", case_right.outcome)), ground))
    if not rows.update(stage=target, **changes):
        if CaseRight.objects.filter(pk=case_right.pk, stage=source).exists():
            raise DomainError("right_not_ready", _("Some work on this right is not finished."))
        raise Conflict("stage_changed", _("Somebody else moved this right meanwhile. Look at it again."))
    case_right.stage = target
    for field, value in changes.items():
        setattr(case_right, field, value)
    journaled = case_journal(
        case=case_right.case,
        kind="case_right.moved",
        actor=actor,
        facts={"right": case_right.right, "source": source.value, "target": target.value},
    )
    _outside_tell(case_right, source, journaled)
    right_news_send(case_right, source=source)


def right_news_send(case_right: CaseRight, *, source: Stage) -> None:
    """Send the news of a right upwards once this transaction is committed; the only place that does (DESIGN §2).

    `source` is the stage where it was: the one where it is for a right under another name, whose work begins anew.
    """
    number, target = case_right.pk, Stage(case_right.stage)
    transaction.on_commit(
        lambda: case_right_moved.send(CaseRight, case_right_id=number, source=source, target=target)
    )


def _outside_tell(case_right: CaseRight, source: Stage, journaled: AuditEvent) -> None:
    """Tell other programs of the move, and of the answer by an event of its own."""
    stage = str(case_right.stage)
    moved = {"right": case_right.right, "source": source.value, "target": stage, "due_on": case_right.due_on}
    webhooks_tell(event=WebhookEvent.RIGHT_MOVED, case=case_right.case, journaled=journaled, facts=moved)
    if stage == Stage.ANSWERED:
        answered = {"right": case_right.right, "outcome": case_right.outcome, "answered_at": case_right.answered_at}
        webhooks_tell(event=WebhookEvent.RIGHT_ANSWERED, case=case_right.case, journaled=journaled, facts=answered)


def ready(case_right: CaseRight, outcome: str, ground: str) -> Q:
    """What is true of a right whose work is done: no blocking task open, every item done or justified (DESIGN §2).

    Only what this outcome and ground ask for counts. Tested inside the compare-and-swap, so that work added meanwhile
    by a worker is never overtaken.
    """
    tasks = CaseTask.objects.filter(case_right=case_right, state=TaskState.OPEN, blocking=True)
    items = ChecklistItem.objects.filter(case_right=case_right, state=ItemState.OPEN)
    return ~Exists(tasks.exclude(kind__in=tasks_spared(case_right.right, outcome, ground))) & ~Exists(
        items.filter(code__in=items_owed(case_right.right, outcome, ground))
    )
