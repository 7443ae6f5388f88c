"""Where somebody turns who is not satisfied: the authorities, as letters and pages name them (GDPR arts. 12(4), 77)."""

from dataclasses import dataclass

from dsar.core.authorities import authority_near
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
    is_one_of_several: bool = False  # the national one of a country whose regions and fields have their own


def authorities_of(case: Case) -> list[AuthorityShown]:
    """The organisation's authority, then that of where the person lives, as the letters name them (GDPR art. 77(1))."""
    found = [_shown(case.organisation.authority, is_ours=True)]
    near = authority_near(case.organisation, case.country)
    return [*found, _shown(near.authority, is_ours=False, is_one_of_several=near.is_one_of_several)] if near else found


def _shown(
    authority: SupervisoryAuthority, *, is_ours: bool, is_one_of_several: bool = False
) -> AuthorityShown:
    url = authority.complaint_url or authority.website
    return AuthorityShown(localised(authority.name), authority.address, url, is_ours, is_one_of_several)
