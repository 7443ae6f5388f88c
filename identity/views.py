"""The page where a handler records how they checked who asks."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from dsar.core.errors import Conflict, DomainError, NotAllowed
from dsar.core.roles import Act
from identity.forms import IdentityCheckForm
from identity.models import IdentityCheck
from identity.services import identity_check_add as service_identity_check_add
from requests_app.case_page import conflict_message
from requests_app.desk_access import actor_in, case_or_404, desk_render, desk_view
from requests_app.models import Case, PartyAddress


@desk_view
def identity_check_add(request: HttpRequest, reference: str) -> HttpResponseBase:
    """The form with the checks recorded so far; POST records one more."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    if request.method != "POST":
        return _page(request, case, IdentityCheckForm(initial={"version": case.version}))
    form = IdentityCheckForm(request.POST)
    if form.is_valid():
        try:
            service_identity_check_add(case=case, actor=actor_in(request, case.organisation), **form.cleaned_data)
        except NotAllowed:
            raise
        except Conflict:
            case.refresh_from_db()
            form.renew(case.version)
            return _page(request, case, form, error=conflict_message(), status=409)
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, str(_("The identity check is recorded.")))
            return redirect("case-detail", case.reference)
    return _page(request, case, form, status=422)


def _page(
    request: HttpRequest, case: Case, form: IdentityCheckForm, *, error: str = "", status: int = 200
) -> HttpResponseBase:
    context = {
        "case": case,
        "form": form,
        "refused": [form] if form.errors else [],
        "error": error,
        "checks": IdentityCheck.objects.filter(case=case).select_related("by"),
        "addresses": PartyAddress.objects.filter(party__case=case, ended_at=None).select_related("party"),
        "section": "queue",
    }
    return desk_render(request, "identity/identity_check_add.html", context, status=status)
