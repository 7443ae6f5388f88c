"""What a person wants done after their death, and who may act for a person who died (loi 78-17 art. 85)."""


from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _

from dsar.core.roles import Act
from requests_app import services
from requests_app.desk_access import case_or_404, desk_act, desk_view, right_or_404
from requests_app.desk_acts import act, act_back, act_done, act_page, form_of
from requests_app.desk_forms import CaseForm
from requests_app.duty_forms import CarryOutForm, DirectiveForm, EntitlementForm
from requests_app.models import Case, CaseRight, Directive
from requests_app.vocabulary import AddressKind


@desk_view
def directive_register(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Register what a person wants done after their death."""
    case_right = _directives_or_404(request, reference, right)
    form = form_of(request, case_right.case, DirectiveForm, initial=_person_known(case_right.case, None))
    if act_done(request, case_right.case, form, services.directive_register, case_right=case_right):
        return act_back(request, case_right.case, _("The directives are registered."), f"right-{right}")
    return act_page(
        request, case_right.case, form, "requests_app/directive_register.html", row=case_right, older=None
    )


@desk_view
def directive_replace(request: HttpRequest, reference: str, right: str, number: int) -> HttpResponseBase:
    """Put newer directives in the place of older ones."""
    case_right = _directives_or_404(request, reference, right)
    case, older = case_right.case, directive_or_404(case_right.case, number)
    form = form_of(request, case, DirectiveForm, initial=_person_known(case, older))
    if act_done(request, case, form, services.directive_replace, directive=older, case_right=case_right):
        return act_back(request, case, _("The directives are replaced."), f"right-{right}")
    return act_page(request, case, form, "requests_app/directive_register.html", row=case_right, older=older)


def _directives_or_404(request: HttpRequest, reference: str, right: str) -> CaseRight:
    """The right by which a living person gives directives, on a case that the member works on."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    if right != "directives":
        raise Http404
    return right_or_404(case, right)


@desk_act
def directive_revoke(request: HttpRequest, reference: str, right: str, number: int) -> HttpResponseBase:
    """The person takes their directives back."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    case_right = right_or_404(case, right)
    return act(
        request, case, CaseForm(request.POST), services.directive_revoke, key=f"directive_revoke:{number}",
        done=_("The directives are revoked."), anchor=f"right-{right}", directive=directive_or_404(case, number),
        case_right=case_right,
    )


@desk_act
def directive_carry_out(request: HttpRequest, reference: str, right: str, number: int) -> HttpResponseBase:
    """What the person wanted after their death is done."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    case_right, key = right_or_404(case, right), f"directive_carry_out:{number}"
    form = form_of(request, case, CarryOutForm, key=key)
    return act(
        request, case, form, services.directive_carry_out, key=key, done=_("The directives are carried out."),
        anchor=f"right-{right}", directive=directive_or_404(case, number), case_right=case_right,
    )


@desk_act
def directives_looked_for(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Note that the directives of the person who died were looked for."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    done = _("It is noted that the directives were looked for, and what was found.")
    return act(
        request, case, CaseForm(request.POST), services.directives_looked_for, key=f"directives_looked_for:{right}",
        done=done, anchor=f"right-{right}", case_right=right_or_404(case, right),
    )


@desk_act
def entitlement_record(request: HttpRequest, reference: str, right: str) -> HttpResponseBase:
    """Record why whoever asks may act for a person who died."""
    case = case_or_404(request, reference, Act.CASE_WORK)
    key = f"entitlement_record:{right}"
    known = [found.directive for found in services.directives_found(case)]
    form = form_of(request, case, EntitlementForm, key=key, directives=known)
    done = _("The entitlement is recorded. No document is kept.")
    return act(
        request, case, form, services.entitlement_record, key=key, done=done, anchor=f"right-{right}",
        case_right=right_or_404(case, right),
    )


def directive_or_404(case: Case, number: int) -> Directive:
    """Directives of the case's organisation, which knows them beyond the case in which they were registered."""
    directive = Directive.objects.filter(organisation=case.organisation, pk=number).first()
    if directive is None:
        raise Http404
    return directive


def _person_known(case: Case, older: Directive | None) -> dict[str, str]:
    """What the form starts from: the older directives, else what the case knows of the person."""
    if older is not None:
        fields = ("kind", "text", "name", "email", "identifier", "executor")
        return {name: str(getattr(older, name)) for name in fields}
    person = case.data_subject
    addresses = list(person.addresses.all()) if person else []
    values = {address.kind: address.value for address in reversed(addresses)}
    return {
        "name": person.name if person else "",
        "email": values.get(AddressKind.EMAIL, ""),
        "identifier": values.get(AddressKind.IDENTIFIER, ""),
    }
