"""The tracking page: sign in by one channel, see and write, download by two."""

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.http import content_disposition_header
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from dsar.core.errors import DomainError
from dsar.core.files import file_stream
from dsar.core.hashing import keyed_hash_matches
from dsar.core.models import Organisation
from requests_app import access_codes, services
from requests_app.addresses import address_masked, address_normalise
from requests_app.clock_history import clock_history
from requests_app.clock_words import due_words
from requests_app.forms import CodeForm, MessageForm, SignInForm, form_errors
from requests_app.models import AccessCode, Case, CaseRight, Deliverable, Message, PartyAddress
from requests_app.portal import (
    SECOND_CHANNEL_SECONDS,
    Portal,
    attempt_allowed,
    attempts_forget,
    portal_case,
    portal_close,
    portal_of,
    portal_open,
    portal_page,
    portal_save,
    second_channel_needed,
)
from requests_app.public_pages import organisation_page, page_render
from requests_app.public_views import clocks_of
from requests_app.references import reference_parse
from requests_app.rights_table import ADVERSE
from requests_app.tracking import tracking_key_parse
from requests_app.vocabulary import (
    NOTICE_KINDS,
    AddressKind,
    DeliverableKind,
    DeliverableState,
    Direction,
    Outcome,
    Stage,
)

log = logging.getLogger(__name__)

PENDING = "portal_pending"  # session: a code was asked for; {"address_id"}, which is None for a stranger
PAGE = ["GET", "HEAD", "POST"]


