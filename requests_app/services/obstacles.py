"""Why something cannot be done yet, in words a handler can act on."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from requests_app.models import CaseRight
from requests_app.rights_table import items_always_owed, items_owed, tasks_spared
from requests_app.vocabulary import ItemState, TaskKind, TaskState


@dataclass(frozen=True)
class Obstacle:
    """One reason. `code` is stable for tests and the journal."""

    code: str
    message: str | Promise


def right_obstacles(case_right: CaseRight, outcome: str = "", ground: str = "") -> list[Obstacle]:
    """What is still open before a right may be decided: blocking tasks, then checklist items (law.md §1.2).

    Without an outcome: what stands before every decision, whatever it says. Reads `tasks` and `checklist` through the
    prefetch cache when there is one.
    """
    right = case_right.right
    owed = items_owed(right, outcome, ground) if outcome else items_always_owed(right)
    spared = tasks_spared(right, outcome, ground)
    obstacles = [
        Obstacle(f"task_{task.kind}", _task_message(task.kind, task.label, task.get_kind_display()))
        for task in case_right.tasks.all()
        if task.state == TaskState.OPEN and task.blocking and task.kind not in spared
    ]
    items = [item.code for item in case_right.checklist.all() if item.state == ItemState.OPEN and item.code in owed]
    if items:
        sentence = ngettext(
            "%(count)d checklist item is neither done nor justified: %(items)s.",
            "%(count)d checklist items are neither done nor justified: %(items)s.",
            len(items),
        )
        obstacles.append(Obstacle("checklist_open", sentence % {"count": len(items), "items": ", ".join(items)}))
    return obstacles


def _task_message(kind: str, label: str, name: str) -> str:
    if kind == TaskKind.PLAN_COLLECTION:
        return _("The data sources have not been asked yet: the worker has not planned the collection.")
    if kind == TaskKind.BUILD_PACKAGE:
        return _("The data package is not built yet.")
    if label:
        return _("“%(task)s: %(label)s” is not finished.") % {"task": name, "label": label}
    return _("“%(task)s” is not finished.") % {"task": name}
