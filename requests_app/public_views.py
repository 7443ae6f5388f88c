"""The public pages around the form: home, first page, receipt, notice, confirmation of an address."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from dsar.core.errors import DomainError
from dsar.core.models import Organisation
from requests_app import access_codes, services
from requests_app.addresses import address_masked
from requests_app.brand import brand_css
from requests_app.clock_ruler import Ruler, ruler
from requests_app.clock_words import DueWords, Step, explanation_words
from requests_app.correspondence import authority_words
from requests_app.desk_dates import legal_due
from requests_app.forms import CodeForm, form_errors
from requests_app.models import AccessCode, CaseRight, PartyAddress
from requests_app.public_pages import in_language, organisation_page, page_render
from requests_app.tracking import case_by_submission, tracking_key

RECEIPT_COOKIE = "dsar_receipt"
RECEIPT_AGE = timedelta(hours=2)


@require_safe
def home(request: HttpRequest) -> HttpResponseBase:
    """The organisations that take requests here."""

    def answer() -> HttpResponse:
        organisations = list(Organisation.objects.filter(is_active=True))
        context = {"organisations": organisations, "demo": any(one.is_demo for one in organisations)}
        return render(request, "requests_app/public_home.html", context)

    return in_language(request, settings.LANGUAGE_CODE, answer)


@require_safe
@cache_control(public=True, max_age=3600)
def brand_style(request: HttpRequest, slug: str) -> HttpResponse:
    """The organisation's colour; the product's own for an unknown one, since a style sheet has nobody to tell."""
    colour = Organisation.objects.filter(slug=slug).values_list("brand_colour", flat=True).first()
    return HttpResponse(brand_css(colour or ""), content_type="text/css")


@organisation_page
@require_safe
def public_start(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """What one can ask, by when the answer comes, and every other door (EDPB Guidelines 01/2022, 52-56)."""
    first = date(2026, 3, 2)  # any month of 31 days: the drawing shows the idea, not a date
    return page_render(
        request,
        organisation,
        "public_start",
        {
            "authority": authority_words(organisation),
            "postal_line": ", ".join(organisation.postal_address.splitlines()),
            "after_death": organisation.country == "FR",
            "ruler": ruler(first, first, first + timedelta(days=31), first + timedelta(days=31)),
        },
    )


@organisation_page
@require_http_methods(["GET", "HEAD", "POST"])
def public_sent(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """The receipt: reference, tracking key, arrival, due dates and why. Shown to the browser that sent, for two hours.

    The key is derived again from the cookie's submission and stored nowhere. A POST puts the receipt away.
    """
    path = reverse("public-start", args=[organisation.slug])
    if request.method == "POST" and "lang" not in request.POST:
        response: HttpResponse = redirect(path)
        response.delete_cookie(RECEIPT_COOKIE, path=path, samesite="Lax")
        return response
    submission = request.get_signed_cookie(
        RECEIPT_COOKIE, default="", salt=organisation.slug, max_age=int(RECEIPT_AGE.total_seconds())
    )
    case = case_by_submission(organisation, submission or "")
    if case is None:
        return page_render(request, organisation, "public_sent_gone", {}, status=404)
    services.certificate_queue(case)
    rights = list(case.rights.all())
    email = PartyAddress.objects.mailboxes(case).first()
    context = {
        "case": case,
        "tracking_key": tracking_key(organisation, submission or ""),
        "rights": rights,
        "clocks": clocks_of(rights),
        "address": address_masked(email.value) if email else "",
        "confirmed": bool(email and email.confirmed_at),
        "looked_at_first": bool(case.spam_signs),
    }
    response = page_render(request, organisation, "public_sent", context)
    response.headers["Cache-Control"] = "private, no-store"
    return response


@dataclass(frozen=True)
class ClockShown:
    """One clock as the person sees it, for all rights that run on it."""

    rights: list[CaseRight]
    received_on: date
    due_on: date | None
    steps: list[Step]
    ruler: Ruler | None
    due: DueWords


def clocks_of(rights: list[CaseRight]) -> list[ClockShown]:
    """The clocks of some rights, the earliest first; rights with the same dates share one.

    Drawn as of today in the active time zone; no ruler where the law sets no date.
    """
    shared: dict[tuple[date, date | None, int | None], list[CaseRight]] = {}
    for right in rights:
        shared.setdefault((timezone.localdate(right.counts_from), right.due_on, right.paused_days), []).append(right)
    shown, today = [], timezone.localdate()
    for (received_on, due_on, _paused_days), together in shared.items():
        first = together[0]
        drawn = ruler(received_on, today, first.prudent_due_on, due_on) if due_on else None
        steps, due = explanation_words(first.clock_explanation), legal_due(first, today)
        shown.append(ClockShown(together, received_on, due_on, steps, drawn, due))
    return sorted(shown, key=lambda clock: clock.due_on or date.max)


@organisation_page
@require_safe
def public_notice(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """What this desk itself does with a requester's data (GDPR art. 13)."""
    return page_render(
        request,
        organisation,
        "public_notice",
        {
            "authority": authority_words(organisation),
            "postal_line": ", ".join(organisation.postal_address.splitlines()),
            "download_days": settings.DSAR_DOWNLOAD_DAYS,
            "count_minutes": settings.DSAR_FORM_MINUTES,
        },
    )


@organisation_page
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_address(request: HttpRequest, organisation: Organisation, token: str) -> HttpResponse:
    """Confirm a mailbox with the code of the mail. A GET only shows the question: mail scanners follow links."""
    issued = access_codes.confirmation_by_token(token)
    if issued is None or issued.address.party.case.organisation_id != organisation.pk:
        return page_render(request, organisation, "public_confirm_unknown", {}, status=404)
    if issued.address.confirmed_at:
        return _confirm_page(request, organisation, issued, CodeForm())
    if request.method != "POST":
        return _confirm_page(request, organisation, issued, CodeForm())
    if "lang" in request.POST:
        return _confirm_page(request, organisation, issued, CodeForm(initial=request.POST.dict()))
    if request.POST.get("go") == "again":
        return _confirm_again(request, organisation, issued)
    form = CodeForm(request.POST)
    try:
        access_codes.code_check(
            address=issued.address, purpose=AccessCode.Purpose.CONFIRM, code=request.POST.get("code", "")
        )
    except DomainError as error:
        form.add_error("code", str(error))
        return _confirm_page(request, organisation, issued, form)
    services.address_confirm(address=issued.address)
    return redirect(request.path)


def _confirm_again(request: HttpRequest, organisation: Organisation, issued: AccessCode) -> HttpResponse:
    form = CodeForm(request.POST)
    try:
        services.code_send(address=issued.address, purpose=AccessCode.Purpose.CONFIRM)
    except DomainError as error:
        form.add_error("code", str(error))
        return _confirm_page(request, organisation, issued, form)
    return _confirm_page(request, organisation, issued, CodeForm(), sent_again=True)


def _confirm_page(
    request: HttpRequest, organisation: Organisation, issued: AccessCode, form: CodeForm, *, sent_again: bool = False
) -> HttpResponse:
    address = issued.address
    context = {
        "form": form,
        "form_id": "" if address.confirmed_at else "confirm",
        "errors": form_errors(form) if form.is_bound else [],
        "case": address.party.case,
        "address": address_masked(address.value),
        "confirmed": address.confirmed_at is not None,
        "sent_again": sent_again,
    }
    return page_render(request, organisation, "public_confirm", context)
