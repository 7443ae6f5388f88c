"""What the person does on the tracking page beside writing: withdraw, change an address, see the remedies."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from dsar.core.errors import DomainError
from dsar.core.rates import Counted
from requests_app import access_codes, services
from requests_app.addresses import address_hint, address_masked
from requests_app.forms import CodeForm, form_errors
from requests_app.models import AccessCode, Case, PartyAddress
from requests_app.portal import ADDRESSES, WITHDRAWALS, Portal, portal_page, portal_save, told_to_wait
from requests_app.portal_case_views import channel_asked
from requests_app.portal_forms import KINDS, AddressForm, WithdrawForm
from requests_app.public_pages import page_render
from requests_app.remedies import authorities_of

PAGE = ["GET", "HEAD", "POST"]
TOO_OFTEN = _("You have tried very often. Wait an hour, then do it again.")


def _page(
    request: HttpRequest, case: Case, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    response = page_render(request, case.organisation, template, {"case": case, **context}, status=status)
    response.headers["Cache-Control"] = "private, no-store"
    return response


@portal_page
@require_http_methods(PAGE)
def track_withdraw(request: HttpRequest, case: Case, portal: Portal) -> HttpResponse:
    """Take back one request or all of them; the page says what that means."""
    rights = [right for right in case.rights.all() if not right.is_answered]
    if not rights:
        return redirect("track-case", case.organisation.slug)
    counted: Counted | None = None
    if request.method != "POST" or "lang" in request.POST:
        form = WithdrawForm(rights=rights, initial={"right": request.POST.getlist("right")})
        ticked = form.initial["right"]
    else:
        form = WithdrawForm(request.POST, rights=rights)
        ticked = request.POST.getlist("right")
        if form.is_valid():
            counted = WITHDRAWALS.count(case.pk)
            if counted.is_over:
                form.add_error(None, str(TOO_OFTEN))
            else:
                try:
                    chosen = [right for right in rights if right.right in form.cleaned_data["right"]]
                    services.right_withdraw(case=case, rights=chosen)
                    return redirect("track-case", case.organisation.slug)
                except DomainError as error:
                    form.add_error(None, str(error))
    choices = [
        {"code": right.right, "label": right.definition.verb, "ticked": right.right in ticked} for right in rights
    ]
    first = f"right-{rights[0].right}"
    errors = [(first if target == "id_right" else target, said) for target, said in _errors(form)]
    context = {"form": form, "form_id": "withdraw", "form_go": "withdraw", "choices": choices, "errors": errors}
    response = _page(request, case, "track_withdraw", context)
    return told_to_wait(response, counted) if counted and counted.is_over else response


def _errors(form: WithdrawForm | AddressForm | CodeForm) -> list[tuple[str, str]]:
    return form_errors(form) if form.is_bound else []


@portal_page
@require_http_methods(PAGE)
def track_address(request: HttpRequest, case: Case, portal: Portal) -> HttpResponse:
    """Add or replace a way to reach the person; a new e-mail address waits for its code."""
    refusal = services.address_change_refusal(case, second_channel=bool(portal.second_channel))
    if refusal is not None and refusal.code == "second_channel_needed":
        return channel_asked(request, case, portal, "track-address")
    if refusal is not None:
        return _address_page(request, case, AddressForm(), CodeForm(), refusal=refusal)
    if request.method != "POST":
        return _address_page(request, case, AddressForm(), CodeForm())
    if "lang" in request.POST:
        return _address_page(request, case, AddressForm(initial=request.POST.dict()), CodeForm())
    if request.POST.get("go") == "code":
        return _address_confirm(request, case, portal)
    return _address_add(request, case, portal)


def _address_add(request: HttpRequest, case: Case, portal: Portal) -> HttpResponse:
    form = AddressForm(request.POST)
    if not form.is_valid():
        return _address_page(request, case, form, CodeForm())
    counted = ADDRESSES.count(case.pk)
    if counted.is_over:
        form.add_error(None, str(TOO_OFTEN))
        return told_to_wait(_address_page(request, case, form, CodeForm()), counted)
    try:
        services.address_add(case=case, second_channel=bool(portal.second_channel), **form.cleaned_data)
    except DomainError as error:
        form.add_error("value", str(error))
        return _address_page(request, case, form, CodeForm())
    return redirect("track-address", case.organisation.slug)


def _address_confirm(request: HttpRequest, case: Case, portal: Portal) -> HttpResponse:
    """The code that went to the new address: it takes the place of the code that went to the old one."""
    form, waiting = CodeForm(request.POST), _waiting(case)
    if waiting is None:
        return redirect("track-address", case.organisation.slug)
    try:
        access_codes.code_check(
            address=waiting, purpose=AccessCode.Purpose.CONFIRM, code=request.POST.get("code", "")
        )
    except DomainError as error:
        form.add_error("code", str(error))
        return _address_page(request, case, AddressForm(), form)
    services.address_confirm(address=waiting)
    if portal.address_id is not None:
        portal.address_id = waiting.pk
        portal_save(request, portal)
    return redirect("track-address", case.organisation.slug)


def _waiting(case: Case) -> PartyAddress | None:
    """The new e-mail address whose code is awaited."""
    found = PartyAddress.objects.filter(party__case=case, ended_at=None).exclude(pending_since=None)
    return found.select_related("party__case__organisation").order_by("pk").last()


def _address_page(
    request: HttpRequest,
    case: Case,
    form: AddressForm,
    code_form: CodeForm,
    *,
    refusal: DomainError | None = None,
    status: int = 200,
) -> HttpResponse:
    waiting = _waiting(case)
    known = PartyAddress.objects.in_use(case).filter(kind__in=[kind for kind, _label in KINDS]).order_by("pk")
    chosen = form["kind"].value() or ""
    context = {
        "form": form,
        "code_form": code_form,
        "kinds": [{"code": str(kind), "label": label, "ticked": kind == chosen} for kind, label in KINDS],
        "known": [(address, address_hint(address.kind, address.value)) for address in known],
        "waiting": address_masked(waiting.value) if waiting else "",
        "refusal": refusal,
        "form_id": "" if refusal else "code" if waiting else "address",
        "form_go": "code" if waiting else "add",
        "errors": [
            (f"kind-{KINDS[0][0]}" if target == "id_kind" else target, said)
            for target, said in [*_errors(code_form), *_errors(form)]
        ],
    }
    return _page(request, case, "track_address", context, status=status)


@portal_page
@require_safe
def track_remedies(request: HttpRequest, case: Case, portal: Portal) -> HttpResponse:
    """What somebody can do who is not satisfied (GDPR arts. 12(4), 77 and 79)."""
    return _page(request, case, "track_remedies", {"authorities": authorities_of(case)})
