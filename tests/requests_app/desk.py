"""Steps that bring a case to a stage, for tests of the desk's pages."""

from typing import Any

from dsar.core.actors import Actor
from dsar.core.files import file_store
from dsar.core.models import User
from requests_app.models import Case, CaseTask, Decision
from requests_app.services import (
    case_right_start,
    case_take,
    case_task_finish,
    checklist_item_set,
    decision_submit,
    deliverable_register,
)
from requests_app.vocabulary import DeliverableKind, ItemState
from tests.factories import actor_for, right_of


def work_done(case: Case, handler: User, code: str = "access") -> None:
    """The right is started, its package built, its tasks and checklist finished."""
    actor = actor_for(handler, case.organisation)
    case_take(case=case, actor=actor)
    right = right_of(case, code)
    case_right_start(case_right=right, actor=actor)
    if code == "access":
        stored = file_store(
            key=case.key, name="data.zip", content_type="application/zip", content=b"PK\x05\x06" + bytes(18)
        )
        deliverable_register(
            case=case, rights=[right], kind=DeliverableKind.PACKAGE, stored_file=stored, bears_data=True
        )
    for task in CaseTask.objects.filter(case_right=right):
        case_task_finish(task=task, actor=Actor.SYSTEM)
    for item in right.checklist.exclude(state=ItemState.DONE):
        checklist_item_set(item=item, state=ItemState.DONE, actor=actor)


def decision_of(case: Case, author: User, code: str = "access", **fields: str) -> Decision:
    """The right is worked on and decided by `author`; granted unless told otherwise, late or not."""
    work_done(case, author, code)
    asked: dict[str, Any] = {"outcome": "granted", "late_refusal": True, **fields}
    return decision_submit(case_right=right_of(case, code), actor=actor_for(author, case.organisation), **asked)
