"""The page of an open tracking session: where each request stands, messages both ways, files to download."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from dsar.core.errors import DomainError
from dsar.core.files import file_stream
from dsar.core.models import StoredFile
from dsar.core.uploads import public_limits, uploads_refusal, uploads_within
from requests_app import services
from requests_app.clock_history import clock_history
from requests_app.clock_words import due_words
from requests_app.forms import MessageForm, form_errors
from requests_app.models import Case, CaseRight, Deliverable, Message, PartyAddress
from requests_app.portal import (
    MESSAGES,
    Portal,
    portal_close,
    portal_page,
    portal_save,
    second_channel_needed,
    told_to_wait,
)
from requests_app.portal_words import rights_shown, title_of
from requests_app.public_pages import page_render
from requests_app.public_views import clocks_of
from requests_app.vocabulary import CERTIFICATE_KINDS, DeliverableKind, DeliverableState, Direction

log = logging.getLogger(__name__)


@uploads_within(public_limits)
@portal_page
@require_http_methods(["GET", "HEAD", "POST"])
def track_case(request: HttpRequest, case: Case, portal: Portal) -> HttpResponseBase:
    """The case as its person sees it, and the place to write to us."""
    if request.method != "POST":
        return case_page_shown(request, case, portal, MessageForm())
    if "lang" in request.POST:
        return case_page_shown(request, case, portal, MessageForm(initial=request.POST.dict()))
    if request.POST.get("go") == "close":
        portal_close(request)
        return redirect("public-track", case.organisation.slug)
    form = MessageForm(request.POST, request.FILES)
    if refusal := uploads_refusal(request):
        form.errors.clear()
        form.add_error("documents", str(refusal))
        return case_page_shown(request, case, portal, form, status=413)
    if not form.is_valid():
        return case_page_shown(request, case, portal, form)
    counted = MESSAGES.count(case.pk)
    if counted.is_over:
        form.add_error("body", _("You have written very often. Wait an hour, then send it: the text is still here."))
        return told_to_wait(case_page_shown(request, case, portal, form), counted)
    try:
        with transaction.atomic():
            files = services.uploads_keep(case=case, uploads=form.cleaned_data["documents"], limits=public_limits())
            services.message_receive(case=case, body=form.cleaned_data["body"], files=files)
    except DomainError as error:
        form.add_error("documents" if error.code.startswith("upload") else "body", str(error))
        return case_page_shown(request, case, portal, form)
    return redirect(reverse("track-case", args=[case.organisation.slug]) + "#messages")


def case_page_shown(
    request: HttpRequest,
    case: Case,
    portal: Portal,
    form: MessageForm,
    *,
    problem: DomainError | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page; `form` keeps what was typed and refused, `problem` stands in the summary on top."""
    rights = list(case.rights.all())
    clocks = clocks_of([right for right in rights if not right.is_answered])
    dated = [clock for clock in clocks if clock.due_on]
    last = dated[-1] if dated else None
    shown = rights_shown(case, rights)
    history = clock_history(case)
    context: dict[str, Any] = {
        "case": case,
        "portal": portal,
        "title": title_of(rights),
        "rights": shown,
        "open_rights": [right for right in rights if not right.is_answered],
        "clock": last,
        "due": due_words(last.due_on, "running", timezone.localdate()) if last and last.due_on else None,
        "paused_clocks": [clock for clock in clocks if not clock.due_on],
        "histories": [
            (line, history[line.right.right]) for line in shown if len(history.get(line.right.right, ())) > 1
        ],
        **_files_shown(case, portal),
        "messages_shown": [message for message in messages_shown(case) if message.body or message.files.all()],
        "emails": list(PartyAddress.objects.mailboxes(case)),
        "form": form,
        "form_id": "message",
        "form_go": "message",
        "errors": [("", str(problem))] if problem else form_errors(form) if form.is_bound else [],
    }
    response = page_render(request, case.organisation, "track_case", context, status=410 if problem else status)
    response.headers["Cache-Control"] = "private, no-store"
    return response


@dataclass(frozen=True)
class AnswerShown:
    """What was released together: the rights it answers, and its files, the data first."""

    rights: list[CaseRight]
    files: list[Deliverable]


_ANSWER_FILES = (DeliverableKind.PACKAGE, DeliverableKind.LETTER, DeliverableKind.LETTER_HTML)


