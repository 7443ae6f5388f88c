"""Work on a right: start it, its tasks and their routing, its checklist."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dsar.core.actors import Actor
from dsar.core.errors import Conflict, DomainError, NotAllowed
from dsar.core.roles import Act
from dsar.core.texts import listed
from requests_app.case_journal import case_journal
from requests_app.models import CaseRight, CaseTask, ChecklistItem
from requests_app.rights_table import RULES
from requests_app.routing import route
from requests_app.services.cases import case_lock, case_touch
from requests_app.services.checklist import recipients_missing
from requests_app.services.recipients import CHECKLIST_ITEMS, recipient_lines_add, recipients_waiting
from requests_app.vocabulary import ItemState, Stage, TaskKind, TaskState
from requests_app.workflow import case_right_move

CHECKLIST_CLOSED = (Stage.IN_REVIEW, Stage.DECIDED, Stage.ANSWERED)
# Closed only by the machine, in the transaction that did the work; what was forwarded, with the note of its answer.
MACHINE_KINDS = frozenset(
    {TaskKind.PLAN_COLLECTION, TaskKind.COLLECT, TaskKind.BUILD_PACKAGE, TaskKind.TRACK_FORWARDING}
)
# Closed only by what a person decides on the page of the task (services.reopening).
DECIDED_KINDS = frozenset({TaskKind.MESSAGE_AFTER_ANSWER})


@transaction.atomic
def case_right_start(*, case_right: CaseRight, actor: Actor, version: int | None = None) -> None:
    """Begin work: opens the right's tasks; where data must be collected, a blocking task that only exports closes.

    Where recipients must be told of the outcome (GDPR art. 19), a line for each is there from the start.
    """
    actor.must(Act.CASE_WORK, case_right.case.organisation)
    case_touch(case=case_right.case, version=version)
    work_open(case_right=case_right)
    case_right_move(case_right=case_right, target=Stage.IN_PROGRESS, actor=actor)


def work_open(*, case_right: CaseRight) -> None:
    """The tasks with which the work on a right begins, or begins again after an answer."""
    rules = RULES[case_right.right]
    if rules.collects_data:
        case_task_add(case_right=case_right, kind=TaskKind.PLAN_COLLECTION, automatic=True, again=True)
    for kind in rules.default_tasks:
        case_task_add(case_right=case_right, kind=kind, again=True)
    if case_right.right in CHECKLIST_ITEMS:
        recipient_lines_add(case_right=case_right)


@transaction.atomic
def case_task_add(
    *,
    case_right: CaseRight,
    kind: str,
    subject_key: str = "",
    label: str = "",
    blocking: bool = True,
    automatic: bool = False,
    again: bool = False,
) -> CaseTask:
    """Add a task once per (right, kind, subject), routed to a team; the existing one when it is there already.

    `again`: one that was done or cancelled is opened anew, because the work on its right begins again.
    """
    case = case_right.case
    case_lock(case)
    CaseRight.objects.select_for_update().get(pk=case_right.pk)  # see workflow.ready
    rule = None if automatic else route(case.organisation, right=case_right.right, kind=kind, subject_key=subject_key)
    task, is_new = CaseTask.objects.get_or_create(
        case_right=case_right,
        kind=kind,
        subject_key=subject_key,
        defaults={
            "case": case,
            "label": label[:200],
            "blocking": blocking,
            "automatic": automatic,
            "team": rule.team if rule else None,
            "assignee": rule.assignee if rule else None,
        },
    )
    if is_new:
        case_journal(
            case=case,
            kind="task.added",
            actor=Actor.SYSTEM,
            facts={"right": case_right.right, "task": str(kind), "subject": subject_key},
        )
    elif again and task.state != TaskState.OPEN:
        _task_reopen(task)
    return task


def _task_reopen(task: CaseTask) -> None:
    task.state, task.result, task.note, task.finished_at, task.finished_by = TaskState.OPEN, {}, "", None, None
    task.save(update_fields=["state", "result", "note", "finished_at", "finished_by"])
    case_journal(
        case=task.case,
        kind="task.reopened",
        actor=Actor.SYSTEM,
        facts={"right": task.case_right.right, "task": task.kind, "subject": task.subject_key},
    )


@transaction.atomic
def case_task_take(*, task: CaseTask, actor: Actor) -> None:
    """The acting member takes a task of their team's queue. Raises Conflict when somebody else has it."""
    user = actor.must(Act.TASK_WORK, task.case.organisation)
    taken = CaseTask.objects.filter(pk=task.pk, state=TaskState.OPEN, assignee=None).update(assignee=user)
    if not taken:
        raise Conflict("task_taken", _("Somebody else has this task already."))
    task.assignee = user
    case_journal(
        case=task.case,
        kind="task.taken",
        actor=actor,
        facts={"right": task.case_right.right, "task": task.kind, "subject": task.subject_key},
    )


