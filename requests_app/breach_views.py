"""Possible data breaches: reported from a case in one click, listed with the hours left, assessed by the DPO."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from dsar.core.roles import Act
from requests_app import services
from requests_app.breach_forms import AssessForm, AuthorityToldForm, BreachCloseForm, BreachForm, PersonsToldForm
from requests_app.desk_access import (
    act_check,
    case_or_404,
    desk_act,
    desk_page,
    desk_render,
    desk_view,
    member,
    somewhere_or_403,
)
from requests_app.desk_acts import act_done, act_page, act_try
from requests_app.desk_forms import DeskForm
from requests_app.models import Breach
from requests_app.vocabulary import OutgoingState

LISTED = 100  # closed breaches on the page; all that are open are shown


@dataclass(frozen=True)
class BreachRow:
    """One breach, with what is left of its hours; `css` is the colour of the words."""

    breach: Breach
    left: str
    css: str


@desk_view
def breach_report(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Report a possible breach from the page of a case; the hours begin."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    form = BreachForm(request.POST) if request.method == "POST" else BreachForm()
    if act_done(request, case, form, services.breach_report, case=case):
        messages.success(request, gettext("The breach is reported. The hours run."))
        return redirect("breach-detail", form.result.pk)
    return act_page(
        request, case, form,
        title=_("Report a possible data breach"),
        intro=_(
            "The authority must be told within 72 hours, nights and weekends included, unless a risk is unlikely "
            "(articles 33 and 34). Reporting starts them and sends a mail to whoever answers for data protection. "
            "A false alarm costs nothing."
        ),
        button=_("Report it now"),
    )  # fmt: skip


@desk_page
def breaches(request: HttpRequest) -> HttpResponse:
    """The internal register of breaches (art. 33(5)): open ones first, the fewest hours left on top."""
    user = somewhere_or_403(request, Act.CASE_READ)
    visible = Breach.objects.visible_to(user).select_related("organisation", "case", "reported_by")
    open_rows = [_row(breach) for breach in visible.filter(closed_at=None).order_by("notify_by", "pk")]
    closed_rows = [_row(breach) for breach in visible.exclude(closed_at=None).order_by("-closed_at", "-pk")[:LISTED]]
    context = {"open_rows": open_rows, "closed_rows": closed_rows, "section": "breaches"}
    return desk_render(request, "requests_app/desk_breaches.html", context)


def _row(breach: Breach) -> BreachRow:
    if not breach.must_be_notified:
        return BreachRow(breach, "", "ok")
    left = breach.notify_by - timezone.now()
    hours = int(abs(left) / timedelta(hours=1))
    if left < timedelta(0):
        words = ngettext("%(count)d hour late", "%(count)d hours late", hours) % {"count": hours}
        return BreachRow(breach, words, "late")
    words = ngettext("%(count)d hour left", "%(count)d hours left", hours) % {"count": hours}
    return BreachRow(breach, words, "soon")


def breach_or_404(request: HttpRequest, number: int, act: Act = Act.CASE_READ) -> Breach:
    """The breach, if the member sees it, else Http404; raises NotAllowed when their role does not include `act`."""
    user = member(request)
    found = Breach.objects.visible_to(user).select_related("organisation", "case", "reported_by", "assessed_by")
    breach = found.filter(pk=number).first()
    if breach is None:
        raise Http404
    act_check(user, act, breach.organisation_id)
    return breach


FORMS: dict[str, type[DeskForm]] = {
    "assess": AssessForm,
    "authority": AuthorityToldForm,
    "persons": PersonsToldForm,
    "close": BreachCloseForm,
}


def _page(request: HttpRequest, breach: Breach, name: str = "", refused: DeskForm | None = None) -> HttpResponse:
    """One breach with its four steps; `refused` is the form of that name, with what was typed."""
    assessed = {"risk": breach.risk, "assessment": breach.assessment} if breach.risk else None
    forms = {
        step: make(auto_id=f"{step}-%s", initial=assessed if step == "assess" else None)
        for step, make in FORMS.items()
    }
    if refused is not None:
        forms[name] = refused
    context = {
        "breach": breach,
        "row": _row(breach),
        "forms": forms,
        "refused": refused.refused if refused else [],
        "alerts": list(breach.alerts.order_by("pk")),
        "failed": OutgoingState.FAILED,
        "may_assess": member(request).may(Act.CASE_REVIEW, breach.organisation_id) and breach.closed_at is None,
        "section": "breaches",
    }
    return desk_render(request, "requests_app/breach_detail.html", context, status=refused.status if refused else 200)


@desk_page
def breach_detail(request: HttpRequest, number: int) -> HttpResponse:
    """What happened, what it means, and who has been told."""
    return _page(request, breach_or_404(request, number))


def _act(
    request: HttpRequest, number: int, name: str, service: Callable[..., object], done: str | Promise
) -> HttpResponseBase:
    """One step; without it, the page with what was typed."""
    breach = breach_or_404(request, number, Act.CASE_REVIEW)
    form = FORMS[name](request.POST, auto_id=f"{name}-%s")
    if not act_try(request, breach.organisation, form, service, breach=breach):
        return _page(request, breach, name, form)
    messages.success(request, str(done))
    return redirect("breach-detail", breach.pk)


@desk_act
def breach_assess(request: HttpRequest, number: int) -> HttpResponseBase:
    """Say what it means for the persons."""
    return _act(request, number, "assess", services.breach_assess, _("The assessment is saved."))


@desk_act
def breach_authority_told(request: HttpRequest, number: int) -> HttpResponseBase:
    """The authority has been told."""
    done = _("It is noted when the authority was told.")
    return _act(request, number, "authority", services.breach_authority_told, done)


@desk_act
def breach_persons_told(request: HttpRequest, number: int) -> HttpResponseBase:
    """The persons have been told."""
    done = _("It is noted when the persons were told.")
    return _act(request, number, "persons", services.breach_persons_told, done)


@desk_act
def breach_close(request: HttpRequest, number: int) -> HttpResponseBase:
    """Nothing is left to do."""
    return _act(request, number, "close", services.breach_close, _("The breach is closed. It stays in the register."))
