"""Where somebody turns who is not satisfied: the authorities, as letters and pages name them (GDPR arts. 12(4), 77)."""

from dataclasses import dataclass

from dsar.core.models import SupervisoryAuthority
from dsar.core.texts import localised
from requests_app.models import Case


@dataclass(frozen=True)
class AuthorityShown:
    """One supervisory authority, in the active language."""

    name: str
    address: str
    url: str
    is_ours: bool  # the organisation's; the others are where the person lives or works


def authorities_of(case: Case) -> list[AuthorityShown]:
    """The organisation's authority, then those of where the person lives, when the country is known (GDPR art. 77(1)).

    This is the one place that says which authorities a person may turn to.
    """
    ours = case.organisation.authority
    found = [_shown(ours, is_ours=True)]
    if case.organisation.under_gdpr and case.country:
        theirs = SupervisoryAuthority.objects.filter(country=case.country).exclude(pk=ours.pk).order_by("code")
        found += [_shown(authority, is_ours=False) for authority in theirs]
    return found


def _shown(authority: SupervisoryAuthority, *, is_ours: bool) -> AuthorityShown:
    url = authority.complaint_url or authority.website
    return AuthorityShown(localised(authority.name), authority.address, url, is_ours)
