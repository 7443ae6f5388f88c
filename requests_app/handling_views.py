"""The further acts on a case, each on a page of its own, so that the page of the case stays light."""

from collections.abc import Callable
from functools import partial
from typing import Any

from csp.decorators import csp
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dsar.core.actors import Actor
from dsar.core.models import Organisation
from dsar.core.roles import Act
from requests_app import services
from requests_app.case_views import LETTER_POLICY, act
from requests_app.clock_views import form_page
from requests_app.desk_access import (
    case_or_404,
    desk_act,
    desk_page,
    desk_render,
    desk_view,
    member,
    right_or_404,
)
from requests_app.desk_forms import CaseForm, DeskForm
from requests_app.handling_forms import (
    AnsweredThereForm,
    ComplaintEndForm,
    ComplaintForm,
    ForwardForm,
    HoldEndForm,
    HoldForm,
    IntakeForm,
    MergeForm,
    ReceivedThereForm,
    ReclassifyForm,
    StopForm,
    TransferForm,
)
from requests_app.handling_page import act_groups, handling_of
from requests_app.letters import forwarding_html
from requests_app.models import Case, CaseRight, Complaint, Forwarding
from requests_app.references import reference_parse


@desk_page
def case_acts(request: HttpRequest, reference: str) -> HttpResponse:
    """Every further act in plain words, each with its page."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    handling = handling_of(case, member(request))
    groups = act_groups(case, list(case.rights.all()), handling)
    context = {"case": case, "groups": groups, "handling": handling, "section": "queue"}
    return desk_render(request, "requests_app/case_acts.html", context)


def _act_page(
    request: HttpRequest,
    case: Case,
    make: Callable[..., DeskForm],
    service: Callable[..., object],
    *,
    title: str | Promise,
    intro: str | Promise,
    button: str | Promise,
    done: str | Promise,
    anchor: str = "handling",
    template: str = "requests_app/case_act.html",
    initial: dict[str, Any] | None = None,
    **context: Any,
) -> HttpResponseBase:
    """The page of one act: its form, and the act when it is sent. `make` builds the form from its data, if any."""
    words = {"title": title, "intro": intro, "button": button, **context}

    def show(form: DeskForm, **options: Any) -> HttpResponse:
        return form_page(request, case, form, template, words, **options)

    if request.method != "POST":
        return show(make(initial={"version": case.version, **(initial or {})}))
    return act(request, case, make(request.POST), service, show=show, done=done, anchor=anchor)


def _waiting(case: Case) -> list[CaseRight]:
    return list(case.rights.awaited())


@desk_view
def intake_correct(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Correct what was understood of whoever asks."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    made: list[IntakeForm] = []

    def make(*args: Any, **kwargs: Any) -> IntakeForm:
        made.append(IntakeForm(*args, case=case, **kwargs))
        return made[-1]

    def service(actor: Actor, version: int | None, **_typed: Any) -> object:
        return services.intake_correct(case=case, facts=made[-1].facts, actor=actor, version=version)

    return _act_page(
        request, case, make, service,
        title=_("Correct who asks and how to reach them"),
        intro=_(
            "What stood here before stays in the journal. After another name or another requester, look again at how "
            "identity was established, and ask the data sources again if they have been asked."
        ),
        button=_("Save the corrections"),
        done=_("The corrections are saved."),
        anchor="person",
    )  # fmt: skip


@desk_view
def case_right_reclassify(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Read a request as another right."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    case_right = right_or_404(case, right)
    return _act_page(
        request, case, partial(ReclassifyForm, case_right=case_right),
        partial(services.case_right_reclassify, case_right=case_right),
        title=_("Read “%(right)s” as another right") % {"right": case_right.definition.name},
        intro=_(
            "It arrived when it arrived: the clock stays. The checklist and the tasks become those of the other right, "
            "and the person is told on the tracking page."
        ),
        button=_("Change the right"),
        done=_("The right is changed, and the person is told."),
        anchor="rights",
    )  # fmt: skip


@desk_view
def case_forward(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Pass rights on to the controller for which we process the data."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    rights, clients = _waiting(case), list(case.organisation.clients.all())
    return _act_page(
        request, case, partial(ForwardForm, rights=rights, clients=clients), partial(services.case_forward, case=case),
        title=_("Pass it on to the client that decides"),
        intro=_(
            "The client gets the request as it arrived, with its files and the day on which we received it. The person "
            "is told who answers. The case stays open until the client’s answer is noted."
        ),
        button=_("Pass the request on"),
        done=_("The request is on its way to the client, and the person is told."),
        initial={"rights": [right.right for right in rights], "client": clients[0].code if len(clients) == 1 else ""},
    )  # fmt: skip


@desk_view
def case_transfer(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Give rights to another organisation of this desk."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    rights = _waiting(case)
    others = list(Organisation.objects.filter(is_active=True).exclude(pk=case.organisation_id))
    return _act_page(
        request, case, partial(TransferForm, rights=rights, organisations=others),
        partial(services.case_transfer, case=case),
        title=_("Give it to another organisation of this desk"),
        intro=_(
            "This hands personal data to somebody else. A case is opened there with what the person wrote and the day "
            "on which it arrived here; the person is told."
        ),
        button=_("Give the request to that organisation"),
        done=_("The other organisation has the request, and the person is told."),
        initial={"rights": [right.right for right in rights]},
    )  # fmt: skip


@desk_view
def case_merge(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Join this case with an earlier one of the same person; both are compared first."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    user = member(request)
    visible = Case.objects.visible_to(user).select_related("organisation", "key")
    cases = visible.filter(organisation=case.organisation_id)
    named = reference_parse(request.POST.get("into", "") or request.GET.get("into", ""))
    into = cases.filter(reference=named).first() if named else None
    return _act_page(
        request, case, partial(MergeForm, cases=cases), partial(services.case_merge, case=case),
        title=_("Merge it into an earlier case of the same person"),
        intro=_(
            "The other case goes on, with the earlier clock. Messages, notes, files and addresses join it, and this "
            "case is closed. Addresses that join must be confirmed anew."
        ),
        button=_("Merge the two cases"),
        done=_("The two cases are one now."),
        template="requests_app/case_merge.html",
        initial={"into": into.reference if into else ""},
        into=into,
        differences=services.merge_differences(case, into) if into else [],
        twins=handling_of(case, user).twins if into is None else [],
    )  # fmt: skip


@desk_view
def hold_begin(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Keep everything of the case."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    return _act_page(
        request, case, HoldForm, partial(services.hold_begin, case=case),
        title=_("Put it on hold"),
        intro=_("Nothing of this case is purged until somebody ends the hold. Its clocks go on."),
        button=_("Put the case on hold"),
        done=_("The case is on hold."),
    )  # fmt: skip


@desk_view
def hold_end(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Let the retention periods count again."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    return _act_page(
        request, case, HoldEndForm, partial(services.hold_end, case=case),
        title=_("End the hold"),
        intro=_("The retention periods count again; what is over may be purged at once."),
        button=_("End the hold"),
        done=_("The hold has ended."),
    )  # fmt: skip


@desk_view
def complaint_record(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Somebody complained about this case at an authority."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    return _act_page(
        request, case, partial(ComplaintForm, case=case), partial(services.complaint_record, case=case),
        title=_("Record a complaint at an authority"),
        intro=_("Nothing of this case is purged until the procedure ends. Everybody who reads the case sees it."),
        button=_("Record the complaint"),
        done=_("The complaint is recorded."),
    )  # fmt: skip


@desk_view
def complaint_end(request: HttpRequest, reference: str, number: int) -> HttpResponseBase:
    """The procedure at the authority is over."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    complaint: Complaint | None = case.complaints.select_related("authority").filter(pk=number).first()
    if complaint is None:
        raise Http404
    complaint.case = case
    return _act_page(
        request, case, ComplaintEndForm, partial(services.complaint_end, complaint=complaint),
        title=_("End the complaint at %(authority)s") % {"authority": complaint.authority},
        intro=_("The retention periods count again, unless another complaint or a hold is in force."),
        button=_("End the complaint"),
        done=_("The complaint has ended."),
    )  # fmt: skip


