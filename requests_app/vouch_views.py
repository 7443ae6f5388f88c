"""The act of whoever looks at a request that a machine may have written."""

from functools import partial

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _

from dsar.core.roles import Act
from requests_app import services
from requests_app.case_views import act
from requests_app.desk_access import case_or_404, desk_act
from requests_app.desk_forms import CaseForm


@desk_act
def case_vouch(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Let the request go on like any other; its acknowledgement leaves now."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    done = _("The request goes on, and its acknowledgement leaves now.")
    return act(request, case, CaseForm(request.POST), partial(services.case_vouch, case=case), key="vouch", done=done)
