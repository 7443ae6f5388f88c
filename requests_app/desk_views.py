"""The desk's lists: the queue of cases, the mail that waits for a person, the tasks; and the files on them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy as _

from dsar.core.actors import Actor
from dsar.core.errors import DomainError, NotAllowed
from dsar.core.files import file_read, file_stream
from dsar.core.middleware import language_remember
from dsar.core.models import StoredFile, User
from dsar.core.rights import RIGHTS
from dsar.core.roles import Act
from requests_app import services
from requests_app.desk_access import (
    actor_in,
    desk_act,
    desk_page,
    desk_render,
    mail_or_404,
    member,
    organisations_allowing,
    page_before,
    somewhere_or_403,
    task_or_404,
)
from requests_app.desk_acts import act_try
from requests_app.desk_forms import (
    DeskForm,
    LanguageForm,
    MailFileForm,
    MailOpenForm,
    MailSetAsideForm,
    TaskFinishForm,
)
from requests_app.forecast import forecast
from requests_app.inbound_email import parse
from requests_app.models import Case, CaseTask, InboundMail, Party
from requests_app.queue import RAIL, VIEWS, QueueQuery, queue_page, queue_totals
from requests_app.references import reference_parse
from requests_app.services import DECIDED_KINDS, MACHINE_KINDS, mail
from requests_app.triage_words import reason_words
from requests_app.vocabulary import Channel, Stage, TaskKind

PREVIEW = 2_000  # characters of a mail
TRIAGE_PAGE = 25  # mails; each is decrypted and parsed to show its text


@desk_page
def queue(request: HttpRequest) -> HttpResponseBase:
    """Open cases, the nearest date first; a whole reference in the search box goes straight to its case."""
    user = member(request)
    if not organisations_allowing(user, Act.CASE_READ) and organisations_allowing(user, Act.TASK_WORK):
        return redirect("desk-tasks")
    somewhere_or_403(request, Act.CASE_READ)
    query = QueueQuery.read(request.GET)
    reference = reference_parse(query.text)
    if reference and Case.objects.visible_to(user).filter(reference=reference).exists():
        return redirect("case-detail", reference)
    today = timezone.localdate()
    totals = queue_totals(user, today)
    page = queue_page(user, query, today)
    context = {
        "section": "queue",
        "query": query.text,
        "asked": query,
        "view": VIEWS[query.view],
        "page": page,
        "next_page": query.query_string(after=page.after),
        "first_page": query.query_string(after=""),
        "totals": totals,
        "rail": [(view, totals.get(view.code)) for view in RAIL],
        "forecast": forecast(user, today),
        "organisations": organisations_allowing(user, Act.CASE_READ),
        "rights": RIGHTS.values(),
        "stages": Stage.choices,
        "channels": Channel.choices,
        "may_work": {organisation.pk for organisation in organisations_allowing(user, Act.CASE_WORK)},
    }
    return desk_render(request, "requests_app/desk_queue.html", context)


@dataclass(frozen=True)
class TriageLine:
    """One mail that waits for a person."""

    mail: InboundMail
    reason: str | Promise
    preview: str
    may_work: bool
    open_form: DeskForm
    file_form: DeskForm
    aside_form: DeskForm


@desk_page
def triage(request: HttpRequest) -> HttpResponse:
    """Mail that no rule could file."""
    return triage_render(request)


def triage_render(request: HttpRequest, refused: tuple[int, DeskForm] | None = None) -> HttpResponse:
    """The page; `refused` is the form of one mail, with what was typed."""
    user = somewhere_or_403(request, Act.CASE_READ)
    waiting = InboundMail.objects.visible_to(user).in_triage().select_related("organisation", "raw__key")
    lines = [_triage_line(inbound, user, refused) for inbound in waiting.order_by("received_at", "pk")[:TRIAGE_PAGE]]
    context = {"section": "triage", "lines": lines, "refused": [refused[1]] if refused else []}
    return desk_render(request, "requests_app/desk_triage.html", context, status=refused[1].status if refused else 200)


def _triage_line(inbound: InboundMail, user: User, refused: tuple[int, DeskForm] | None) -> TriageLine:
    kept = refused[1] if refused and refused[0] == inbound.pk else None
    fresh: dict[str, DeskForm] = {
        "open_form": MailOpenForm(organisation=inbound.organisation, auto_id=f"open-{inbound.pk}-%s"),
        "file_form": MailFileForm(cases=Case.objects.none(), auto_id=f"file-{inbound.pk}-%s"),
        "aside_form": MailSetAsideForm(auto_id=f"aside-{inbound.pk}-%s"),
    }
    forms = {name: kept if kept is not None and type(kept) is type(form) else form for name, form in fresh.items()}
    return TriageLine(
        mail=inbound,
        reason=reason_words(inbound.reason),
        preview=parse(file_read(inbound.raw)).text.strip()[:PREVIEW],
        may_work=user.may(Act.CASE_WORK, inbound.organisation_id),
        **forms,
    )


@desk_act
def mail_open_case(request: HttpRequest, mail_id: int) -> HttpResponseBase:
    """Open a case from a mail, with the rights that the member reads in it."""
    inbound = mail_or_404(request, mail_id)
    form = MailOpenForm(request.POST, organisation=inbound.organisation, auto_id=f"open-{inbound.pk}-%s")
    done = _("The case is open. Its clock started when the mail arrived.")
    refused = _mail_act(request, inbound, form, mail.mail_open_case, done)
    return refused or redirect("case-detail", form.result.case.reference)


@desk_act
def mail_file_on_case(request: HttpRequest, mail_id: int) -> HttpResponseBase:
    """File a mail on a case that the member names, having looked who sent it."""
    inbound = mail_or_404(request, mail_id)
    form = MailFileForm(request.POST, cases=_cases_of(request, inbound), auto_id=f"file-{inbound.pk}-%s")
    refused = _mail_act(request, inbound, form, _mail_file, _("The mail is on its case."))
    return refused or redirect("case-detail", form.cleaned_data["reference"].reference)


def _mail_file(*, inbound: InboundMail, reference: Case, actor: Actor) -> None:
    mail.mail_file_on_case(inbound=inbound, case=reference, actor=actor)


@desk_act
def mail_set_aside(request: HttpRequest, mail_id: int) -> HttpResponseBase:
    """Set aside a mail that is no request; it stays stored, with the reason."""
    inbound = mail_or_404(request, mail_id)
    form = MailSetAsideForm(request.POST, auto_id=f"aside-{inbound.pk}-%s")
    refused = _mail_act(request, inbound, form, mail.mail_set_aside, _("The mail is set aside. It stays stored."))
    return refused or redirect("desk-triage")


def _cases_of(request: HttpRequest, inbound: InboundMail) -> QuerySet[Case]:
    return Case.objects.visible_to(member(request)).filter(organisation=inbound.organisation)


def _mail_act(
    request: HttpRequest, inbound: InboundMail, form: DeskForm, service: Callable[..., object], done: str | Promise
) -> HttpResponse | None:
    """Call the service; the triage page with what was typed when it refuses, None when it is done."""
    if not act_try(request, inbound.organisation, form, service, inbound=inbound):
        return triage_render(request, (inbound.pk, form))
    messages.success(request, str(done))
    return None


@dataclass(frozen=True)
class TaskRow:
    """One task as the list shows it: to a contributor, nothing of the case but what the task needs."""

    task: CaseTask
    sees_case: bool
    may_take: bool
    is_mine: bool
    is_by_hand: bool
    parties: list[Party]  # whom the work is about: only for whoever has taken it
    form: TaskFinishForm


@desk_page
def tasks(request: HttpRequest) -> HttpResponse:
    """Open tasks of the member and of their teams."""
    return tasks_render(request)


def tasks_render(
    request: HttpRequest, refused: tuple[int, TaskFinishForm] | None = None, *, error: str = "", status: int = 200
) -> HttpResponse:
    """The page; `refused` is the form of one task, with what was typed."""
    user = somewhere_or_403(request, Act.TASK_WORK)
    waiting = (
        CaseTask.objects.visible_to(user)
        .open()
        .of_member(user)
        .select_related("case__organisation", "case_right", "team", "assignee")
        .prefetch_related("case__parties__addresses")
        .order_by("case__next_on", "pk")
    )
    rows = [_task_row(task, user, refused) for task in waiting]
    context = {
        "section": "tasks", "rows": rows, "today": timezone.localdate(), "error": error,
        "refused": [refused[1]] if refused else [],
    }  # fmt: skip
    return desk_render(request, "requests_app/desk_tasks.html", context, status=status)


def _task_row(task: CaseTask, user: User, refused: tuple[int, TaskFinishForm] | None) -> TaskRow:
    kept = refused[1] if refused and refused[0] == task.pk else None
    return TaskRow(
        task=task,
        sees_case=user.may(Act.CASE_READ, task.case.organisation_id),
        may_take=task.assignee_id is None,
        is_mine=task.assignee_id == user.pk and task.kind not in (*MACHINE_KINDS, *DECIDED_KINDS),
        is_by_hand=task.kind == TaskKind.COLLECT_BY_HAND,
        parties=list(task.case.parties.all()) if task.assignee_id == user.pk else [],
        form=kept or TaskFinishForm(auto_id=f"task-{task.pk}-%s"),
    )


@desk_act
def case_task_take(request: HttpRequest, task_id: int) -> HttpResponseBase:
    """Take a task of the team's."""
    task = task_or_404(request, task_id)
    service = partial(services.case_task_take, task=task, actor=actor_in(request, task.case.organisation))
    return _task_act(request, task, TaskFinishForm(auto_id=f"task-{task.pk}-%s"), service, _("The task is yours now."))


