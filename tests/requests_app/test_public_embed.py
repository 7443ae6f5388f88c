"""What webmasters copy: a link, a button in the organisation's colour, deep links; no cookie, no script."""

import re
from html import unescape
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.urls import reverse

from dsar.core.models import Organisation
from dsar.core.rights import RIGHTS
from tests.factories import OrganisationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def organisation() -> Organisation:
    return OrganisationFactory.create(slug="virelune", name="Librairies Virelune", brand_colour="#ffee00")


def luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_lines_to_copy_lead_to_the_form_in_the_readers_language(
    organisation: Organisation, client: Client, settings: Any
) -> None:
    settings.BASE_URL = "https://desk.example"
    page = client.get(reverse("public-embed", args=["virelune"]), headers={"Accept-Language": "en"}).content.decode()
    link, button = (unescape(one) for one in re.findall(r"<code>(.*?)</code>", page, re.DOTALL))
    assert 'href="https://desk.example/virelune/request/?lang=en"' in link
    assert 'src="https://desk.example/virelune/button.svg?lang=en"' in button
    assert re.search(r'alt="[^"]+"', button)
    for code in RIGHTS:
        assert f"https://desk.example/virelune/request/?right={code}&amp;lang=en" in page


def test_every_public_page_leads_to_it(organisation: Organisation, client: Client) -> None:
    assert reverse("public-embed", args=["virelune"]) in client.get("/virelune/").content.decode()


@pytest.mark.parametrize("language", ["fr", "en", "", "xx"])
def test_the_button_is_an_image_with_words_and_nothing_that_runs(
    organisation: Organisation, client: Client, language: str
) -> None:
    response = client.get(reverse("public-button", args=["virelune"]), {"lang": language})
    assert response.headers["Content-Type"] == "image/svg+xml"
    assert "public" in response.headers["Cache-Control"]
    assert "max-age=86400" in response.headers["Cache-Control"]
    assert not response.cookies
    assert "Cookie" not in response.headers.get("Vary", "")
    drawing = ElementTree.fromstring(response.content)  # noqa: S314 - our own
    assert {element.tag.rpartition("}")[2] for element in drawing.iter()} == {"svg", "rect", "text"}
    assert drawing.attrib["aria-label"]


def test_its_words_are_readable_whatever_the_colour(organisation: Organisation, client: Client) -> None:
    for colour in ("#ffee00", "#ffffff", "#000000", "#ff0000", "#3b4a9c", "broken!"):
        Organisation.objects.update(brand_colour=colour[:7])
        drawn = client.get(reverse("public-button", args=["virelune"])).content.decode()
        found = re.search(r'<rect [^>]*fill="(#[0-9a-f]{6})"', drawn)
        assert found is not None
        assert 1.05 / (luminance(found[1]) + 0.05) >= 4.5, colour


def test_there_is_no_button_of_nobody(client: Client) -> None:
    OrganisationFactory.create(slug="asleep", is_active=False)
    for slug in ("nobody", "asleep"):
        assert client.get(reverse("public-button", args=[slug])).status_code == 404
        assert client.get(reverse("public-logo", args=[slug])).status_code == 404
        assert client.get(reverse("public-embed", args=[slug])).status_code == 404
