"""Desk pages on data sources: answer for a source by hand, look into a package, settle a doubt, ask again."""

from typing import Any

from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dsar.core.roles import Act
from dsar.core.uploads import desk_limits, uploads_refusal, uploads_within
from exports import services
from exports.contents import SourceAnswer, contents_of
from exports.forms import AdmitForm, ByHandForm
from exports.models import Collection, PackageBuild
from requests_app.desk_access import (
    actor_in,
    case_or_404,
    desk_act,
    desk_page,
    desk_render,
    desk_view,
    member,
    right_or_404,
    task_or_404,
)
from requests_app.desk_acts import act_try
from requests_app.models import CaseRight, CaseTask, Deliverable, PartyAddress
from requests_app.rights_table import RULES
from requests_app.vocabulary import DeliverableKind, DeliverableState, Stage, TaskState

FAILURES: dict[str, str | Promise] = {
    "source_map_not_approved": gettext_lazy("Its field map waits for the approval of a second member."),
    "source_url_missing": gettext_lazy("Its address is not set on this server. Tell an administrator."),
    "source_url_invalid": gettext_lazy("Its address cannot be read. Tell an administrator."),
    "source_kind_unknown": gettext_lazy("It is of a kind that cannot be asked. Tell an administrator."),
    "query_without_person": gettext_lazy("One of its queries does not ask for one person."),
    "query_parameter_unknown": gettext_lazy("One of its queries uses an unknown parameter."),
    "worker_lost": gettext_lazy("The worker was lost each time."),
}


def failure_words(code: str) -> str:
    """Why a source has failed, for a handler; an error we have no words for is named by its class."""
    return str(FAILURES.get(code) or _("It did not answer (%(error)s).") % {"error": code}) if code else ""


# ---- by hand ---------------------------------------------------------------------------------------------------------


@uploads_within(desk_limits)
@desk_view
def collection_by_hand(request: HttpRequest, task_id: int) -> HttpResponseBase:
    """Record what a source holds: several files, or that nothing was found."""
    task = task_or_404(request, task_id)
    collection = services.collection_of_task(task)
    if collection is None:
        raise Http404
    if request.method != "POST":
        return _by_hand_render(request, task, collection, ByHandForm())
    form = ByHandForm(request.POST, request.FILES)
    if refusal := uploads_refusal(request):
        form.refuse(refusal, status=413)
        return _by_hand_render(request, task, collection, form)
    if not act_try(request, task.case.organisation, form, _by_hand_record, task=task):
        return _by_hand_render(request, task, collection, form)
    messages.success(request, _("Recorded. Thank you."))
    return HttpResponseRedirect(_after_task(request, task))


def _by_hand_record(*, documents: list[Any], **fields: Any) -> None:
    services.collection_by_hand(files=documents, **fields)


def _by_hand_render(request: HttpRequest, task: CaseTask, collection: Collection, form: ByHandForm) -> HttpResponse:
    collection.refresh_from_db()
    context: dict[str, Any] = {
        "task": task,
        "collection": collection,
        "form": form,
        "refused": form.refused,
        "failure": failure_words(collection.error),
        "may_answer": task.state == TaskState.OPEN and services.may_answer_by_hand(collection),
        "parties": task.case.parties.prefetch_related(
            Prefetch("addresses", PartyAddress.objects.filter(ended_at=None, pending_since=None))
        ),
        "sees_case": member(request).may(Act.CASE_READ, task.case.organisation_id),
        "section": "tasks",
    }
    return desk_render(request, "exports/collection_by_hand.html", context, status=form.status)


def _after_task(request: HttpRequest, task: CaseTask) -> str:
    """Back to the case for who may read it, else to the list of tasks."""
    if member(request).may(Act.CASE_READ, task.case.organisation_id):
        return reverse("case-detail", args=[task.case.reference]) + "#tasks"
    return reverse("desk-tasks")


