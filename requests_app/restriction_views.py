"""Data that are only stored: restricted, looked at again, and told to the person before it ends (GDPR art. 18)."""

from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _

from dsar.core.roles import Act
from requests_app import services
from requests_app.desk_access import case_or_404, desk_act, desk_page, right_or_404
from requests_app.desk_acts import act, form_of, letter_shown
from requests_app.desk_forms import CaseForm
from requests_app.duty_forms import LiftingForm, LiftingPostForm, ProlongForm, RestrictForm
from requests_app.letters import lifting_html
from requests_app.models import Case, Restriction


def restriction_or_404(case: Case, code: str) -> Restriction:
    """The restriction in force on a right of this case."""
    case_right = right_or_404(case, code)
    restriction: Restriction | None = (
        case_right.restrictions.in_force().select_related("mail", "announced_by", "review_task").first()
    )
    if restriction is None:
        raise Http404
    restriction.case_right = case_right
    return restriction


@desk_act
def restriction_begin(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Restrict data, as asked or while a right is examined."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    case_right, key = right_or_404(case, right), f"restriction_begin:{right}"
    form = form_of(
        request, case, RestrictForm, key=key, grounds=services.restriction_grounds(case_right), language=case.language,
    )
    done = _("The data are restricted. Have them marked where they are, and the recipients told.")
    return act(
        request, case, form, services.restriction_begin, key=key, done=done, anchor=f"right-{right}",
        case_right=case_right,
    )


@desk_act
def restriction_prolong(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Let a restriction go on."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    key = f"restriction_prolong:{right}"
    form = form_of(request, case, ProlongForm, key=key)
    return act(
        request, case, form, services.restriction_prolong, key=key, done=_("The restriction goes on."),
        anchor=f"restriction-{right}", restriction=restriction_or_404(case, right),
    )


@desk_act
def lifting_announce(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Write the letter before lifting."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    key = f"lifting_announce:{right}"
    form = form_of(request, case, LiftingForm, key=key, language=case.language)
    done = _("The letter is written. Lift the restriction once it has left.")
    return act(
        request, case, form, services.lifting_announce, key=key, done=done, anchor=f"restriction-{right}",
        restriction=restriction_or_404(case, right),
    )


@desk_act
def lifting_post(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """The printed letter before lifting has left."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    key = f"lifting_post:{right}"
    form = form_of(request, case, LiftingPostForm, key=key)
    done = _("The letter has left, and the restriction may be lifted.")
    return act(
        request, case, form, services.lifting_post, key=key, done=done, anchor=f"restriction-{right}",
        restriction=restriction_or_404(case, right),
    )


@desk_act
def restriction_lift(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Let the data be used again."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    done = _("The restriction is lifted.")
    return act(
        request, case, CaseForm(request.POST), services.restriction_lift, key=f"restriction_lift:{right}", done=done,
        anchor=f"right-{right}", restriction=restriction_or_404(case, right),
    )


@desk_page
def lifting_letter(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """The letter before lifting as it leaves, to read and to print."""
    case = case_or_404(request, reference)
    restriction = restriction_or_404(case, right)
    if restriction.announced_at is None:
        raise Http404
    html = lifting_html(restriction)
    return letter_shown(request, html)