@organisation_page
@require_http_methods(PAGE)
def public_track(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """The way in: reference and tracking key, or reference and an address that gets a code."""
    if request.method != "POST":
        if portal_of(request):
            return redirect("track-case", organisation.slug)
        return _sign_in_page(request, organisation, SignInForm())
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


def _sign_in_page(request: HttpRequest, organisation: Organisation, form: SignInForm) -> HttpResponse:
    errors = form_errors(form) if form.is_bound else []
    context = {"form": form, "form_id": "sign-in", "form_go": "key", "errors": errors}
    return page_render(request, organisation, "track_sign_in", context)


def _key_try(request: HttpRequest, organisation: Organisation, form: SignInForm, reference: str | None) -> HttpResponse:
    key = tracking_key_parse(form.cleaned_data["key"])
    if key is None:
        form.add_error("key", _("A tracking key has sixteen letters and digits. Copy it from your receipt."))
    if reference is None or key is None:
        return _sign_in_page(request, organisation, form)
    if not attempt_allowed(request, reference):
        form.add_error("key", _("Too many wrong keys. Wait a quarter of an hour, then try again."))
        return _sign_in_page(request, organisation, form)
    case = Case.objects.filter(organisation=organisation, reference=reference).first()
    if case is None or not _key_fits(case, key):
        form.add_error("key", _("This reference and this key do not belong together. Compare both with your receipt."))
        return _sign_in_page(request, organisation, form)
    attempts_forget(request, reference)
    case.organisation = organisation
    portal_open(request, case=case, opened_by="key")
    request.session.pop(PENDING, None)
    return redirect("track-case", organisation.slug)


def _key_fits(case: Case, key: str) -> bool:
    return bool(case.tracking_key_hash) and keyed_hash_matches("tracking_key", key, case.tracking_key_hash)


def _code_ask(
    request: HttpRequest, organisation: Organisation, form: SignInForm, reference: str | None
) -> HttpResponse:
    """Send a code if reference and address belong together; the answer is the same if they do not."""
    email = form.cleaned_data["email"]
    if "@" not in email:
        form.add_error("email", _("Write the complete e-mail address of your request."))
    if reference is None or form.errors:
        return _sign_in_page(request, organisation, form)
    address = _address(organisation, reference, email) if attempt_allowed(request, f"code:{reference}") else None
    portal_close(request)  # the next page asks for this code, not for one of a case that is still open
    request.session[PENDING] = {"address_id": address.pk if address else None}
    if address is not None:
        _portal_code_send(address)
    return redirect("track-code", organisation.slug)


def _address(organisation: Organisation, reference: str, email: str) -> PartyAddress | None:
    """An e-mail address of that case. It need not be confirmed: the code will show that somebody reads it."""
    return (
        PartyAddress.objects.filter(
            party__case__organisation=organisation,
            party__is_requester=True,
            ended_at=None,
            party__case__reference=reference,
            kind=AddressKind.EMAIL,
            normalised=address_normalise(AddressKind.EMAIL, email),
        )
        .select_related("party__case__organisation")
        .first()
    )


def _portal_code_send(address: PartyAddress) -> None:
    try:
        services.code_send(address=address, purpose=AccessCode.Purpose.PORTAL)
    except DomainError:
        return  # too many codes: the page says the same as for a stranger, and the newest code still works


@organisation_page
@require_http_methods(PAGE)
def track_code(request: HttpRequest, organisation: Organisation) -> HttpResponseBase:
    """Where a code or a key is typed: to sign in, or as the second channel before a download."""
    if opened := portal_case(request, organisation):
        return _second_channel(request, *opened)
    pending = request.session.get(PENDING)
    if pending is None:
        return redirect("public-track", organisation.slug)
    if request.method != "POST":
        return _sign_in_code_page(request, organisation, CodeForm())
    if "lang" in request.POST:
        return _sign_in_code_page(request, organisation, CodeForm(initial=request.POST.dict()))
    address = None
    if pending["address_id"]:
        address = PartyAddress.objects.select_related("party__case__organisation").get(pk=pending["address_id"])
        if address.party.case.organisation_id != organisation.pk:
            return redirect("public-track", organisation.slug)
    if request.POST.get("go") == "again":
        if address is not None:
            _portal_code_send(address)
        return _sign_in_code_page(request, organisation, CodeForm(), sent_again=True)
    return _sign_in_code_try(request, organisation, address)


def _sign_in_code_try(request: HttpRequest, organisation: Organisation, address: PartyAddress | None) -> HttpResponse:
    form = CodeForm(request.POST)
    try:
        if address is None:
            access_codes.code_parse(request.POST.get("code", ""))
            raise DomainError("code_wrong", "")
        access_codes.code_check(address=address, purpose=AccessCode.Purpose.PORTAL, code=request.POST.get("code", ""))
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


@portal_page
@require_http_methods(PAGE)
def track_case(request: HttpRequest, case: Case, portal: Portal) -> HttpResponse:
    """The case as its person sees it, and the place to write to us."""
    if request.method != "POST":
        return _case_page(request, case, portal, MessageForm())
    if "lang" in request.POST:
        return _case_page(request, case, portal, MessageForm(initial=request.POST.dict()))
    if request.POST.get("go") == "close":
        portal_close(request)
        return redirect("public-track", case.organisation.slug)
    form = MessageForm(request.POST)
    if not form.is_valid():
        return _case_page(request, case, portal, form)
    services.message_receive(case=case, body=form.cleaned_data["body"])
    return redirect(reverse("track-case", args=[case.organisation.slug]) + "#messages")


# What the person reads of each stage. Decisions and prepared files stay unseen until they are released.
STAGE_WORDS: dict[str, tuple[str | Promise, str | Promise]] = {
    Stage.TO_DO: (_("Arrived"), _("We have it, and begin soon. Nothing is missing from you.")),
    Stage.IN_PROGRESS: (_("In progress"), _("We are working on it. Nothing is missing from you.")),
    Stage.AWAITING_PERSON: (_("Waiting for you"), _("We asked you something: look at the messages.")),
    Stage.IN_REVIEW: (_("In progress"), _("We are working on it. Nothing is missing from you.")),
    Stage.DECIDED: (_("In progress"), _("We are preparing our answer. Nothing is missing from you.")),
}
OUTCOME_WORDS: dict[str, str | Promise] = {
    Outcome.GRANTED: _("We did what you asked."),
    Outcome.GRANTED_PARTLY: _("We did a part of what you asked. The letter says what is missing and why."),
    Outcome.REFUSED: _("We did not do what you asked. The letter says why, and how to complain."),
    Outcome.NO_DATA: _("We hold no such data about you."),
    Outcome.NOT_IDENTIFIED: _("We could not be sure who asks. The letter says what would help."),
    Outcome.FORWARDED: _("We passed your request on. The letter says to whom."),
    Outcome.WITHDRAWN: _("You withdrew this request."),
    Outcome.ANSWERED: _("We answered you."),
    Outcome.MERGED: _("We answer it together with your other request."),
}


@dataclass(frozen=True)
class RightShown:
    """One right on the tracking page: where it stands, in words."""

    right: CaseRight
    tag: str | Promise
    css: str
    words: str | Promise


def _right_shown(right: CaseRight, asked: set[str]) -> RightShown:
    """`asked` holds the rights with a question that waits for the person, also where its mail has not left yet."""
    if right.is_answered:
        css = "" if right.outcome in ADVERSE else "ok"
        return RightShown(right, right.get_outcome_display(), css, OUTCOME_WORDS.get(right.outcome, ""))
    tag, words = STAGE_WORDS[right.stage]
    if right.right in asked:
        words = STAGE_WORDS[Stage.AWAITING_PERSON][1]
    return RightShown(right, tag, "soon" if right.stage == Stage.AWAITING_PERSON else "", words)


def _case_page(
    request: HttpRequest, case: Case, portal: Portal, form: MessageForm, problem: DomainError | None = None
) -> HttpResponse:
    rights = list(case.rights.all())
    asked = set(case.suspensions.open().values_list("rights__right", flat=True))
    shown = {right.right: _right_shown(right, asked) for right in rights}
    clocks = clocks_of([right for right in rights if not right.is_answered])
    dated = [clock for clock in clocks if clock.due_on]
    last = dated[-1] if dated else None
    history = clock_history(case)
    every = list(_released(case).select_related("stored_file").prefetch_related("rights"))
    released = [found for found in every if found.kind not in NOTICE_KINDS]
    now = datetime.now(UTC)
    files = [found for found in released if found.expires_at is None or found.expires_at > now]
    context: dict[str, Any] = {
        "case": case,
        "portal": portal,
        "title": _title(rights),
        "rights": list(shown.values()),
        "clock": last,
        "due": due_words(last.due_on, "running", timezone.localdate()) if last and last.due_on else None,
        "paused_clocks": [clock for clock in clocks if not clock.due_on],
        "histories": [(line, history[code]) for code, line in shown.items() if len(history.get(code, ())) > 1],
        "notices": [found for found in every if found.kind in NOTICE_KINDS],
        "answers": _answers(files),
        "expired": len(files) < len(released),
        "locked": any(map(second_channel_needed, files)) and not portal.second_channel,
        "sealed": any(found.delivery == "single_channel" for found in files),
        "messages_shown": _messages(case),
        "emails": list(PartyAddress.objects.mailboxes(case)),
        "form": form,
        "form_id": "message",
        "form_go": "message",
        "errors": [("", str(problem))] if problem else form_errors(form) if form.is_bound else [],
    }
    response = page_render(request, case.organisation, "track_case", context, status=410 if problem else 200)
    response.headers["Cache-Control"] = "private, no-store"
    return response


@dataclass(frozen=True)
class AnswerShown:
    """What was released together: the rights it answers, and its files, the data first."""

    rights: list[CaseRight]
    files: list[Deliverable]


_FILE_ORDER = (DeliverableKind.PACKAGE, DeliverableKind.LETTER, DeliverableKind.LETTER_HTML)


def _answers(files: list[Deliverable]) -> list[AnswerShown]:
    """The files by release, the newest first."""
    releases: dict[datetime | None, list[Deliverable]] = {}
    for found in sorted(files, key=lambda one: one.released_at or one.created_at, reverse=True):
        releases.setdefault(found.released_at, []).append(found)
    return [
        AnswerShown(
            rights=list({right.pk: right for found in together for right in found.rights.all()}.values()),
            files=sorted(together, key=lambda one: _FILE_ORDER.index(DeliverableKind(one.kind))),
        )
        for together in releases.values()
    ]


def _title(rights: list[CaseRight]) -> str:
    answered = [right for right in rights if right.is_answered]
    if len(answered) == len(rights):
        return gettext("Your answer is ready")
    if answered:
        return gettext("One answer is ready, another is coming")
    if any(right.stage == Stage.AWAITING_PERSON for right in rights):
        return gettext("We asked you something")
    return gettext("We are working on your request")


def _messages(case: Case) -> QuerySet[Message]:
    """What the person wrote and what staff wrote to them; no note, and no automatic mail: it may hold a code."""
    return Message.objects.filter(
        Q(direction=Direction.INBOUND) | Q(direction=Direction.OUTBOUND, author__isnull=False), case=case
    ).exclude(body="")


def _released(case: Case) -> QuerySet[Deliverable]:
    return Deliverable.objects.filter(case=case, state=DeliverableState.RELEASED)


def _second_channel(request: HttpRequest, case: Case, portal: Portal) -> HttpResponse:
    """Before data leaves: the tracking key for whoever came by mail, a code by mail for whoever came with the key."""
    if portal.second_channel:
        return redirect("track-case", case.organisation.slug)
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
        elif not attempt_allowed(request, case.reference):
            form.add_error("key", _("Too many wrong keys. Wait a quarter of an hour, then try again."))
        elif not _key_fits(case, key):
            form.add_error("key", _("This is not the key of this request. Compare it with your receipt."))
        else:
            attempts_forget(request, case.reference)
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
    portal_save(request, portal)
    return redirect(reverse("track-case", args=[case.organisation.slug]) + "#ready")


def _second_page(
    request: HttpRequest, case: Case, portal: Portal, context: dict[str, Any], form: SignInForm | CodeForm
) -> HttpResponse:
    errors = form_errors(form) if form.is_bound else []
    context |= {"case": case, "portal": portal, "form_id": "code", "form_go": "try", "errors": errors}
    return page_render(request, case.organisation, "track_code", context)


@portal_page
@require_GET
def track_download(request: HttpRequest, case: Case, portal: Portal, pk: int) -> HttpResponseBase:
    """One released file of this case, as an attachment; each download is journaled (GDPR art. 5(2))."""
    deliverable = get_object_or_404(_released(case).select_related("stored_file__key"), pk=pk)
    if deliverable.expires_at is not None and deliverable.expires_at <= datetime.now(UTC):
        return redirect("track-case", case.organisation.slug)
    needed = second_channel_needed(deliverable)
    if needed and not portal.second_channel:
        return redirect("track-code", case.organisation.slug)
    stored = deliverable.stored_file
    deliverable.case = case
    try:
        content = file_stream(stored)
    except DomainError as error:
        log.error("deliverable %s of %s cannot be read: %s", deliverable.pk, case.reference, error.code)
        return _case_page(request, case, portal, MessageForm(), problem=error)
    services.deliverable_downloaded(
        deliverable=deliverable, opened_by=portal.opened_by, second_channel=portal.second_channel if needed else ""
    )
    response = StreamingHttpResponse(content, content_type=stored.content_type)
    response.headers["Content-Length"] = str(stored.size)
    response.headers["Content-Disposition"] = content_disposition_header(True, stored.name) or "attachment"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Cache-Control"] = "private, no-store"
    return response
