"""The page of one case and the acts on it: each fetches and authorises in one call, then calls one service."""

from collections.abc import Callable
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from csp.decorators import csp
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override as language_override

from dsar.core.actors import Actor
from dsar.core.errors import Conflict, DomainError, NotAllowed
from dsar.core.roles import Act
from dsar.core.uploads import STAFF, uploads_refusal, uploads_within
from requests_app import services
from requests_app.case_page import case_page, conflict_message
from requests_app.desk_access import (
    actor_in,
    case_or_404,
    desk_act,
    desk_page,
    desk_render,
    member,
    page_before,
    right_or_404,
)
from requests_app.desk_forms import (
    CaseForm,
    ChecklistForm,
    DecisionForm,
    DeskForm,
    MessageForm,
    NoteForm,
    ReleaseForm,
    ResealForm,
    ReviewForm,
    RightAddForm,
    SendBackForm,
    SingleHandedForm,
)
from requests_app.letters import letter_html
from requests_app.models import Case, ChecklistItem, Decision


@desk_page
def case_detail(request: HttpRequest, reference: str) -> HttpResponse:
    """The case with everything about it."""
    case = case_or_404(request, reference)
    return case_render(request, case)


def case_render(
    request: HttpRequest, case: Case, *, forms: dict[str, DeskForm] | None = None, error: str = "", status: int = 200
) -> HttpResponse:
    """The case page; `forms` keep what was typed and refused, `error` stands in the summary on top."""
    page = case_page(case.pk, member(request), show=request.GET.get("show", "all"), forms=forms)
    refused = list((forms or {}).values())
    context = {"page": page, "case": page.case, "refused": refused, "error": error, "section": "queue"}
    return desk_render(request, "requests_app/case_detail.html", context, status=status)


def act(
    request: HttpRequest,
    case: Case,
    form: DeskForm,
    service: Callable[..., object],
    *,
    key: str = "",
    done: str | Promise,
    anchor: str = "main",
    show: Callable[..., HttpResponse] | None = None,
) -> HttpResponseBase:
    """Call the service with the form's values and go back to the case; a refusal shows the page with what was typed.

    `service` takes `actor` and the cleaned fields. That page is the one of the case, with the form under `key`, or what
    `show(form, error=…, status=…)` makes. Times are typed in the organisation's time zone, whatever that of the member
    is: its law counts them. NotAllowed passes through: it is a 403 page.
    """

    def shown(**options: Any) -> HttpResponse:
        return show(form, **options) if show else case_render(request, case, forms={key: form}, **options)

    with timezone.override(ZoneInfo(case.organisation.time_zone)):
        if not form.is_valid():
            return shown(status=422)
    try:
        service(actor=actor_in(request, case.organisation), **form.cleaned_data)
    except NotAllowed:
        raise
    except Conflict:
        case.refresh_from_db(fields=["version"])
        form.renew(case.version)
        return shown(error=conflict_message(), status=409)
    except DomainError as refusal:
        form.refuse(refusal)
        return shown(status=422)
    messages.success(request, str(done))
    return back(request, case, anchor)


def back(request: HttpRequest, case: Case, anchor: str) -> HttpResponseRedirect:
    """To the page that the form came from, if it says so and is ours, else to the case."""
    return HttpResponseRedirect(page_before(request, f"{reverse('case-detail', args=[case.reference])}#{anchor}"))


def decision_or_404(case: Case, code: str) -> Decision:
    """The decision in force on a right of this case."""
    case_right = right_or_404(case, code)
    decision: Decision | None = case_right.decisions.select_related("author").last()
    if decision is None:
        raise Http404
    decision.case_right = case_right
    return decision