@transaction.atomic
def case_task_finish(*, task: CaseTask, actor: Actor, result: dict[str, Any] | None = None, note: str = "") -> None:
    """Close a task once; finishing it again changes nothing. `result` holds codes and counts, `note` a person's words.

    Raises NotAllowed when a person tries to close the machine's own work.
    """
    if actor.user is not None:
        actor.must(Act.TASK_WORK, task.case.organisation)
        if task.kind in MACHINE_KINDS:
            raise NotAllowed("machine_task", _("The machine closes this task when the work is done."))
        if task.kind in DECIDED_KINDS:
            raise DomainError("task_decided_elsewhere", _("Open the message and decide there what it is."))
    task_close(task=task, actor=actor, result=result, note=note)


def task_close(*, task: CaseTask, actor: Actor, result: dict[str, Any] | None = None, note: str = "") -> None:
    """Close a task for a service that has done its work; once. Must be called in a transaction."""
    closed = CaseTask.objects.filter(pk=task.pk, state=TaskState.OPEN).update(
        state=TaskState.DONE,
        result=result or {},
        note=note,
        finished_at=datetime.now(UTC),
        finished_by=actor.user,
    )
    if not closed:
        return
    task.refresh_from_db()
    case_journal(
        case=task.case,
        kind="task.finished",
        actor=actor,
        facts={
            "right": task.case_right.right,
            "task": task.kind,
            "subject": task.subject_key,
            "result": task.result,
        },
        values={"note": note},
    )


@transaction.atomic
def checklist_item_set(
    *, item: ChecklistItem, state: str, note: str = "", actor: Actor, version: int | None = None
) -> None:
    """Mark an item done, justified in words, or open again; refused once the right is decided.

    What the machine left open says what is missing: to call it done takes words about where it was found, and
    recipients without a name can only be justified (GDPR art. 15(1)(c), CJEU C-154/21), like recipients that are still
    to be told (art. 19). Raises DomainError `justification_missing`, `recipients_unnamed`, `recipients_waiting` or
    `right_decided`.
    """
    case_right = item.case_right
    if actor.user is not None:
        actor.must(Act.CASE_WORK, case_right.case.organisation)
        case_touch(case=case_right.case, version=version)
    case_lock(case_right.case)
    CaseRight.objects.select_for_update().get(pk=case_right.pk)  # see workflow.ready
    case_right.refresh_from_db(fields=["stage"])
    if case_right.stage in CHECKLIST_CLOSED:
        raise DomainError("right_decided", _("This right is decided or in review: its checklist is closed."))
    if state == ItemState.JUSTIFIED and not note.strip():
        raise DomainError("justification_missing", _("Say why this item is not in the answer."))
    if state == ItemState.DONE and actor.user is not None:
        _done_check(item, note)
    item.state, item.note = ItemState(state), note.strip()
    item.set_by, item.set_at = actor.user, datetime.now(UTC)
    item.save()
    case_journal(
        case=case_right.case,
        kind="checklist.set",
        actor=actor,
        facts={"right": case_right.right, "item": item.code, "state": str(item.state)},
        values={"note": item.note} if item.note else {},
    )


@transaction.atomic
def checklist_items_done(*, case_right: CaseRight, notes: Mapping[str, str]) -> None:
    """What a record proves, by code of the item, with its words; items that the right does not have are left out.

    Does nothing once the right is decided: its checklist is closed.
    """
    case_right.refresh_from_db(fields=["stage"])
    if case_right.stage in CHECKLIST_CLOSED:
        return
    for item in ChecklistItem.objects.filter(case_right=case_right, code__in=notes):
        item.case_right = case_right
        checklist_item_set(item=item, state=ItemState.DONE, note=notes[item.code], actor=Actor.SYSTEM)


def _done_check(item: ChecklistItem, note: str) -> None:
    """Refuse to call something done over the machine's own finding that it is missing."""
    if item.code == "A3" and (missing := recipients_missing(item.case_right)):
        raise DomainError("recipients_unnamed", _("This can only be justified: %(missing)s") % {"missing": missing})
    if item.code == CHECKLIST_ITEMS.get(item.case_right.right) and (waiting := recipients_waiting(item.case_right)):
        message = _("These recipients are still to be told: %(names)s. Set their lines, or justify this item in words.")
        raise DomainError("recipients_waiting", message % {"names": listed(line.name for line in waiting)})
    if item.set_by is None and item.note and not note.strip():
        raise DomainError("justification_missing", _("Say where you found what was missing."))