# ---- the package -----------------------------------------------------------------------------------------------------


@desk_page
def package_preview(request: HttpRequest, reference: str, right: str) -> HttpResponse:
    """What the package of a right holds: sources, counts, withheld fields and reasons, gaps; the ZIP to download."""
    return _preview_render(request, _right_or_404(request, reference, right, Act.CASE_READ))


@desk_act
def collection_admit(request: HttpRequest, reference: str, right: str, source: str) -> HttpResponseBase:
    """Settle a doubt: the records are this person's."""
    case_right = _right_or_404(request, reference, right, Act.CASE_WORK)
    collection = _collection_or_404(case_right, source)
    form = AdmitForm(request.POST, prefix=source)
    if not act_try(request, case_right.case.organisation, form, services.collection_admit, collection=collection):
        return _preview_render(request, case_right, refused={source: form}, status=form.status)
    messages.success(request, _("The records go into a new package, which is being built."))
    return HttpResponseRedirect(_preview_url(case_right))


@desk_act
def collection_retry(request: HttpRequest, reference: str, right: str, source: str) -> HttpResponseBase:
    """Ask a failed source again."""
    case_right = _right_or_404(request, reference, right, Act.CASE_WORK)
    collection = _collection_or_404(case_right, source)
    services.collection_retry(collection=collection, actor=actor_in(request, case_right.case.organisation))
    messages.success(request, _("The source is being asked again."))
    return HttpResponseRedirect(_preview_url(case_right))


def _preview_render(
    request: HttpRequest, case_right: CaseRight, *, refused: dict[str, AdmitForm] | None = None, status: int = 200
) -> HttpResponse:
    user, case = member(request), case_right.case
    may_work = user.may(Act.CASE_WORK, case.organisation_id)
    contents = contents_of(case_right, created_at=timezone.now(), language=translation.get_language() or "en")
    package = (
        Deliverable.objects.filter(
            case=case, rights=case_right, kind=DeliverableKind.PACKAGE,
            state__in=(DeliverableState.PREPARED, DeliverableState.RELEASED),
        )
        .select_related("stored_file")
        .last()
    )
    may_admit = may_work and case_right.stage in (Stage.IN_PROGRESS, Stage.AWAITING_PERSON)
    context = {
        "case": case,
        "case_right": case_right,
        "contents": contents,
        "sources": [_source_line(source, may_admit, may_work, refused or {}) for source in contents.sources],
        "package": package,
        "build": PackageBuild.objects.filter(case_right=case_right).first(),
        "refused": list((refused or {}).values()),
        "section": "queue",
    }
    return desk_render(request, "exports/package_preview.html", context, status=status)


def _source_line(
    source: SourceAnswer, may_admit: bool, may_work: bool, refused: dict[str, AdmitForm]
) -> dict[str, Any]:
    collection = source.collection
    is_failed = collection.state == Collection.State.FAILED
    return {
        "answer": source,
        "failure": failure_words(collection.error) if is_failed else "",
        "may_retry": may_work and is_failed,
        "admit_form": refused.get(source.code) or AdmitForm(prefix=source.code)
        if may_admit and collection.is_left_out
        else None,
    }


def _preview_url(case_right: CaseRight) -> str:
    return reverse("package-preview", args=[case_right.case.reference, case_right.right])


def _right_or_404(request: HttpRequest, reference: str, right: str, act: Act) -> CaseRight:
    """A right of a visible case for which data are collected."""
    case_right = right_or_404(case_or_404(request, reference, act), right)
    if not RULES[case_right.right].collects_data:
        raise Http404
    return case_right


def _collection_or_404(case_right: CaseRight, source: str) -> Collection:
    answers = Collection.objects.filter(case_right=case_right).select_related("source")
    collection: Collection | None = answers.filter(source__code=source).first()
    if collection is None:
        raise Http404
    collection.case_right = case_right
    return collection