@desk_act
def case_take(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Handle this case from now on."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    service = partial(services.case_take, case=case)
    return act(request, case, CaseForm(request.POST), service, key="take", done=_("You handle this case now."))


@desk_act
def case_close(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Close an answered case."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    service = partial(services.case_close, case=case)
    return act(request, case, CaseForm(request.POST), service, key="close", done=_("The case is closed."))


@desk_act
def case_right_add(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Add a right that the person invoked later."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    form = RightAddForm(request.POST, organisation=case.organisation, auto_id="right-add-%s")
    service = partial(services.case_right_add, case=case)
    done = _("The right is added, with its own clock.")
    return act(request, case, form, service, key="right_add", done=done, anchor="rights")


@desk_act
def case_right_start(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Begin the work on a right."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    service = partial(services.case_right_start, case_right=right_or_404(case, right))
    done = _("The work has begun.")
    return act(request, case, CaseForm(request.POST), service, key="start", done=done, anchor="rights")


@desk_act
def checklist_item_set(request: HttpRequest, reference: str, right: str, code: str) -> HttpResponseBase:
    """Mark one item of the checklist."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    case_right = right_or_404(case, right)
    item = ChecklistItem.objects.filter(case_right=case_right, code=code).first()
    if item is None:
        raise Http404
    item.case_right = case_right
    form = ChecklistForm(request.POST, auto_id=f"{right}-{code}-%s")
    service = partial(services.checklist_item_set, item=item)
    done = _("Item %(code)s is saved.") % {"code": code}
    return act(request, case, form, service, key=f"item:{right}:{code}", done=done, anchor=f"right-{right}")


@desk_act
def decision_submit(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Write the decision on a right."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    case_right = right_or_404(case, right)
    form = DecisionForm(
        request.POST, case_right=case_right, is_late=services.refusal_is_late(case_right),
        asked=services.asked_days(case_right, case.suspensions.all()), auto_id=f"decide-{right}-%s",
    )
    service = partial(services.decision_submit, case_right=case_right)
    return act(
        request, case, form, service, key=f"decide:{right}", done=_("The decision is saved."), anchor=f"right-{right}"
    )


@desk_act
def decision_approve(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Approve a decision as the second person."""
    case = case_or_404(request, reference, Act.CASE_REVIEW)
    form = ReviewForm(request.POST, auto_id=f"decision_approve-{right}-%s")
    service = partial(services.decision_approve, decision=decision_or_404(case, right))
    return act(
        request, case, form, service, key=f"decision_approve:{right}", done=_("The decision is approved."),
        anchor="release",
    )


@desk_act
def decision_send_back(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Send a decision back to its author."""
    case = case_or_404(request, reference, Act.CASE_REVIEW)
    form = SendBackForm(request.POST, auto_id=f"decision_send_back-{right}-%s")
    service = partial(services.decision_send_back, decision=decision_or_404(case, right))
    return act(
        request, case, form, service, key=f"decision_send_back:{right}", done=_("The decision is sent back."),
        anchor=f"right-{right}",
    )


@desk_act
def decision_single_handed(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Let one's own decision stand, where nobody else may review it."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    form = SingleHandedForm(request.POST, auto_id=f"decision_single_handed-{right}-%s")
    service = partial(services.decision_single_handed, decision=decision_or_404(case, right))
    return act(
        request, case, form, service, key=f"decision_single_handed:{right}",
        done=_("The decision stands. The register shows that one person took it."), anchor="release",
    )


@desk_act
def answer_release(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Release the answer; a passphrase is shown in this response and never again."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    form = ReleaseForm(request.POST, auto_id="release-%s")
    told: dict[str, Any] = {}

    def release(*, actor: Actor, **fields: Any) -> None:
        leaving = next(iter(services.letter_groups(case)), [])
        told["passphrase"] = services.answer_release(case=case, rights=leaving, actor=actor, **fields)
        told["by"] = fields["passphrase_by"]

    response = act(request, case, form, release, key="release", done=_("The answer is released."), anchor="rights")
    return _passphrase_shown(request, case, told) or response


@desk_act
def answer_reseal(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Seal the answer again; the new passphrase is shown in this response and never again."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    form = ResealForm(request.POST, auto_id="reseal-%s")
    told: dict[str, Any] = {}

    def reseal(*, actor: Actor, **fields: Any) -> None:
        told["passphrase"] = services.answer_reseal(case=case, actor=actor, **fields)
        told["by"] = fields["passphrase_by"]

    response = act(request, case, form, reseal, key="reseal", done=_("The answer is sealed again."), anchor="files")
    return _passphrase_shown(request, case, told) or response


def _passphrase_shown(request: HttpRequest, case: Case, told: dict[str, Any]) -> HttpResponse | None:
    """The page with a passphrase, where there is one to tell."""
    if not told.get("passphrase"):
        return None
    return desk_render(request, "requests_app/answer_release.html", {"case": case, "section": "queue", **told})


@uploads_within(STAFF)
@desk_act
def message_send(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Write to the person, with files."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    form = MessageForm(request.POST, request.FILES, auto_id="message-%s")
    if refusal := uploads_refusal(request, STAFF):
        form.is_valid()
        form.refuse(refusal)
        return case_render(request, case, forms={"message": form}, status=413)

    @transaction.atomic
    def send(*, documents: list[Any], **fields: Any) -> None:
        stored = services.uploads_keep(case=case, uploads=documents, limits=STAFF)
        services.message_send(case=case, files=stored, **fields)

    return act(request, case, form, send, key="message", done=_("The message is sent."), anchor="timeline")


@desk_act
def messages_read(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Mark what the person wrote as read."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    service = partial(services.messages_read, case=case)
    return act(request, case, DeskForm(request.POST), service, key="read", done=_("Marked as read."), anchor="timeline")


@desk_act
def note_add(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Add an internal note."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    form = NoteForm(request.POST, auto_id="note-%s")
    service = partial(services.note_add, case=case)
    return act(request, case, form, service, key="note", done=_("The note is added."), anchor="timeline")


# The letter is a document of its own: its styles stand inside it, and nothing in it may run, load or lead away.
LETTER_POLICY = {
    "default-src": ["'none'"], "style-src": ["'unsafe-inline'"], "img-src": ["data:"], "font-src": ["data:"],
    "frame-ancestors": ["'none'"], "sandbox": [],
}  # fmt: skip


@desk_page
def letter_preview(request: HttpRequest, reference: str) -> HttpResponseBase:
    """The letter as it would leave now: on the right in review named in the address, else the one that leaves next."""
    case = case_or_404(request, reference)
    asked = request.GET.getlist("rights")
    rights = [row for row in case.rights.all() if row.right in asked] or next(iter(services.letter_groups(case)), [])
    if not rights or any(not row.outcome for row in rights):
        nothing = _("Nothing is decided yet, so there is no letter to read.")
        return case_render(request, case, error=str(nothing), status=422)
    with language_override(case.language):
        html = letter_html(case, rights)
    return csp(LETTER_POLICY)(lambda _request: HttpResponse(html))(request)
