"""The way into the tracking page: reference and tracking key, or a code to an address of the case.

Whoever knows neither learns nothing: not from the words, not from the cookies, and as far as we can from the time.
"""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from dsar.core.errors import DomainError
from dsar.core.models import Organisation
from requests_app import access_codes, services
from requests_app.addresses import address_normalise
from requests_app.forms import CodeForm, SignInForm, form_errors
from requests_app.models import AccessCode, Case, PartyAddress
from requests_app.portal import (
    ENDED_KEY,
    TRIES,
    attempt_key,
    key_fits,
    portal_case,
    portal_close,
    portal_of,
    portal_open,
    told_to_wait,
)
from requests_app.portal_channel_views import second_channel
from requests_app.public_pages import organisation_page, page_render
from requests_app.references import reference_parse
from requests_app.tracking import tracking_key_parse
from requests_app.vocabulary import AddressKind

PENDING = "portal_pending"  # session: a code was asked for; {"address_id"}, which is None for a stranger
PAGE = ["GET", "HEAD", "POST"]


@organisation_page
@require_http_methods(PAGE)
def public_track(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """The way in: reference and tracking key, or reference and an address that gets a code."""
    if request.method != "POST":
        if portal_of(request):
            return redirect("track-case", organisation.slug)
        return _sign_in_page(request, organisation, SignInForm(), ended=bool(request.session.pop(ENDED_KEY, False)))
    if "lang" in request.POST:
        return _sign_in_page(request, organisation, SignInForm(initial=request.POST.dict()))
    form = SignInForm(request.POST)
    if not form.is_valid():
        return _sign_in_page(request, organisation, form)
    reference = reference_parse(form.cleaned_data["reference"])
    if reference is None:
        form.add_error("reference", _("This is not a reference. Look at your receipt or at our mail and copy it."))
    if request.POST.get("go") == "code" or (form.cleaned_data["email"] and not form.cleaned_data["key"]):
        return _code_ask(request, organisation, form, reference)
    return _key_try(request, organisation, form, reference)


def _sign_in_page(
    request: HttpRequest, organisation: Organisation, form: SignInForm, *, ended: bool = False
) -> HttpResponse:
    errors = form_errors(form) if form.is_bound else []
    context = {"form": form, "form_id": "sign-in", "form_go": "key", "errors": errors, "ended": ended}
    return page_render(request, organisation, "track_sign_in", context)


def _key_try(request: HttpRequest, organisation: Organisation, form: SignInForm, reference: str | None) -> HttpResponse:
    key = tracking_key_parse(form.cleaned_data["key"])
    if key is None:
        form.add_error("key", _("A tracking key has sixteen letters and digits. Copy it from your receipt."))
    if reference is None or key is None:
        return _sign_in_page(request, organisation, form)
    counted = TRIES.count(attempt_key(request, reference))
    if counted.is_over:
        form.add_error("key", _("Too many wrong keys. Wait a quarter of an hour, then try again."))
        return told_to_wait(_sign_in_page(request, organisation, form), counted)
    case = Case.objects.filter(organisation=organisation, reference=reference).first()
    # Compared in any case, so that an unknown reference takes as long as a wrong key.
    if not key_fits(case, key) or case is None:
        form.add_error("key", _("This reference and this key do not belong together. Compare both with your receipt."))
        return _sign_in_page(request, organisation, form)
    TRIES.forget(attempt_key(request, reference))
    case.organisation = organisation
    portal_open(request, case=case, opened_by="key")
    request.session.pop(PENDING, None)
    return redirect("track-case", organisation.slug)


def _code_ask(
    request: HttpRequest, organisation: Organisation, form: SignInForm, reference: str | None
) -> HttpResponse:
    """Send a code if reference and address belong together; the answer is the same if they do not."""
    email = form.cleaned_data["email"]
    if "@" not in email:
        form.add_error("email", _("Write the complete e-mail address of your request."))
    if reference is None or form.errors:
        return _sign_in_page(request, organisation, form)
    counted = TRIES.count(attempt_key(request, f"code:{reference}"))
    address = None if counted.is_over else _address(organisation, reference, email)
    portal_close(request)  # the next page asks for this code, not for one of a case that is still open
    request.session[PENDING] = {"address_id": address.pk if address else None}
    services.portal_code_ask(address=address)
    return redirect("track-code", organisation.slug)


def _address(organisation: Organisation, reference: str, email: str) -> PartyAddress | None:
    """An e-mail address of that case. It need not be confirmed: the code will show that somebody reads it."""
    return (
        PartyAddress.objects.filter(
            party__case__organisation=organisation,
            party__is_requester=True,
            ended_at=None,
            pending_since=None,
            party__case__reference=reference,
            kind=AddressKind.EMAIL,
            normalised=address_normalise(AddressKind.EMAIL, email),
        )
        .select_related("party__case__organisation")
        .first()
    )


@organisation_page
@require_http_methods(PAGE)
def track_code(request: HttpRequest, organisation: Organisation) -> HttpResponseBase:
    """Where a code or a key is typed: to sign in, or as the second channel before a download."""
    if opened := portal_case(request, organisation):
        return second_channel(request, *opened)
    pending = request.session.get(PENDING)
    if pending is None:
        return redirect("public-track", organisation.slug)
    if request.method != "POST":
        return _sign_in_code_page(request, organisation, CodeForm())
    if "lang" in request.POST:
        return _sign_in_code_page(request, organisation, CodeForm(initial=request.POST.dict()))
    address = (
        PartyAddress.objects.select_related("party__case__organisation")
        .filter(pk=pending["address_id"] or access_codes.NOBODY, ended_at=None)
        .first()
    )
    if address is not None and address.party.case.organisation_id != organisation.pk:
        return redirect("public-track", organisation.slug)
    if request.POST.get("go") == "again":
        services.portal_code_ask(address=address)
        return _sign_in_code_page(request, organisation, CodeForm(), sent_again=True)
    return _sign_in_code_try(request, organisation, address)


def _sign_in_code_try(request: HttpRequest, organisation: Organisation, address: PartyAddress | None) -> HttpResponse:
    form = CodeForm(request.POST)
    try:
        access_codes.code_check(address=address, purpose=AccessCode.Purpose.PORTAL, code=request.POST.get("code", ""))
        if address is None:
            raise DomainError("code_wrong", "")
    except DomainError as error:
        # One sentence for all that can be wrong with six digits: a stranger learns nothing from it.
        wrong = _("This code is wrong or no longer valid. Look for the newest mail, or ask for a new code.")
        form.add_error("code", str(error) if error.code == "code_malformed" else str(wrong))
        return _sign_in_code_page(request, organisation, form)
    services.address_confirm(address=address)
    del request.session[PENDING]
    portal_open(request, case=address.party.case, opened_by="code", address_id=address.pk)
    return redirect("track-case", organisation.slug)


def _sign_in_code_page(
    request: HttpRequest, organisation: Organisation, form: CodeForm, *, sent_again: bool = False
) -> HttpResponse:
    errors = form_errors(form) if form.is_bound else []
    context = {"form": form, "form_id": "code", "form_go": "try", "errors": errors, "sent_again": sent_again}
    return page_render(request, organisation, "track_sign_in_code", context)
