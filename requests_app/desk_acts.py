"""How a member acts from a page: a form is read, a service runs, and what was refused is shown with what was typed.

Each view says this in its own lines: make the form, go on when the act is done, else show the page of the form. The
form itself keeps what the page needs: the errors, the status, and a notice for the top of the page.
"""

from collections.abc import Callable
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from csp.decorators import csp
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise

from dsar.core.errors import Conflict, DomainError, NotAllowed
from dsar.core.models import Organisation
from requests_app.case_page import case_page, conflict_message
from requests_app.desk_access import actor_in, desk_render, member, page_before
from requests_app.desk_forms import DeskForm
from requests_app.models import Case

Made = TypeVar("Made", bound=DeskForm)


def form_of(
    request: HttpRequest,
    case: Case,
    make: Callable[..., Made],
    /,
    *,
    initial: dict[str, Any] | None = None,
    key: str = "",
    **options: Any,
) -> Made:
    """The form as it was sent, else a fresh one that knows the version of the case and starts from `initial`.

    `key` is the one under which the page of the case shows it; the ids of its fields begin with that.
    """
    if key:
        options["auto_id"] = key.replace(":", "-") + "-%s"
    if request.method == "POST":
        return make(request.POST, request.FILES, **options)
    return make(initial={"version": case.version, **(initial or {})}, **options)


def act_try(
    request: HttpRequest, organisation: Organisation, form: DeskForm, service: Callable[..., object], /, **about: Any
) -> bool:
    """Call the service with `about`, the acting member and what was typed; its answer is `form.result`.

    False for a form that was not sent yet, and for a refusal, which the form then shows. Times are typed in the
    organisation's time zone, whatever that of the member is: its law counts them. NotAllowed passes through: it is a
    403 page.
    """
    with timezone.override(ZoneInfo(organisation.time_zone)):
        if not form.is_valid():
            return False
    try:
        form.result = service(actor=actor_in(request, organisation), **about, **form.cleaned_data)
    except NotAllowed:
        raise
    except Conflict as conflict:
        form.refuse(conflict, status=409)
    except DomainError as refusal:
        form.refuse(refusal)
    else:
        return True
    return False


def act_done(
    request: HttpRequest, case: Case, form: DeskForm, service: Callable[..., object], /, **about: Any
) -> bool:
    """As `act_try`; where somebody changed the case meanwhile, the form can be sent again by whoever has looked."""
    if act_try(request, case.organisation, form, service, **about):
        return True
    if form.status == 409:
        case.refresh_from_db(fields=["version"])
        form.renew(case.version, conflict_message())
    return False


def act(
    request: HttpRequest,
    case: Case,
    form: DeskForm,
    service: Callable[..., object],
    /,
    *,
    key: str,
    done: str | Promise,
    anchor: str = "main",
    **about: Any,
) -> HttpResponseBase:
    """An act from the page of the case: back to it when done, else the page with the form under `key`."""
    if act_done(request, case, form, service, **about):
        return act_back(request, case, done, anchor)
    return case_render(request, case, {key: form})


def act_back(request: HttpRequest, case: Case, done: str | Promise, anchor: str = "main") -> HttpResponseBase:
    """Say that it is done, on the page that the form came from if it says so and is ours, else on the case."""
    messages.success(request, str(done))
    return HttpResponseRedirect(page_before(request, f"{reverse('case-detail', args=[case.reference])}#{anchor}"))


def act_page(
    request: HttpRequest, case: Case, form: DeskForm, template: str = "requests_app/case_act.html", /, **context: Any
) -> HttpResponse:
    """A page of its own for one act on a case; the plain template wants `title`, `intro` and `button`."""
    page = {"case": case, "form": form, "refused": form.refused, "error": form.notice, "section": "queue", **context}
    return desk_render(request, template, page, status=form.status)


def case_render(
    request: HttpRequest, case: Case, refused: dict[str, DeskForm] | None = None, *, error: str = "", status: int = 200
) -> HttpResponse:
    """The case page; `refused` keeps what was typed, by key of the form, and `error` stands in the summary on top."""
    page = case_page(case.pk, member(request), show=request.GET.get("show", "all"), forms=refused)
    forms = list((refused or {}).values())
    for form in forms:
        error, status = form.notice, form.status
    context = {"page": page, "case": page.case, "refused": forms, "error": error, "section": "queue"}
    return desk_render(request, "requests_app/case_detail.html", context, status=status)


def button_done(
    request: HttpRequest,
    organisation: Organisation,
    service: Callable[..., object],
    done: str | Promise,
    /,
    **about: Any,
) -> None:
    """For a button without a form: call the service, and say on the next page what came of it."""
    try:
        service(actor=actor_in(request, organisation), **about)
    except NotAllowed:
        raise
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, str(done))


# A letter is a document of its own: its styles stand inside it, and nothing in it may run, load or lead away.
LETTER_POLICY = {
    "default-src": ["'none'"], "style-src": ["'unsafe-inline'"], "img-src": ["data:"], "font-src": ["data:"],
    "frame-ancestors": ["'none'"], "sandbox": [],
}  # fmt: skip


def letter_shown(request: HttpRequest, html: str) -> HttpResponseBase:
    """A letter as it leaves, to read and to print."""
    return csp(LETTER_POLICY)(lambda _request: HttpResponse(html))(request)
