"""The page of one case and the acts on it: each fetches and authorises in one call, then calls one service."""

from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override as language_override

from dsar.core.roles import Act
from dsar.core.uploads import desk_limits, uploads_refusal, uploads_within
from requests_app import services
from requests_app.desk_access import case_or_404, desk_act, desk_page, desk_render, right_or_404
from requests_app.desk_acts import act, act_back, act_done, case_render, letter_shown
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
    return act(
        request, case, CaseForm(request.POST), services.case_take, key="take", done=_("You handle this case now."),
        case=case,
    )


@desk_act
def case_close(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Close an answered case."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    return act(
        request, case, CaseForm(request.POST), services.case_close, key="close", done=_("The case is closed."),
        case=case,
    )


@desk_act
def case_vouch(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Let a request that a machine may have written go on like any other; its acknowledgement leaves now."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    done = _("The request goes on, and its acknowledgement leaves now.")
    return act(request, case, CaseForm(request.POST), services.case_vouch, key="vouch", done=done, case=case)


@desk_act
def case_right_add(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Add a right that the person invoked later."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    form = RightAddForm(request.POST, organisation=case.organisation, auto_id="right-add-%s")
    done = _("The right is added, with its own clock.")
    return act(request, case, form, services.case_right_add, key="right_add", done=done, anchor="rights", case=case)


@desk_act
def case_right_start(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Begin the work on a right."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    done = _("The work has begun.")
    return act(
        request, case, CaseForm(request.POST), services.case_right_start, key="start", done=done, anchor="rights",
        case_right=right_or_404(case, right),
    )


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
    done = _("Item %(code)s is saved.") % {"code": code}
    return act(
        request, case, form, services.checklist_item_set, key=f"item:{right}:{code}", done=done,
        anchor=f"right-{right}", item=item,
    )


@desk_act
def decision_submit(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Write the decision on a right."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    case_right = right_or_404(case, right)
    form = DecisionForm(
        request.POST, case_right=case_right, is_late=services.refusal_is_late(case_right),
        asked=services.asked_days(case_right, case.suspensions.all()), auto_id=f"decide-{right}-%s",
    )  # fmt: skip
    return act(
        request, case, form, services.decision_submit, key=f"decide:{right}", done=_("The decision is saved."),
        anchor=f"right-{right}", case_right=case_right,
    )


@desk_act
def decision_approve(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Approve a decision as the second person."""
    case = case_or_404(request, reference, Act.CASE_REVIEW)
    form = ReviewForm(request.POST, auto_id=f"decision_approve-{right}-%s")
    return act(
        request, case, form, services.decision_approve, key=f"decision_approve:{right}",
        done=_("The decision is approved."), anchor="release", decision=decision_or_404(case, right),
    )


@desk_act
def decision_send_back(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Send a decision back to its author."""
    case = case_or_404(request, reference, Act.CASE_REVIEW)
    form = SendBackForm(request.POST, auto_id=f"decision_send_back-{right}-%s")
    return act(
        request, case, form, services.decision_send_back, key=f"decision_send_back:{right}",
        done=_("The decision is sent back."), anchor=f"right-{right}", decision=decision_or_404(case, right),
    )


@desk_act
def decision_single_handed(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Let one's own decision stand, where nobody else may review it."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    form = SingleHandedForm(request.POST, auto_id=f"decision_single_handed-{right}-%s")
    return act(
        request, case, form, services.decision_single_handed, key=f"decision_single_handed:{right}",
        done=_("The decision stands. The register shows that one person took it."), anchor="release",
        decision=decision_or_404(case, right),
    )


@desk_act
def answer_release(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Release the answer; a passphrase is shown in this response and never again."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    form = ReleaseForm(request.POST, auto_id="release-%s")
    leaving = next(iter(services.letter_groups(case)), [])
    if not act_done(request, case, form, services.answer_release, case=case, rights=leaving):
        return case_render(request, case, {"release": form})
    return _passphrase_shown(request, case, form) or act_back(request, case, _("The answer is released."), "rights")


@desk_act
def answer_reseal(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Seal the answer again; the new passphrase is shown in this response and never again."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    form = ResealForm(request.POST, auto_id="reseal-%s")
    if not act_done(request, case, form, services.answer_reseal, case=case):
        return case_render(request, case, {"reseal": form})
    return _passphrase_shown(request, case, form) or act_back(request, case, _("The answer is sealed again."), "files")


def _passphrase_shown(request: HttpRequest, case: Case, form: DeskForm) -> HttpResponse | None:
    """The page with a passphrase, where there is one to tell."""
    if not form.result:
        return None
    context = {"case": case, "section": "queue", "passphrase": form.result, "by": form.cleaned_data["passphrase_by"]}
    return desk_render(request, "requests_app/answer_release.html", context)


@uploads_within(desk_limits)
@desk_act
def message_send(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Write to the person, with files."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    form = MessageForm(request.POST, request.FILES, auto_id="message-%s")
    if refusal := uploads_refusal(request):
        form.refuse(refusal, status=413)
        return case_render(request, case, {"message": form})
    done = _("The message is sent.")
    return act(request, case, form, _message_send, key="message", done=done, anchor="timeline", case=case)


@transaction.atomic  # a refusal keeps no file
def _message_send(*, case: Case, documents: list[Any], **fields: Any) -> None:
    files = services.uploads_keep(case=case, uploads=documents, limits=desk_limits())
    services.message_send(case=case, files=files, **fields)


@desk_act
def messages_read(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Mark what the person wrote as read."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    return act(
        request, case, DeskForm(request.POST), services.messages_read, key="read", done=_("Marked as read."),
        anchor="timeline", case=case,
    )


@desk_act
def note_add(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Add an internal note."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    form = NoteForm(request.POST, auto_id="note-%s")
    return act(
        request, case, form, services.note_add, key="note", done=_("The note is added."), anchor="timeline", case=case
    )


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
    return letter_shown(request, html)