@desk_act
def case_task_finish(request: HttpRequest, task_id: int) -> HttpResponseBase:
    """Say that a task is done, and what was done."""
    task = task_or_404(request, task_id)
    form = TaskFinishForm(request.POST, auto_id=f"task-{task.pk}-%s")
    if not form.is_valid():
        return tasks_render(request, (task.pk, form), status=422)
    service = partial(
        services.case_task_finish, task=task, actor=actor_in(request, task.case.organisation), **form.cleaned_data
    )
    return _task_act(request, task, form, service, _("The task is done."))


def _task_act(
    request: HttpRequest, task: CaseTask, form: TaskFinishForm, service: Callable[[], object], done: str | Promise
) -> HttpResponseBase:
    try:
        service()
    except NotAllowed:
        raise
    except DomainError as refusal:
        return tasks_render(request, (task.pk, form), error=str(refusal), status=409)
    messages.success(request, str(done))
    return HttpResponseRedirect(page_before(request, reverse("desk-tasks")))


@desk_page
def file_download(request: HttpRequest, file_id: int) -> HttpResponseBase:
    """A stored file, deciphered as it is sent and never shown inside our pages (DESIGN §7); each time is journaled."""
    user = member(request)
    stored = StoredFile.objects.visible_to(user).select_related("key__organisation").filter(pk=file_id).first()
    if stored is None:
        raise Http404
    try:
        content = file_stream(stored)
    except DomainError as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(page_before(request, settings.LOGIN_REDIRECT_URL))
    case = Case.objects.select_related("organisation").filter(key=stored.key).first()
    services.file_opened(stored_file=stored, case=case, actor=actor_in(request, stored.key.organisation))
    # The type is fixed, so that no browser runs what somebody sent us.
    response = StreamingHttpResponse(content, content_type="application/octet-stream")
    response.headers["Content-Disposition"] = content_disposition_header(True, stored.name) or "attachment"
    response.headers["Content-Length"] = str(stored.size)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@desk_act
def language_set(request: HttpRequest) -> HttpResponseBase:
    """The language of the member's pages, for this browser and for every other one of theirs."""
    user = member(request)
    form = LanguageForm(request.POST)
    response = HttpResponseRedirect(page_before(request, settings.LOGIN_REDIRECT_URL))
    if form.is_valid():
        user.language = form.cleaned_data["language"]
        user.save(update_fields=["language"])
        language_remember(response, user.language)
    return response
