"""Pages and acts about clocks: ask a question, note its answer, extend, post a notice, correct a day of arrival."""

from collections.abc import Callable
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from csp.decorators import csp
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dsar.core.errors import DomainError
from dsar.core.roles import Act
from requests_app import services
from requests_app.case_views import LETTER_POLICY, act
from requests_app.clock_forms import AnswerForm, ContinueForm, ExtendForm, PostForm, ReceiptForm, SuspendForm
from requests_app.desk_access import (
    case_or_404,
    desk_act,
    desk_page,
    desk_render,
    desk_view,
    right_or_404,
)
from requests_app.desk_forms import CaseForm, DeskForm, ReviewForm, SendBackForm, SingleHandedForm
from requests_app.letters import extension_html
from requests_app.models import Case, CaseRight, Extension, Suspension
from requests_app.vocabulary import SuspensionReason


def form_page(
    request: HttpRequest,
    case: Case,
    form: DeskForm,
    template: str,
    context: dict[str, Any],
    *,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    """A page of its own for one act on a case."""
    refused = [form] if form.is_bound and form.errors else []
    page = {"case": case, "form": form, "refused": refused, "error": error, "section": "queue", **context}
    return desk_render(request, template, page, status=status)


def _rights(case: Case, allowed: Callable[[CaseRight], bool]) -> list[CaseRight]:
    rights = list(case.rights.with_facts())
    for right in rights:
        right.case = case
    return [right for right in rights if allowed(right)]


@desk_view
def case_suspend(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Ask the person something that must be known; the clocks it concerns stand still until the answer."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    rights = _rights(case, services.may_suspend)
    still = {right.pk for right in rights if services.stands_still(right, SuspensionReason.IDENTITY)}

    def show(form: DeskForm, **options: Any) -> HttpResponse:
        context = {"running_on": [right for right in rights if right.pk not in still], "rights": rights}
        return form_page(request, case, form, "requests_app/case_suspend.html", context, **options)

    if request.method != "POST":
        chosen = request.GET.getlist("rights") or [right.right for right in rights]
        initial = {"version": case.version, "rights": chosen}
        return show(SuspendForm(rights=rights, case=case, initial=initial))
    form = SuspendForm(request.POST, rights=rights, case=case)
    service = partial(services.case_suspend, case=case)
    done = _("The question is on its way. The clock stands still from the moment it has left.")
    return act(request, case, form, service, show=show, done=done, anchor="questions")


def suspension_or_404(case: Case, number: int) -> Suspension:
    """A question of this case, which knows its case."""
    suspension: Suspension | None = case.suspensions.filter(pk=number).first()
    if suspension is None:
        raise Http404
    suspension.case = case
    return suspension


@desk_act
def suspension_answer(request: HttpRequest, reference: str, number: int) -> HttpResponseBase:
    """The answer came by post or by phone."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    service = partial(services.suspension_answer, suspension=suspension_or_404(case, number))
    form = AnswerForm(request.POST, auto_id=f"answer-{number}-%s")
    done = _("The answer is noted. The clock runs on from its arrival.")
    return act(request, case, form, service, key=f"answer:{number}", done=done, anchor="questions")


@desk_act
def suspension_continue(request: HttpRequest, reference: str, number: int) -> HttpResponseBase:
    """What the person wrote was no answer."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    service = partial(services.suspension_continue, suspension=suspension_or_404(case, number))
    form = ContinueForm(request.POST, auto_id=f"continue-{number}-%s")
    done = _("The question stays open, and its clock stood still all the time.")
    return act(request, case, form, service, key=f"continue:{number}", done=done, anchor="questions")


@desk_act
def suspension_end(request: HttpRequest, reference: str, number: int) -> HttpResponseBase:
    """Go on without the answer."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    service = partial(services.suspension_end, suspension=suspension_or_404(case, number))
    done = _("The work goes on without the answer, and the clock runs.")
    return act(request, case, CaseForm(request.POST), service, key="end", done=done, anchor="questions")


@desk_view
def extension_submit(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Write an extension of one right, with the dates it would give."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    case_right = right_or_404(case, right)

    def show(form: DeskForm, **options: Any) -> HttpResponse:
        context = {
            "row": case_right,
            "refusal": services.refusal_today(case_right),
            "until": services.clock_extended(case_right, timezone.now()),
            "today": timezone.localdate(timezone=ZoneInfo(case.organisation.time_zone)),
            "count": services.extensions_of_year(case.organisation),
        }
        return form_page(request, case, form, "requests_app/extension_submit.html", context, **options)

    if request.method != "POST":
        return show(ExtendForm(language=case.language, initial={"version": case.version}))
    form = ExtendForm(request.POST, language=case.language)
    service = partial(services.extension_submit, case_right=case_right)
    done = _("The extension is written. Its notice leaves once a second person has approved it.")
    return act(request, case, form, service, show=show, done=done, anchor=f"right-{right}")


def extension_or_404(case: Case, code: str) -> Extension:
    """The extension in force on a right of this case; one that was sent back is none."""
    case_right = right_or_404(case, code)
    extension = case_right.extension
    if extension is None:
        raise Http404
    extension.case_right = case_right
    return extension


@desk_act
def extension_approve(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Approve an extension as the second person; its notice leaves."""
    case = case_or_404(request, reference, Act.CASE_REVIEW)
    form = ReviewForm(request.POST, auto_id=f"extension_approve-{right}-%s")
    service = partial(services.extension_approve, extension=extension_or_404(case, right))
    done = _("The extension is approved.")
    return act(request, case, form, service, key=f"extension_approve:{right}", done=done, anchor=f"right-{right}")


@desk_act
def extension_send_back(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Say no to an extension."""
    case = case_or_404(request, reference, Act.CASE_REVIEW)
    form = SendBackForm(request.POST, auto_id=f"extension_send_back-{right}-%s")
    service = partial(services.extension_send_back, extension=extension_or_404(case, right))
    done = _("The extension is sent back.")
    return act(request, case, form, service, key=f"extension_send_back:{right}", done=done, anchor=f"right-{right}")


@desk_act
def extension_single_handed(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Let one's own extension stand, where nobody else may review it."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    form = SingleHandedForm(request.POST, auto_id=f"extension_single_handed-{right}-%s")
    service = partial(services.extension_single_handed, extension=extension_or_404(case, right))
    done = _("The extension stands. The register shows that one person took it.")
    return act(
        request, case, form, service, key=f"extension_single_handed:{right}", done=done, anchor=f"right-{right}"
    )


@desk_act
def extension_post(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """The printed notice has left."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    form = PostForm(request.POST, auto_id=f"extension_post-{right}-%s")
    service = partial(services.extension_post, extension=extension_or_404(case, right))
    done = _("The notice has left, and the extension holds.")
    return act(request, case, form, service, key=f"extension_post:{right}", done=done, anchor=f"right-{right}")


@desk_page
def extension_letter(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """The notice of an extension as it leaves, to read and to print."""
    case = case_or_404(request, reference)
    extension = extension_or_404(case, right)
    sent_at = extension.sent_at or timezone.now()
    right_extended = extension.case_right
    until = services.clock_extended(right_extended, sent_at)
    html = extension_html(extension, until, services.law_of(right_extended))
    return csp(LETTER_POLICY)(lambda _request: HttpResponse(html))(request)


@desk_view
def receipt_correct(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Correct the day of arrival: the first sending shows old and new dates, the second one saves them."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    rights = _rights(case, lambda right: not right.is_answered)

    def show(form: DeskForm, **options: Any) -> HttpResponse:
        return form_page(
            request, case, form, "requests_app/receipt_correct.html", {"rights": rights, **options.pop("context", {})},
            **options,
        )  # fmt: skip

    zone = ZoneInfo(case.organisation.time_zone)
    if request.method != "POST":
        with timezone.override(zone):
            came_together = [right.right for right in rights if right.received_at == case.received_at]
            initial = {"version": case.version, "rights": came_together, "received_at": case.received_at}
            return show(ReceiptForm(rights=rights, initial=initial))
    form = ReceiptForm(request.POST, rights=rights)
    with timezone.override(zone):
        if not form.is_valid():
            return show(form, status=422)
        chosen, moment = form.cleaned_data["rights"], form.cleaned_data["received_at"]
    try:
        changes = services.receipt_changes(case, chosen, moment)
    except DomainError as refusal:
        form.refuse(refusal)
        return show(form, status=422)
    # What is saved is what was shown: other rights, another moment or dates that moved meanwhile are shown first.
    dates = [f"{change.case_right.right}={change.after.due_on or change.after.paused_days}" for change in changes]
    shown = " ".join([moment.isoformat(), *dates])
    if request.POST.get("go") == "save" and request.POST.get("shown") == shown:
        service = partial(services.receipt_correct, case=case)
        done = _("The day of arrival is corrected, and every date counted from it.")
        return act(request, case, form, service, show=show, done=done, anchor="clock")
    return show(form, context={"changes": changes, "shown": shown})
