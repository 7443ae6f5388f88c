"""The page where a handler records how they checked who asks."""

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _

from dsar.core.roles import Act
from identity import services
from identity.forms import IdentityCheckForm
from identity.models import IdentityCheck
from requests_app.desk_access import case_or_404, desk_view
from requests_app.desk_acts import act_back, act_done, act_page, form_of
from requests_app.models import PartyAddress


@desk_view
def identity_check_add(request: HttpRequest, reference: str) -> HttpResponseBase:
    """The form with the checks recorded so far; POST records one more."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    form = form_of(request, case, IdentityCheckForm)
    if act_done(request, case, form, services.identity_check_add, case=case):
        return act_back(request, case, _("The identity check is recorded."), "person")
    return act_page(
        request, case, form, "identity/identity_check_add.html",
        checks=IdentityCheck.objects.filter(case=case).select_related("by"),
        addresses=PartyAddress.objects.known(case).select_related("party"),
    )  # fmt: skip
