"""The list of supervisory authorities, and to whom a person may turn (GDPR art. 77)."""

import pytest
from django.core.exceptions import ValidationError

from dsar.core.authorities import authorities_for_country, authorities_known, authority_near, authority_row
from dsar.core.jurisdictions import COUNTRY_RULES, COUNTRY_ZONES
from dsar.core.models import SupervisoryAuthority
from tests.factories import OrganisationFactory

EEA = [country for country in COUNTRY_ZONES if COUNTRY_RULES.get(country, "EU") in ("EU", "FR")]


def test_each_country_of_the_area_has_one_national_authority_that_can_be_reached() -> None:
    for country in EEA:
        national = [one for one in authorities_for_country(country) if one.scope == SupervisoryAuthority.Scope.NATIONAL]
        assert len(national) == 1, country
        assert national[0].address, country
        assert national[0].website.startswith("http"), country


@pytest.mark.django_db
def test_each_authority_is_a_valid_row() -> None:
    for code in authorities_known():
        try:
            authority_row(code).full_clean()
        except ValidationError as error:
            pytest.fail(f"{code}: {error}")
    assert SupervisoryAuthority.objects.count() == len(authorities_known())
    assert authority_row("frcnil") == authority_row("frcnil")


def test_germany_has_several_the_national_one_first_churches_last() -> None:
    scopes = [authority.scope for authority in authorities_for_country("DE")]
    assert (scopes[0], scopes[1], scopes[-1]) == ("national", "regional", "sector")
    assert len(scopes) > 20
    assert authorities_for_country("XX") == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("jurisdiction", "country", "code", "several"),
    [
        ("FR", "BE", "beapd", False),
        ("FR", "DE", "debfdi", True),
        ("FR", "FR", "", False),  # the same as the organisation's own
        ("FR", "", "", False),
        ("FR", "GB", "", False),  # not the Regulation there
        ("FR", "ZZ", "", False),
        ("GB-ENG", "BE", "", False),  # British law knows its own commissioner only
        ("US-CA", "BE", "", False),
    ],
)
def test_whom_a_person_may_turn_to(jurisdiction: str, country: str, code: str, several: bool) -> None:
    near = authority_near(OrganisationFactory.build(jurisdiction=jurisdiction), country)
    if near is None:
        assert not code
    else:
        assert (near.authority.code, near.is_one_of_several) == (code, several)
