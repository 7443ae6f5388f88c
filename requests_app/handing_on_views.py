"""Somebody else answers: the request is passed on to a controller and followed there, or given to another organisation.
"""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dsar.core.models import Organisation
from dsar.core.roles import Act
from requests_app import services
from requests_app.desk_access import case_or_404, desk_act, desk_page, desk_view, member
from requests_app.desk_acts import act_back, act_done, act_page, form_of, letter_shown
from requests_app.desk_forms import CaseForm, DeskForm
from requests_app.handing_on_forms import AnsweredThereForm, ForwardForm, ReceivedThereForm, StopForm, TransferForm
from requests_app.letters import forwarding_html
from requests_app.models import Case, Forwarding


@desk_view
def case_forward(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Pass rights on to the controller for which we process the data."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    rights, clients = list(case.rights.awaited()), list(case.organisation.clients.all())
    form = form_of(
        request, case, ForwardForm,
        initial={"rights": [right.right for right in rights], "client": clients[0].code if len(clients) == 1 else ""},
        case=case, rights=rights, clients=clients, later=services.messages_offered(case),
        stored=services.files_offered(case, with_mail=True),
    )
    if act_done(request, case, form, services.case_forward, case=case):
        done = _("The request is on its way to the client, and the person is told.")
        return act_back(request, case, done, "handling")
    return act_page(
        request, case, form,
        title=_("Pass the request on to the client that decides"),
        intro=_(
            "The client gets what you leave here, who asks, and the day on which we received it. The person is told "
            "who answers. The case stays open until the client’s answer is noted."
        ),
        button=_("Pass the request on"),
    )  # fmt: skip


@desk_view
def case_transfer(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Give rights to another organisation of this desk."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    rights = list(case.rights.awaited())
    others = list(Organisation.objects.filter(is_active=True).exclude(pk=case.organisation_id))
    form = form_of(
        request, case, TransferForm, initial={"rights": [right.right for right in rights]},
        case=case, rights=rights, organisations=others, later=services.messages_offered(case),
        stored=services.files_offered(case),
    )
    if act_done(request, case, form, services.case_transfer, case=case):
        return act_back(request, case, _("The other organisation has the request, and the person is told."), "handling")
    return act_page(
        request, case, form,
        title=_("Give the request to another organisation of this desk"),
        intro=_(
            "This hands personal data to somebody else. A case is opened there with what you leave here, who asks, and "
            "the day on which it arrived; the person is told."
        ),
        button=_("Give the request to that organisation"),
    )  # fmt: skip


def forwarding_or_404(case: Case, number: int) -> Forwarding:
    """A forwarding of this case, which knows its case."""
    found = case.forwardings.select_related("forwarded_by", "mail")
    forwarding: Forwarding | None = found.filter(pk=number).first()
    if forwarding is None:
        raise Http404
    forwarding.case = case
    return forwarding


FORWARDING_FORMS: dict[str, type[CaseForm]] = {
    "received": ReceivedThereForm,
    "answered": AnsweredThereForm,
    "stop": StopForm,
    "chase": CaseForm,
}


def _forwarding_page(
    request: HttpRequest, case: Case, forwarding: Forwarding, refused: dict[str, DeskForm] | None = None
) -> HttpResponse:
    """Who has it, since when, and what can be noted of it; `refused` keeps what was typed."""
    forms: dict[str, DeskForm] = {
        name: make(initial={"version": case.version}, auto_id=f"{name}-%s") for name, make in FORWARDING_FORMS.items()
    }
    forms |= refused or {}
    return act_page(
        request, case, next(iter((refused or forms).values())), "requests_app/forwarding_detail.html",
        forwarding=forwarding,
        replies=forwarding.replies.prefetch_related("files"),
        forms=forms,
        may_work=member(request).may(Act.CASE_WORK, case.organisation_id),
    )  # fmt: skip


@desk_page
def forwarding_detail(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """What was passed on, with both days of arrival, until its answer is known."""
    case = case_or_404(request, reference)
    return _forwarding_page(request, case, forwarding_or_404(case, number))


def _forwarding_act(
    request: HttpRequest, reference: str, number: int, name: str, service: Callable[..., object], done: str | Promise
) -> HttpResponseBase:
    case = case_or_404(request, reference, Act.CASE_WORK)
    forwarding = forwarding_or_404(case, number)
    form = FORWARDING_FORMS[name](request.POST, auto_id=f"{name}-%s")
    if act_done(request, case, form, service, forwarding=forwarding):
        return act_back(request, case, done, "handling")
    return _forwarding_page(request, case, forwarding, {name: form})


@desk_act
def forwarding_received(request: HttpRequest, reference: str, number: int) -> HttpResponseBase:
    """The controller says when it received the request."""
    done = _("The day is noted.")
    return _forwarding_act(request, reference, number, "received", services.forwarding_received, done)


@desk_act
def forwarding_answered(request: HttpRequest, reference: str, number: int) -> HttpResponseBase:
    """The controller has answered the person."""
    done = _("The answer is noted. Nobody needs to follow it any more.")
    return _forwarding_act(request, reference, number, "answered", services.forwarding_answered, done)


@desk_act
def forwarding_stop(request: HttpRequest, reference: str, number: int) -> HttpResponseBase:
    """Follow it no more, although no answer is known."""
    done = _("It is not followed any more.")
    return _forwarding_act(request, reference, number, "stop", services.forwarding_stop, done)


@desk_act
def forwarding_chase(request: HttpRequest, reference: str, number: int) -> HttpResponseBase:
    """Remind the controller."""
    done = _("The reminder is on its way.")
    return _forwarding_act(request, reference, number, "chase", services.forwarding_chase, done)


@desk_page
def forwarding_letter(request: HttpRequest, reference: str, number: int) -> HttpResponseBase:
    """What the person is told, as a letter to print, for whoever has no mailbox."""
    case = case_or_404(request, reference)
    html = forwarding_html(forwarding_or_404(case, number))
    return letter_shown(request, html)
