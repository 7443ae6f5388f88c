"""What single rights ask beside an answer: recipients told, safeguards sent, statements, human reviews.

GDPR arts. 16, 19, 22 and 46.
"""

from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override as language_override

from dsar.core.roles import Act
from dsar.core.uploads import desk_limits, uploads_refusal, uploads_within
from requests_app import services
from requests_app.desk_access import case_or_404, desk_act, desk_view, right_or_404
from requests_app.desk_acts import act, act_back, act_done, act_page, form_of
from requests_app.desk_forms import CaseForm
from requests_app.duty_forms import HumanReviewForm, RecipientsForm, SafeguardsForm, StatementAttachForm, StatementForm
from requests_app.models import Case, Statement

# ---- recipients, art. 19 --------------------------------------------------------------------------------------------


@desk_view
def recipient_notice_set(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Every recipient to be told, and what became of telling those that are ticked."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    case_right = right_or_404(case, right)
    lines = list(case_right.recipient_notices.select_related("set_by"))
    form = form_of(request, case, RecipientsForm, initial={"state": "notified"}, lines=lines)
    if act_done(request, case, form, services.recipient_notice_set, case_right=case_right):
        return act_back(request, case, _("Saved."), f"recipients-{right}")
    return act_page(request, case, form, "requests_app/recipient_notice_set.html", row=case_right)


@desk_act
def recipient_notices_plan(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Add the recipients that came into the record since."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    done = _("Every recipient of the record has its line.")
    return act(
        request, case, CaseForm(request.POST), services.recipient_notices_plan, key=f"recipient_notices_plan:{right}",
        done=done, anchor=f"recipients-{right}", case_right=right_or_404(case, right),
    )


@desk_act
def recipients_tell(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Tell the person who the recipients are."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    done = _("The person can read who the recipients are.")
    return act(
        request, case, CaseForm(request.POST), services.recipients_tell, key="recipients_tell", done=done,
        anchor="timeline", case=case,
    )


@uploads_within(desk_limits)
@desk_view
def safeguards_send(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Send a copy of the safeguards of transfers, with documents."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    form = form_of(request, case, SafeguardsForm, language=case.language)
    if refusal := uploads_refusal(request):
        form.refuse(refusal, status=413)
    elif act_done(request, case, form, _safeguards_send, case=case):
        return act_back(request, case, _("The safeguards are sent."), "timeline")
    with language_override(case.language):
        stated = services.safeguards_stated(case.organisation)
    return act_page(request, case, form, "requests_app/safeguards_send.html", stated=stated)


@transaction.atomic  # a refusal keeps no file
def _safeguards_send(*, case: Case, documents: list[Any], **fields: Any) -> None:
    files = services.uploads_keep(case=case, uploads=documents, limits=desk_limits())
    services.safeguards_send(case=case, files=files, **fields)


# ---- rectification, art. 16 -----------------------------------------------------------------------------------------


@desk_act
def statement_add(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Note the person's own statement."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    key = f"statement_add:{right}"
    done = _("The statement is noted. A task asks to put it beside the data.")
    form = form_of(request, case, StatementForm, key=key)
    return act(
        request, case, form, services.statement_add, key=key, done=done, anchor=f"right-{right}",
        case_right=right_or_404(case, right),
    )


@desk_act
def statement_attach(request: HttpRequest, reference: str, right: str, number: int) -> HttpResponseBase:
    """The statement stands beside the data."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    case_right, key = right_or_404(case, right), f"statement_attach:{number}"
    statement: Statement | None = case_right.statements.filter(pk=number).first()
    if statement is None:
        raise Http404
    statement.case_right = case_right
    form = form_of(request, case, StatementAttachForm, key=key)
    return act(
        request, case, form, services.statement_attach, key=key, done=_("The statement is attached."),
        anchor=f"right-{right}", statement=statement,
    )


# ---- automated decision, art. 22 ------------------------------------------------------------------------------------


@desk_view
def human_review_record(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Record that a person reviewed an automated decision."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    if right != "automated_decision":
        raise Http404
    case_right = right_or_404(case, right)
    form = form_of(request, case, HumanReviewForm, language=case.language)
    if act_done(request, case, form, services.human_review_record, case_right=case_right):
        return act_back(request, case, _("The review is recorded."), f"right-{right}")
    return act_page(request, case, form, "requests_app/human_review_record.html", row=case_right)
