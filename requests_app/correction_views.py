"""What was understood of a request is put right: who asks, which right is meant, and that two cases are one."""

from django.forms import HiddenInput
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext_lazy as _

from dsar.core.roles import Act
from requests_app import services
from requests_app.correction_forms import IntakeForm, MergeForm, ReclassifyForm
from requests_app.desk_access import case_or_404, desk_page, desk_render, desk_view, member, right_or_404
from requests_app.desk_acts import act_back, act_done, act_page, form_of
from requests_app.further_acts import act_groups, handling_of
from requests_app.models import Case
from requests_app.references import reference_parse


@desk_page
def case_acts(request: HttpRequest, reference: str) -> HttpResponse:
    """Every further act in plain words, each with its page."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    handling = handling_of(case, member(request))
    groups = act_groups(case, list(case.rights.all()), handling)
    context = {"case": case, "groups": groups, "handling": handling, "section": "queue"}
    return desk_render(request, "requests_app/case_acts.html", context)


@desk_view
def intake_correct(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Correct what was understood of whoever asks."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    form = form_of(request, case, IntakeForm, case=case)
    if act_done(request, case, form, services.intake_correct, case=case):
        return act_back(request, case, _("The corrections are saved."), "person")
    return act_page(
        request, case, form,
        title=_("Correct who asks and how to reach them"),
        intro=_(
            "What stood here before stays in the journal. After another name or another requester, look again at how "
            "identity was established, and ask the data sources again if they have been asked."
        ),
        button=_("Save the corrections"),
    )  # fmt: skip


@desk_view
def case_right_reclassify(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Read a request as another right."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    case_right = right_or_404(case, right)
    form = form_of(request, case, ReclassifyForm, case_right=case_right)
    if act_done(request, case, form, services.case_right_reclassify, case_right=case_right):
        return act_back(request, case, _("The right is changed, and the person is told."), "rights")
    return act_page(
        request, case, form,
        title=_("Read “%(right)s” as another right") % {"right": case_right.definition.name},
        intro=_(
            "It arrived when it arrived: the clock stays. The checklist and the tasks become those of the other right, "
            "and the person is told on the tracking page."
        ),
        button=_("Change the right"),
    )  # fmt: skip


@desk_view
def case_merge(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Join this case with an earlier one of the same person; both are compared first."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    user = member(request)
    visible = Case.objects.visible_to(user).select_related("organisation", "key")
    cases = visible.filter(organisation=case.organisation_id)
    asked = request.POST.get("into", "") or request.GET.get("into", "")
    named = reference_parse(asked)
    into = cases.filter(reference=named).first() if named else None
    form = form_of(request, case, MergeForm, initial={"into": into.reference if into else ""}, cases=cases)
    if asked and into is None:
        form = MergeForm({"into": asked}, cases=cases)
    elif into is not None:
        form.fields["into"].widget = HiddenInput()  # what is merged is what was compared
    if act_done(request, case, form, services.case_merge, case=case):
        return act_back(request, case, _("The two cases are one now."), "handling")
    return act_page(
        request, case, form, "requests_app/case_merge.html",
        title=_("Merge the case into an earlier one of the same person"),
        intro=_(
            "The other case goes on, with the earlier clock. Messages, notes, files and addresses join it, and this "
            "case is closed. Addresses that join must be confirmed anew."
        ),
        button=_("Merge the two cases"),
        into=into,
        differences=services.merge_differences(case, into) if into else [],
        twins=handling_of(case, user).twins if into is None else [],
    )  # fmt: skip
