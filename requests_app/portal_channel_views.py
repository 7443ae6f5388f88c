"""The second channel of the tracking page: whoever came in by one way proves the other one too (DESIGN §2)."""

import time
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from dsar.core.errors import DomainError
from requests_app import access_codes, services
from requests_app.addresses import address_masked
from requests_app.forms import CodeForm, SignInForm, form_errors
from requests_app.models import AccessCode, Case, PartyAddress
from requests_app.portal import (
    SECOND_CHANNEL_SECONDS,
    TRIES,
    Portal,
    attempt_key,
    key_fits,
    portal_save,
    told_to_wait,
)
from requests_app.public_pages import page_render
from requests_app.tracking import tracking_key_parse


def second_channel(request: HttpRequest, case: Case, portal: Portal) -> HttpResponse:
    """Before data leaves or an address changes: the tracking key after the mailbox, a code by mail after the key."""
    if portal.second_channel:
        return redirect(portal.wanted or "track-case", case.organisation.slug)
    if portal.opened_by == "code":
        return _second_key(request, case, portal)
    return _second_code(request, case, portal)


def _second_key(request: HttpRequest, case: Case, portal: Portal) -> HttpResponse:
    form = SignInForm(initial=request.POST.dict()) if "lang" in request.POST else SignInForm()
    if request.method == "POST" and "lang" not in request.POST:
        form = SignInForm(request.POST)
        key = tracking_key_parse(form.data.get("key", ""))
        if key is None:
            form.add_error("key", _("A tracking key has sixteen letters and digits. Copy it from your receipt."))
        elif (counted := TRIES.count(attempt_key(request, case.reference))).is_over:
            form.add_error("key", _("Too many wrong keys. Wait a quarter of an hour, then try again."))
            page = _second_page(request, case, portal, {"field": form["key"], "by": "key"}, form)
            return told_to_wait(page, counted)
        elif not key_fits(case, key):
            form.add_error("key", _("This is not the key of this request. Compare it with your receipt."))
        else:
            TRIES.forget(attempt_key(request, case.reference))
            return _second_proven(request, case, portal)
    return _second_page(request, case, portal, {"field": form["key"], "by": "key"}, form)


def _second_code(request: HttpRequest, case: Case, portal: Portal) -> HttpResponse:
    chosen = PartyAddress.objects.mailboxes(case).first()
    form = CodeForm(initial=request.POST.dict()) if "lang" in request.POST else CodeForm()
    if chosen is not None and request.method == "POST" and "lang" not in request.POST:
        form = CodeForm(request.POST)
        try:
            if request.POST.get("go") == "send":
                return _second_code_send(request, case, portal, chosen)
            access_codes.code_check(
                address=chosen, purpose=AccessCode.Purpose.DOWNLOAD, code=request.POST.get("code", "")
            )
            portal.address_id = chosen.pk
            return _second_proven(request, case, portal)
        except DomainError as error:
            form.add_error("code", str(error))
    context = {
        "field": form["code"],
        "by": "code" if chosen and chosen.confirmed_at else "unconfirmed" if chosen else "nothing",
        "address": address_masked(chosen.value) if chosen else "",
        "sent_at": datetime.fromtimestamp(portal.code_sent_at, UTC) if portal.code_sent_at else None,
    }
    return _second_page(request, case, portal, context, form)


def _second_code_send(request: HttpRequest, case: Case, portal: Portal, address: PartyAddress) -> HttpResponse:
    """Mail a download code, or for an address nobody confirmed yet the confirmation: no data follows it unread."""
    purpose = AccessCode.Purpose.DOWNLOAD if address.confirmed_at else AccessCode.Purpose.CONFIRM
    services.code_send(address=address, purpose=purpose)
    portal.code_sent_at = time.time()
    portal_save(request, portal)
    return redirect("track-code", case.organisation.slug)


def _second_proven(request: HttpRequest, case: Case, portal: Portal) -> HttpResponse:
    portal.second_until = time.time() + SECOND_CHANNEL_SECONDS
    wanted, portal.wanted = portal.wanted, ""
    portal_save(request, portal)
    if wanted:
        return redirect(wanted, case.organisation.slug)
    return redirect(reverse("track-case", args=[case.organisation.slug]) + "#ready")


def _second_page(
    request: HttpRequest, case: Case, portal: Portal, context: dict[str, Any], form: SignInForm | CodeForm
) -> HttpResponse:
    errors = form_errors(form) if form.is_bound else []
    context |= {"case": case, "portal": portal, "form_id": "code", "form_go": "try", "errors": errors}
    return page_render(request, case.organisation, "track_code", context)
