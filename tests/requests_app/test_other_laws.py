"""Where another law than the GDPR holds, no mail and no letter names the GDPR, its articles, or what comes with it."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from dsar.core.models import Organisation
from dsar.core.roles import Role
from requests_app.letters import certificate_html, extension_html, forwarding_html, lifting_html
from requests_app.models import Case, Extension, Outgoing
from requests_app.services import (
    breach_report,
    case_forward,
    extension_approve,
    extension_submit,
    lifting_announce,
    restriction_begin,
)
from requests_app.services.clocks import clock_extended, law_of
from tests.factories import OrganisationFactory, a_case, actor_for, member, right_of
from tests.requests_app.test_case_suspend import asked

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
LAWS = [("CH", "CH", "Europe/Zurich"), ("US", "US-CA", "America/Los_Angeles"), ("BR", "BR", "America/Sao_Paulo")]
GDPR = re.compile(r"GDPR|RGPD|1182/71|EDPB|CEPD")
ARTICLE = re.compile(r"\bart(?:icles?|s?\.)\s*\d", re.IGNORECASE)
OWN_LAW = re.compile(r"(?:Switzerland|Suisse|Brazil|Brésil|California|Californie),[^<\n]*")
DAYS = {"CH": "30", "US-CA": "45", "BR": "15"}


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(params=LAWS, ids=lambda law: law[1])
def organisation(request: pytest.FixtureRequest) -> Organisation:
    country, jurisdiction, zone = request.param
    return OrganisationFactory.create(country=country, jurisdiction=jurisdiction, time_zone=zone)


@pytest.fixture(params=["en", "fr"])
def case(organisation: Organisation, request: pytest.FixtureRequest) -> Case:
    """A case on which everything happens that writes to somebody."""
    organisation.language = request.param
    organisation.save()
    rights = ("access", "erasure", "restriction", "objection", "marketing_objection")
    return a_case(organisation, rights=rights, language=request.param)


def mails(case: Case) -> dict[str, str]:
    """Subject and both bodies of every mail of the case and of the staff, by what it is."""
    organisation = case.organisation
    return {
        mail.key.partition(":")[0]: f"{mail.subject}\n{mail.body_text}\n{mail.body_html}"
        for mail in Outgoing.objects.filter(organisation=organisation)
    }


def names_the_gdpr(text: str) -> list[str]:
    """What in the text is of the GDPR; the sources of this country's own law may have their articles."""
    shown = re.sub(r"<style>.*?</style>", "", unescape(text), flags=re.DOTALL)
    rest = OWN_LAW.sub("", shown.replace("\u00a0", " "))
    return GDPR.findall(rest) + ARTICLE.findall(rest)


def everything_written(case: Case) -> dict[str, str]:
    handler = actor_for(member(case.organisation), case.organisation)
    asked(case, "access", at=NOW - timedelta(hours=1))
    written = {"certificate": certificate_html(case, list(case.rights.all()))}
    restriction = restriction_begin(
        case_right=right_of(case, "restriction"), ground="c", scope="2025", review_on=date(2026, 4, 1), actor=handler
    )
    lifting_announce(restriction=restriction, reason="2026", actor=handler)
    written["lifting letter"] = lifting_html(restriction)
    forwarding = case_forward(
        case=case, rights=[right_of(case, "erasure")], why="Theirs.", text=case.text, name="Kiosque",
        email="dpo@kiosque.example", actor=handler,
    )  # fmt: skip
    written["forwarding letter"] = forwarding_html(forwarding)
    if law_of(right_of(case, "objection")).extended is not None:
        written["extension letter"] = extended(case)
    breach_report(case=case, what="", actor=handler)
    return {**written, **mails(case)}


def extended(case: Case) -> str:
    author, reviewer = member(case.organisation), member(case.organisation, Role.REVIEWER)
    extension = extension_submit(
        case_right=right_of(case, "objection"), reason="volume", reasoning="2026",
        actor=actor_for(author, case.organisation),
    )  # fmt: skip
    extension_approve(extension=extension, actor=actor_for(reviewer, case.organisation))
    extension = Extension.objects.select_related("case_right__case__organisation").get(pk=extension.pk)
    right = extension.case_right
    return extension_html(extension, clock_extended(right, NOW), law_of(right))


def test_nothing_that_leaves_names_the_gdpr(case: Case) -> None:
    member(case.organisation, Role.DPO)
    written = everything_written(case)
    wanted = {"acknowledgement", "question", "lifting", "forward", "passed_on", "breach"}
    assert wanted <= {key.replace("breach_alert", "breach") for key in written}
    assert {name: found for name, text in written.items() if (found := names_the_gdpr(text))} == {}


def test_the_acknowledgement_tells_the_time_that_this_law_gives(case: Case) -> None:
    text = mails(case)["acknowledgement"]
    words = {"en": "The law gives us {} days", "fr": "La loi nous donne {} jours"}[case.language]
    assert words.format(DAYS[case.organisation.jurisdiction]) in unescape(text).replace("\u00a0", " ")


def test_the_notice_of_the_desk_names_no_article_of_it(client: Client, organisation: Organisation) -> None:
    html = client.get(reverse("public-notice", args=[organisation.slug])).content.decode()
    assert not GDPR.search(html)
    assert "article 6" not in html


def test_in_the_united_kingdom_its_own_article_is_named() -> None:
    organisation = OrganisationFactory.create(country="GB", jurisdiction="GB-ENG", time_zone="Europe/London")
    text = mails(a_case(organisation, rights=("access",), language="en"))["acknowledgement"]
    assert "UK GDPR, article 12A" in text
    assert "1182/71" not in text
    assert "(article 15)" in text


def test_the_notice_says_on_what_each_purpose_rests(client: Client) -> None:
    organisation = OrganisationFactory.create()
    html = client.get(reverse("public-notice", args=[organisation.slug]), headers={"accept-language": "en"})
    text = html.content.decode()
    assert "Legal obligation: GDPR, article 6(1)(c), with articles 7(3), 12 and 15 to 22." in text
    assert "Legitimate interest: article 6(1)(f), to show the authority or a court" in text
    assert "object to what rests on our legitimate interest" in text
