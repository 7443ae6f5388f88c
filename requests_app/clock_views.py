"""Pages and acts about clocks: ask a question, note its answer, extend, post a notice, correct a day of arrival."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dsar.core.roles import Act
from requests_app import services
from requests_app.clock_forms import AnswerForm, ContinueForm, ExtendForm, PostForm, ReceiptForm, SuspendForm
from requests_app.desk_access import case_or_404, desk_act, desk_page, desk_view, right_or_404
from requests_app.desk_acts import act, act_back, act_done, act_page, form_of, letter_shown
from requests_app.desk_forms import CaseForm, ReviewForm, SendBackForm, SingleHandedForm
from requests_app.letters import extension_html
from requests_app.models import Case, CaseRight, Extension, Suspension
from requests_app.vocabulary import SuspensionReason


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
    chosen = request.GET.getlist("rights") or [right.right for right in rights]
    form = form_of(request, case, SuspendForm, initial={"rights": chosen}, rights=rights, case=case)
    if act_done(request, case, form, services.case_suspend, case=case):
        done = _("The question is on its way. The clock stands still from the moment it has left.")
        return act_back(request, case, done, "questions")
    running_on = [right for right in rights if not services.stands_still(right, SuspensionReason.IDENTITY)]
    return act_page(request, case, form, "requests_app/case_suspend.html", rights=rights, running_on=running_on)


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
    form = AnswerForm(request.POST, auto_id=f"answer-{number}-%s")
    done = _("The answer is noted. The clock runs on from its arrival.")
    return act(
        request, case, form, services.suspension_answer, key=f"answer:{number}", done=done, anchor="questions",
        suspension=suspension_or_404(case, number),
    )


@desk_act
def suspension_continue(request: HttpRequest, reference: str, number: int) -> HttpResponseBase:
    """What the person wrote was no answer."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    form = ContinueForm(request.POST, auto_id=f"continue-{number}-%s")
    done = _("The question stays open, and its clock stood still all the time.")
    return act(
        request, case, form, services.suspension_continue, key=f"continue:{number}", done=done, anchor="questions",
        suspension=suspension_or_404(case, number),
    )


@desk_act
def suspension_end(request: HttpRequest, reference: str, number: int) -> HttpResponseBase:
    """Go on without the answer."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    done = _("The work goes on without the answer, and the clock runs.")
    return act(
        request, case, CaseForm(request.POST), services.suspension_end, key="end", done=done, anchor="questions",
        suspension=suspension_or_404(case, number),
    )


@desk_view
def extension_submit(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Write an extension of one right, with the dates it would give."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    case_right = right_or_404(case, right)
    form = form_of(request, case, ExtendForm, language=case.language)
    if act_done(request, case, form, services.extension_submit, case_right=case_right):
        done = _("The extension is written. Its notice leaves once a second person has approved it.")
        return act_back(request, case, done, f"right-{right}")
    return act_page(
        request, case, form, "requests_app/extension_submit.html",
        row=case_right,
        refusal=services.refusal_today(case_right),
        until=services.clock_extended(case_right, timezone.now()),
        today=timezone.localdate(timezone=ZoneInfo(case.organisation.time_zone)),
        count=services.extensions_of_year(case.organisation),
    )  # fmt: skip


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
    done = _("The extension is approved.")
    return act(
        request, case, form, services.extension_approve, key=f"extension_approve:{right}", done=done,
        anchor=f"right-{right}", extension=extension_or_404(case, right),
    )


@desk_act
def extension_send_back(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Say no to an extension."""
    case = case_or_404(request, reference, Act.CASE_REVIEW)
    form = SendBackForm(request.POST, auto_id=f"extension_send_back-{right}-%s")
    done = _("The extension is sent back.")
    return act(
        request, case, form, services.extension_send_back, key=f"extension_send_back:{right}", done=done,
        anchor=f"right-{right}", extension=extension_or_404(case, right),
    )


@desk_act
def extension_single_handed(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Let one's own extension stand, where nobody else may review it."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    form = SingleHandedForm(request.POST, auto_id=f"extension_single_handed-{right}-%s")
    done = _("The extension stands. The register shows that one person took it.")
    return act(
        request, case, form, services.extension_single_handed, key=f"extension_single_handed:{right}", done=done,
        anchor=f"right-{right}", extension=extension_or_404(case, right),
    )


@desk_act
def extension_post(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """The printed notice has left."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    form = PostForm(request.POST, auto_id=f"extension_post-{right}-%s")
    done = _("The notice has left, and the extension holds.")
    return act(
        request, case, form, services.extension_post, key=f"extension_post:{right}", done=done,
        anchor=f"right-{right}", extension=extension_or_404(case, right),
    )


@desk_page
def extension_letter(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """The notice of an extension as it leaves, to read and to print."""
    case = case_or_404(request, reference)
    extension = extension_or_404(case, right)
    sent_at = extension.sent_at or timezone.now()
    right_extended = extension.case_right
    until = services.clock_extended(right_extended, sent_at)
    html = extension_html(extension, until, services.law_of(right_extended))
    return letter_shown(request, html)


@desk_view
def receipt_correct(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Correct the day of arrival: the first sending shows old and new dates, the second one saves them."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    rights = _rights(case, lambda right: not right.is_answered)
    came_together = [right.right for right in rights if right.received_at == case.received_at]
    initial = {"rights": came_together, "received_at": case.received_at}
    form = form_of(request, case, ReceiptForm, initial=initial, rights=rights)
    context: dict[str, Any] = {"rights": rights}
    if act_done(request, case, form, _receipt_changes, case=case):
        shown = _receipt_shown(form)
        if request.POST.get("go") != "save" or request.POST.get("shown") != shown:
            context |= {"changes": form.result, "shown": shown}
        elif act_done(request, case, form, services.receipt_correct, case=case):
            done = _("The day of arrival is corrected, and every date counted from it.")
            return act_back(request, case, done, "clock")
    with timezone.override(ZoneInfo(case.organisation.time_zone)):
        return act_page(request, case, form, "requests_app/receipt_correct.html", **context)


def _receipt_changes(*, case: Case, rights: list[CaseRight], received_at: datetime, **_act: Any) -> object:
    return services.receipt_changes(case, rights, received_at)


def _receipt_shown(form: ReceiptForm) -> str:
    """What the member saw. Other rights, another moment or dates that moved meanwhile are shown before they count."""
    dates = [f"{change.case_right.right}={change.after.due_on or change.after.paused_days}" for change in form.result]
    return " ".join([form.cleaned_data["received_at"].isoformat(), *dates])
