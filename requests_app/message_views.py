"""A message once something is answered: the page that shows it, and the three acts of which one ends its task."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dsar.core.roles import Act
from requests_app import services
from requests_app.desk_access import case_or_404, desk_act, desk_page, member
from requests_app.desk_acts import act_back, act_done, act_page
from requests_app.desk_forms import DeskForm, MessageRightForm
from requests_app.message_forms import MessageNoteForm, ReopenForm
from requests_app.models import Case, CaseRight, CaseTask
from requests_app.vocabulary import TaskKind, TaskState


def _task_or_404(request: HttpRequest, task_id: int, wanted: Act) -> CaseTask:
    """The task of a message on a visible case; raises NotAllowed when the member's role does not include `wanted`."""
    tasks = CaseTask.objects.visible_to(member(request)).select_related("case", "case_right", "finished_by")
    task = tasks.filter(pk=task_id, kind=TaskKind.MESSAGE_AFTER_ANSWER).first()
    if task is None:
        raise Http404
    task.case = case_or_404(request, task.case.reference, wanted)
    return task


def _rights(case: Case) -> list[CaseRight]:
    rights = list(case.rights.all())
    for right in rights:
        right.case = case
    return rights


def _forms(case: Case, refused: DeskForm | None = None) -> dict[str, DeskForm]:
    """The three forms, the refused one with what was typed."""
    rights, initial = _rights(case), {"version": case.version}
    fresh: dict[str, DeskForm] = {
        "reopen": ReopenForm(answered=[right for right in rights if right.is_answered], initial=initial),
        "add": MessageRightForm(
            organisation=case.organisation, taken=[right.right for right in rights], initial=initial, auto_id="add-%s"
        ),
        "note": MessageNoteForm(initial=initial, auto_id="note-%s"),
    }
    if refused is None:
        return fresh
    return {name: refused if type(refused) is type(form) else form for name, form in fresh.items()}


def _page(request: HttpRequest, task: CaseTask, refused: DeskForm | None = None) -> HttpResponse:
    user = member(request)
    rights = _rights(task.case)
    return act_page(
        request, task.case, refused or DeskForm(), "requests_app/message_after_answer.html",
        task=task,
        answered=[right for right in rights if right.is_answered],
        open=[right for right in rights if not right.is_answered],
        messages_shown=services.messages_of(task),
        may_decide=task.state == TaskState.OPEN and user.may(Act.CASE_WORK, task.case.organisation_id),
        forms=_forms(task.case, refused),
    )  # fmt: skip


@desk_page
def message_after_answer(request: HttpRequest, task_id: int) -> HttpResponse:
    """What the person wrote, and what can be made of it."""
    return _page(request, _task_or_404(request, task_id, Act.CASE_READ))


def _act(
    request: HttpRequest,
    task: CaseTask,
    form: DeskForm,
    service: Callable[..., object],
    done: str | Promise,
    anchor: str,
) -> HttpResponseBase:
    if act_done(request, task.case, form, service, task=task):
        return act_back(request, task.case, done, anchor)
    return _page(request, task, form)


@desk_act
def right_reopen(request: HttpRequest, task_id: int) -> HttpResponseBase:
    """Take answered rights up again."""
    task = _task_or_404(request, task_id, Act.CASE_WORK)
    form = ReopenForm(request.POST, answered=[right for right in _rights(task.case) if right.is_answered])
    done = _("The work begins again. Its clock counts from the arrival of the message.")
    return _act(request, task, form, services.right_reopen, done, "rights")


@desk_act
def message_right_add(request: HttpRequest, task_id: int) -> HttpResponseBase:
    """Add the right that the message invokes."""
    task = _task_or_404(request, task_id, Act.CASE_WORK)
    taken = [right.right for right in _rights(task.case)]
    form = MessageRightForm(request.POST, organisation=task.case.organisation, taken=taken, auto_id="add-%s")
    done = _("The right is added. Its clock counts from the arrival of the message.")
    return _act(request, task, form, services.message_right_add, done, "rights")


@desk_act
def message_note(request: HttpRequest, task_id: int) -> HttpResponseBase:
    """Say why nothing new follows from the message."""
    task = _task_or_404(request, task_id, Act.CASE_WORK)
    form = MessageNoteForm(request.POST, auto_id="note-%s")
    return _act(request, task, form, services.message_note, _("Noted. Nothing new follows."), "timeline")