def _files_shown(case: Case, portal: Portal) -> dict[str, Any]:
    """What is released: answers by release, other letters, the certificate of receipt."""
    every = list(_released(case).select_related("stored_file").prefetch_related("rights"))
    answers = [found for found in every if found.kind in _ANSWER_FILES]
    now = datetime.now(UTC)
    files = [found for found in answers if found.expires_at is None or found.expires_at > now]
    return {
        "answers": _answers(files),
        "expired": len(files) < len(answers),
        "locked": any(map(second_channel_needed, files)) and not portal.second_channel,
        "sealed": any(found.delivery == "single_channel" for found in files),
        "notices": [found for found in every if found.kind not in (*_ANSWER_FILES, *CERTIFICATE_KINDS)],
        "certificates": [found for found in every if found.kind in CERTIFICATE_KINDS],
    }


def _answers(files: list[Deliverable]) -> list[AnswerShown]:
    """The files by release, the newest first."""
    releases: dict[datetime | None, list[Deliverable]] = {}
    for found in sorted(files, key=lambda one: one.released_at or one.created_at, reverse=True):
        releases.setdefault(found.released_at, []).append(found)
    return [
        AnswerShown(
            rights=list({right.pk: right for found in together for right in found.rights.all()}.values()),
            files=sorted(together, key=lambda one: _ANSWER_FILES.index(DeliverableKind(one.kind))),
        )
        for together in releases.values()
    ]


def messages_shown(case: Case) -> QuerySet[Message]:
    """What the person wrote and what staff wrote to them; no note, and no automatic mail: it may hold a code."""
    both_ways = Q(direction=Direction.INBOUND) | Q(direction=Direction.OUTBOUND, author__isnull=False)
    return Message.objects.filter(both_ways, case=case).prefetch_related("files")


def _released(case: Case) -> QuerySet[Deliverable]:
    return Deliverable.objects.filter(case=case, state=DeliverableState.RELEASED)


# ---- downloads -------------------------------------------------------------------------------------------------------


@portal_page
@require_GET
def track_download(request: HttpRequest, case: Case, portal: Portal, pk: int) -> HttpResponseBase:
    """One released file of this case, as an attachment; each download is journaled (GDPR art. 5(2))."""
    deliverable = get_object_or_404(_released(case).select_related("stored_file__key"), pk=pk)
    if deliverable.expires_at is not None and deliverable.expires_at <= datetime.now(UTC):
        return redirect("track-case", case.organisation.slug)
    needed = second_channel_needed(deliverable)
    if needed and not portal.second_channel:
        return channel_asked(request, case, portal, "")
    deliverable.case = case
    try:
        content = file_stream(deliverable.stored_file)
    except DomainError as error:
        log.error("deliverable %s of %s cannot be read: %s", deliverable.pk, case.reference, error.code)
        return case_page_shown(request, case, portal, MessageForm(), problem=error)
    services.deliverable_downloaded(
        deliverable=deliverable, opened_by=portal.opened_by, second_channel=portal.second_channel if needed else ""
    )
    return attachment(deliverable.stored_file, content, deliverable.stored_file.content_type)


@portal_page
@require_GET
def track_file(request: HttpRequest, case: Case, portal: Portal, pk: int) -> HttpResponseBase:
    """One file of a message of this case, after the second channel; each download is journaled.

    What staff attach may bear data. What the person sent in may be an evidence of who they are: whoever holds only the
    mailbox, or only the receipt, must not read it, although the person has it already.
    """
    message = messages_shown(case).filter(files=pk).first()
    if message is None:
        raise Http404
    if not portal.second_channel:
        return channel_asked(request, case, portal, "")
    stored = StoredFile.objects.select_related("key").get(pk=pk)
    try:
        content = file_stream(stored)
    except DomainError as error:
        log.error("file %s of %s cannot be read: %s", stored.pk, case.reference, error.code)
        return case_page_shown(request, case, portal, MessageForm(), problem=error)
    services.message_file_downloaded(
        case=case,
        message=message,
        stored_file=stored,
        opened_by=portal.opened_by,
        second_channel=portal.second_channel,
    )
    return attachment(stored, content, "application/octet-stream")  # fixed: no browser runs what somebody sent


def channel_asked(request: HttpRequest, case: Case, portal: Portal, wanted: str) -> HttpResponse:
    """To the page of the second channel, and afterwards to the page of that URL name."""
    portal.wanted = wanted
    portal_save(request, portal)
    return redirect("track-code", case.organisation.slug)


def attachment(stored: StoredFile, content: Iterator[bytes], content_type: str) -> HttpResponseBase:
    """A file to keep, never shown inside our pages (DESIGN §7)."""
    response = StreamingHttpResponse(content, content_type=content_type)
    response.headers["Content-Length"] = str(stored.size)
    response.headers["Content-Disposition"] = content_disposition_header(True, stored.name) or "attachment"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["Cache-Control"] = "private, no-store"
    return response
