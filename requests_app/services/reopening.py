"""What becomes of a message once something is answered: work begins again, another right is added, or a note is made.

One task holds the message until exactly one of the three is done. Who counts from when: a new demand starts a clock of
its own at its own arrival (law.md §2.3).
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.roles import Act
from requests_app.case_journal import case_journal
from requests_app.deadlines import local_date
from requests_app.models import Case, CaseRight, CaseTask, Extension, Message, RecipientNotice
from requests_app.models.cases import LOOK_NOW
from requests_app.services.cases import case_touch
from requests_app.services.clocks import case_clock_refresh
from requests_app.services.intake import case_right_add
from requests_app.services.work import case_task_add, task_close, work_open
from requests_app.vocabulary import (
    ClockCause,
    Direction,
    ItemState,
    NoticeState,
    Stage,
    SuspensionEnd,
    TaskKind,
    TaskState,
)
from requests_app.workflow import case_right_move

KEY = "message:"  # of the task's subject: the message that opened it


def message_hold(*, message: Message) -> CaseTask | None:
    """Open the task for a message that came in, where a right of its case is answered: it may contest that answer.

    What answers a question of ours belongs to that question, as long as something is still open; what is filed for the
    record asks nothing. A closed case stays closed until somebody decides, and is seen in the queue's view of such
    messages. What is written while the task is open belongs to it. Must be called in a transaction.
    """
    return _hold(message.case, Message.objects.filter(pk=message.pk))


def messages_hold(*, case: Case) -> CaseTask | None:
    """A right was answered: the same for what was written before it and nobody has read. Must be in a transaction."""
    return _hold(case, Message.objects.unread().filter(case=case, direction=Direction.INBOUND))


def _hold(case: Case, messages: QuerySet[Message]) -> CaseTask | None:
    rights = list(case.rights.order_by("answered_at", "pk"))
    answered = [right for right in rights if right.is_answered]
    if not answered or CaseTask.objects.open().filter(case=case, kind=TaskKind.MESSAGE_AFTER_ANSWER).exists():
        return None
    if len(answered) < len(rights):
        questions = case.suspensions.filter(end=SuspensionEnd.ANSWERED)
        messages = messages.exclude(at__in=questions.values("answered_at"))
    message = messages.filter(for_the_record=False).order_by("at", "pk").first()
    if message is None:
        return None
    case_right = answered[-1]  # no open one: what ends with a right would end the task
    case_right.case = case
    task = case_task_add(
        case_right=case_right, kind=TaskKind.MESSAGE_AFTER_ANSWER, subject_key=f"{KEY}{message.pk}", blocking=False
    )
    if task.team_id is None and task.assignee_id is None:  # no rule routes it: to who handles the case
        task.team, task.assignee = case.team, case.assignee
        task.save(update_fields=["team", "assignee"])
    Case.objects.filter(pk=case.pk).update(next_on=local_date(message.at, case.organisation.time_zone))
    return task


def message_of(task: CaseTask) -> Message:
    """The message that opened the task. Raises DomainError `not_a_message` for a task of another kind."""
    number = task.subject_key.removeprefix(KEY)
    messages = Message.objects.filter(case=task.case_id)
    found: Message | None = messages.filter(pk=int(number)).first() if number.isdigit() else None
    if found is None:
        raise DomainError("not_a_message", _("This task holds no message."))
    return found


def messages_of(task: CaseTask) -> list[Message]:
    """What the task is about: its message, and what the person wrote after it."""
    first = message_of(task)
    later = Message.objects.filter(case=task.case_id, direction=Direction.INBOUND, at__gte=first.at)
    return list(later.order_by("at", "pk").prefetch_related("files"))


@transaction.atomic
def right_reopen(
    *, task: CaseTask, rights: Sequence[CaseRight], actor: Actor, version: int | None = None
) -> None:
    """Take up answered rights again, each with a new clock from the arrival of the message.

    The earlier decision stays in the history; the outcome is cleared, the checklist opened, and where data are
    collected the sources are asked again, so that a new package is made. A closed case is open again.
    Raises DomainError `rights_missing`, `right_not_answered`, `task_done`.
    """
    message = _task_begin(task, actor, version)
    if not rights:
        raise DomainError("rights_missing", _("Choose what is taken up again."))
    if any(not right.is_answered for right in rights):
        raise DomainError("right_not_answered", _("This right is not answered: there is nothing to take up again."))
    _case_reopen(task.case, actor)
    for case_right in rights:
        case_right_move(
            case_right=case_right,
            target=Stage.IN_PROGRESS,
            actor=actor,
            outcome="",
            answered_at=None,
            reopened_at=message.at,
            taken_up_at=datetime.now(UTC),
            remind_on=LOOK_NOW,
        )
        case_right.checklist.update(state=ItemState.OPEN, note="", set_by=None, set_at=None)
        Extension.objects.filter(case_right=case_right).update(is_past=True)
        # Who was told of the first answer is not yet told of the next one (GDPR art. 19); the journal keeps both.
        RecipientNotice.objects.filter(case_right=case_right).update(
            state=NoticeState.TO_NOTIFY, means="", notified_on=None, why="", set_by=None, set_at=None
        )
        work_open(case_right=case_right)
    codes = [right.right for right in rights]
    case_journal(
        case=task.case,
        kind="right.reopened",
        actor=actor,
        facts={"rights": codes, "reopened_at": message.at.isoformat()},
    )
    case_clock_refresh(case=task.case, cause=ClockCause.REOPENED)
    _task_end(task, actor, {"reopened": codes})


@transaction.atomic
def message_right_add(
    *, task: CaseTask, right: str, detail: str = "", actor: Actor, version: int | None = None
) -> CaseRight:
    """Add a right that the message invokes, with its own clock from the message's arrival.

    Raises DomainError `task_done` and what `case_right_add` refuses. A closed case is open again.
    """
    message = _task_begin(task, actor, version)
    _case_reopen(task.case, actor)
    added = case_right_add(case=task.case, right=right, detail=detail, received_at=message.at, actor=actor)
    _task_end(task, actor, {"added": right})
    return added


@transaction.atomic
def message_note(
    *, task: CaseTask, reason: str = "", belongs_to_open: bool = False, actor: Actor, version: int | None = None
) -> None:
    """Nothing new is asked in the message: the task ends with a written reason, and a closed case stays closed.

    `belongs_to_open`: it is about what is still in work, which says enough. Raises DomainError `reason_missing`,
    `nothing_open`, `task_done`.
    """
    _task_begin(task, actor, version)
    if not belongs_to_open:
        if not reason.strip():
            raise DomainError("reason_missing", _("Write why nothing follows from the message."))
        return _task_end(task, actor, {"nothing_follows": True}, reason.strip())
    codes = [right.right for right in task.case.rights.exclude(stage=Stage.ANSWERED)]
    if not codes:
        raise DomainError("nothing_open", _("Everything is answered: say why nothing follows from the message."))
    return _task_end(task, actor, {"belongs_to": codes}, reason.strip())


def _task_begin(task: CaseTask, actor: Actor, version: int | None) -> Message:
    """Hold the case and make sure that nobody has decided yet; returns the message of the task."""
    actor.must(Act.CASE_WORK, task.case.organisation)
    case_touch(case=task.case, version=version)
    task.refresh_from_db(fields=["state"])
    if task.state != TaskState.OPEN:
        raise DomainError("task_done", _("Somebody has decided on this message already."))
    task.case.refresh_from_db(fields=["closed_at"])
    return message_of(task)


def _task_end(task: CaseTask, actor: Actor, result: dict[str, object], note: str = "") -> None:
    """The messages are read, the task is done, and the case stands in the queue by the date that counts now."""
    read = [message.pk for message in messages_of(task)]
    task_close(task=task, actor=actor, result=result, note=note)
    Message.objects.filter(pk__in=read, read_at=None).update(read_at=datetime.now(UTC))
    case_clock_refresh(case=task.case)


def _case_reopen(case: Case, actor: Actor) -> None:
    if case.closed_at is None:
        return
    case.closed_at = None
    case.save(update_fields=["closed_at"])
    case_journal(case=case, kind="case.reopened", actor=actor)
