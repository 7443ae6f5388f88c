"""What somebody can do who is not satisfied; and how the page tells what became of each right."""

from datetime import UTC, datetime, timedelta

import pytest

from dsar.core.models import SupervisoryAuthority
from requests_app import services
from requests_app.models import Case, CaseRight, Forwarding
from tests.factories import OrganisationFactory, SupervisoryAuthorityFactory, member, opened_case, right_of
from tests.requests_app.tracking import CASE, NOW, Person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock", "code_worker")]
REMEDIES = "/virelune/track/remedies/"


def test_the_remedies_are_named(person: Person) -> None:
    person.sign_in()
    assert REMEDIES in person.get(CASE).content.decode()
    page = person.get(REMEDIES).content.decode()
    for wanted in (
        "Ines Falk", "dpo@virelune.example", "French data protection authority", "https://www.cnil.fr/fr/plaintes",
        "tribunal judiciaire", "article 77", "article 79", "article 12(4)", f"{CASE}#messages",
    ):  # fmt: skip
        assert wanted in page, wanted


def test_the_authority_of_where_they_live_is_named_when_known(person: Person) -> None:
    Case.objects.filter(pk=person.case.pk).update(country="BE")
    person.sign_in()
    page = person.get(REMEDIES).content.decode()
    assert not SupervisoryAuthority.objects.filter(country="BE").exists()  # named from the data all the same
    assert "Belgian Data Protection Authority" in page
    assert "(where you live)" in page
    assert "authorities of their own" not in page


def test_where_a_country_has_several_the_page_says_that_it_names_the_national_one(person: Person) -> None:
    Case.objects.filter(pk=person.case.pk).update(country="DE")
    person.sign_in()
    assert "there the regions and some fields have authorities of their own" in person.get(REMEDIES).content.decode()


def test_outside_the_gdpr_its_articles_are_not_cited() -> None:
    ico = SupervisoryAuthorityFactory.create(code="ch-edoeb", country="CH", name={"en": "Swiss commissioner"})
    organisation = OrganisationFactory.create(
        slug="virelune", jurisdiction="CH", country="CH", time_zone="Europe/Zurich", authority=ico
    )
    opened = opened_case(organisation)
    abroad = Person(opened.case, opened.tracking_key)
    abroad.sign_in()
    page = abroad.get(REMEDIES).content.decode()
    assert "Swiss commissioner" in page
    assert "GDPR" not in page


def test_nobody_sees_it_without_a_session(person: Person) -> None:
    assert person.get(REMEDIES).headers["Location"] == "/virelune/track/"


# What became of each right


def outcome(case: Case, code: str, value: str) -> CaseRight:
    right = right_of(case, code)
    CaseRight.objects.filter(pk=right.pk).update(stage="answered", outcome=value, answered_at=datetime.now(UTC))
    return right


def test_a_forwarded_right_says_to_whom(person: Person) -> None:
    right = outcome(person.case, "access", "forwarded")
    forwarding = Forwarding.objects.create(
        case=person.case, to="client", name="Atelier Morin", why="They decide.", forwarded_at=NOW - timedelta(hours=3),
        forwarded_by=member(person.case.organisation),
    )  # fmt: skip
    forwarding.rights.add(right)
    person.sign_in()
    assert "passed your request on to Atelier Morin" in person.get(CASE).content.decode()


def test_a_merged_right_says_where_it_is_answered(person: Person) -> None:
    other = opened_case(person.case.organisation, submission="f" * 32).case
    for code in ("access", "marketing_objection"):
        outcome(person.case, code, "merged")
    Case.objects.filter(pk=person.case.pk).update(merged_into=other)
    person.sign_in()
    page = person.get(CASE).content.decode()
    assert f"together with your request {other.reference}" in page
    assert "We answer it together with your other request</h1>" in page


def test_a_reopened_right_says_since_when(person: Person) -> None:
    CaseRight.objects.filter(case=person.case, right="access").update(stage="in_progress", reopened_at=NOW)
    services.case_clock_refresh(case=person.case)
    person.sign_in()
    page = person.get(CASE).content.decode()
    assert ". We look at it again." in page
    assert "You wrote to us on Friday 6 March 2026" in page
