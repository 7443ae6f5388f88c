"""What letters, mails and the notice say about authorities: the organisation's, and that of the person's country."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from requests_app.correspondence import mail_context
from requests_app.letters import letter_html
from requests_app.models import Case, CaseRight, Decision
from requests_app.vocabulary import Review, Stage
from tests.factories import OrganisationFactory, a_case, member, right_of

pytestmark = pytest.mark.django_db

CHOICE = "of the country where you live or work"


def told(lives_in: str, language: str = "en", **fields: Any) -> tuple[str, str]:
    """What the letter, and what a mail says, for somebody of that country."""
    case = a_case(OrganisationFactory.create(**fields), rights=("access",), language=language)
    Case.objects.filter(pk=case.pk).update(country=lives_in)
    CaseRight.objects.filter(case=case).update(stage=Stage.DECIDED, outcome="refused")
    right = right_of(case, "access")
    Decision.objects.create(
        case_right=right, outcome="refused", author=member(case.organisation), written_at=case.received_at,
        review=Review.APPROVED, ground="12_5_REPETITIVE", reasoning="As before.",
    )  # fmt: skip
    with translation.override(language):
        authority = mail_context(right.case, right.case.organisation)["authority"]
        return " ".join(letter_html(right.case, [right]).split()), f"{authority['line']} {authority['elsewhere']}"


def test_the_authority_of_the_organisation_is_named_with_its_address() -> None:
    for text in told(""):
        assert "French data protection authority (CNIL), 3 place de Fontenoy, TSA 80715, 75334 Paris" in text
        assert "https://www.cnil.fr/fr/plaintes" in text
        assert f"the authority {CHOICE}." in text


def test_the_authority_where_the_person_lives_is_named_with_its_address() -> None:
    for text in told("BE"):
        assert f"{CHOICE} (Belgium): Belgian Data Protection Authority (APD-GBA), Drukpersstraat 35" in text


def test_of_several_authorities_the_national_one_is_named_and_the_others_are_mentioned() -> None:
    for text in told("DE"):
        assert "(Germany). There the regions and some fields have authorities of their own" in text
        assert "Graurheindorfer Str. 153, 53117 Bonn" in text


@pytest.mark.parametrize(("jurisdiction", "zone"), [("GB-ENG", "Europe/London"), ("CH", "Europe/Zurich")])
def test_the_choice_is_not_told_where_the_law_has_none(jurisdiction: str, zone: str) -> None:
    for text in told("BE", jurisdiction=jurisdiction, time_zone=zone):
        assert "where you live or work" not in text
        assert "Belg" not in text


def test_only_a_french_organisation_names_the_french_court() -> None:
    assert "tribunal judiciaire" in told("BE")[0]
    assert "tribunal judiciaire" not in told("FR", country="BE", jurisdiction="BE")[0]


def test_the_notice_names_the_authority_with_its_address(client: Client) -> None:
    organisation = OrganisationFactory.create()
    page = client.get(reverse("public-notice", args=[organisation.slug]), headers={"accept-language": "en"})
    for part in ("French data protection authority (CNIL)", "3 place de Fontenoy", CHOICE):
        assert part in page.content.decode()