# ---- what was passed on ----------------------------------------------------------------------------------------------


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
    request: HttpRequest, case: Case, forwarding: Forwarding, kept: dict[str, DeskForm] | None = None, **options: Any
) -> HttpResponse:
    """Who has it, since when, and what can be noted of it; `kept` is the form just refused."""
    forms = {
        name: (kept or {}).get(name) or make(initial={"version": case.version}, auto_id=f"{name}-%s")
        for name, make in FORWARDING_FORMS.items()
    }
    may_work = member(request).may(Act.CASE_WORK, case.organisation_id)
    replies = forwarding.messages.prefetch_related("files")
    context = {"forwarding": forwarding, "replies": replies, "forms": forms, "may_work": may_work}
    shown = next(iter((kept or {}).values()), forms["chase"])
    return form_page(request, case, shown, "requests_app/forwarding_detail.html", context, **options)


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

    def show(form: DeskForm, **options: Any) -> HttpResponse:
        return _forwarding_page(request, case, forwarding, {name: form}, **options)

    form = FORWARDING_FORMS[name](request.POST, auto_id=f"{name}-%s")
    return act(request, case, form, partial(service, forwarding=forwarding), show=show, done=done, anchor="handling")


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
    return csp(LETTER_POLICY)(lambda _request: HttpResponse(html))(request)
