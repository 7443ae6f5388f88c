"""A case that must be kept: held for a claim or a procedure, or complained about at an authority."""

from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _

from dsar.core.roles import Act
from requests_app import services
from requests_app.desk_access import case_or_404, desk_view
from requests_app.desk_acts import act_back, act_done, act_page, form_of
from requests_app.hold_forms import ComplaintEndForm, ComplaintForm, HoldEndForm, HoldForm
from requests_app.models import Complaint


@desk_view
def hold_begin(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Keep everything of the case."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    form = form_of(request, case, HoldForm)
    if act_done(request, case, form, services.hold_begin, case=case):
        return act_back(request, case, _("The case is on hold."), "handling")
    return act_page(
        request, case, form,
        title=_("Put it on hold"),
        intro=_("Nothing of this case is purged until somebody ends the hold. Its clocks go on."),
        button=_("Put the case on hold"),
    )  # fmt: skip


@desk_view
def hold_end(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Let the retention periods count again."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    form = form_of(request, case, HoldEndForm)
    if act_done(request, case, form, services.hold_end, case=case):
        return act_back(request, case, _("The hold has ended."), "handling")
    return act_page(
        request, case, form,
        title=_("End the hold"),
        intro=_("The retention periods count again; what is over may be purged at once."),
        button=_("End the hold"),
    )  # fmt: skip


@desk_view
def complaint_record(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Somebody complained about this case at an authority."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    form = form_of(request, case, ComplaintForm, case=case)
    if act_done(request, case, form, services.complaint_record, case=case):
        return act_back(request, case, _("The complaint is recorded."), "handling")
    return act_page(
        request, case, form,
        title=_("Record a complaint at an authority"),
        intro=_("Nothing of this case is purged until the procedure ends. Everybody who reads the case sees it."),
        button=_("Record the complaint"),
    )  # fmt: skip


@desk_view
def complaint_end(request: HttpRequest, reference: str, number: int) -> HttpResponseBase:
    """The procedure at the authority is over."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    complaint: Complaint | None = case.complaints.select_related("authority").filter(pk=number).first()
    if complaint is None:
        raise Http404
    complaint.case = case
    form = form_of(request, case, ComplaintEndForm)
    if act_done(request, case, form, services.complaint_end, complaint=complaint):
        return act_back(request, case, _("The complaint has ended."), "handling")
    return act_page(
        request, case, form,
        title=_("End the complaint at %(authority)s") % {"authority": complaint.authority},
        intro=_("The retention periods count again, unless another complaint or a hold is in force."),
        button=_("End the complaint"),
    )  # fmt: skip
