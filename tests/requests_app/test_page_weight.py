"""Each public page weighs at most 60 kB as it goes over the wire to a cold browser: HTML, styles, scripts, images."""

import gzip
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from dsar.core.logos import LARGEST, logo_digest
from dsar.core.models import Logo, Organisation
from tests.factories import OrganisationFactory
from tests.journeys.site import REFERENCE, TRACKING_KEY
from tests.work import work_solved

pytestmark = pytest.mark.django_db

MOST = 60_000  # bytes
ANSWERS = {"right": "access", "email": "camille.esteve@example.org", "text": "Two words. " * 50}


@pytest.fixture
def organisation() -> Organisation:
    """One with a heavy logo, and every right."""
    logo = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 72
    assert len(logo) <= LARGEST
    organisation: Organisation = OrganisationFactory.create(slug="virelune", logo_digest=logo_digest(logo))
    Logo.objects.create(organisation=organisation, content=logo)
    return organisation


def weight(client: Client, content: bytes) -> int:
    """Bytes of the page and of everything it loads, each compressed where the server compresses it."""
    page = content.decode()
    links = re.findall(r'<link rel="(?:stylesheet|icon)" href="([^"]+)"', page)
    loaded = {*links, *re.findall(r'<(?:script|img) [^>]*?src="([^"]+)"', page)}
    return len(gzip.compress(content)) + sum(_part(client, address) for address in loaded)


def _part(client: Client, address: str) -> int:
    if address.startswith("/static/"):
        found = finders.find(address.removeprefix("/static/"))
        assert isinstance(found, str), address
        return len(gzip.compress(Path(found).read_bytes()))
    response = client.get(address)
    assert response.status_code == 200, address
    return len(response.content)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_each_public_page_is_light(organisation: Organisation, language: str) -> None:
    client = Client(headers={"Accept-Language": language})
    form = reverse("public-request", args=["virelune"])
    pages: dict[str, Any] = {
        path: client.get(path)
        for path in ("/", "/virelune/", form, "/virelune/notice/", "/virelune/embed/", "/virelune/track/")
    }
    for page in ("want", "who", "reach"):
        pages[page] = client.post(form, {**ANSWERS, "page": page, "go": "next"})
    work = work_solved(pages["reach"].content.decode())
    assert client.post(form, {**ANSWERS, "work": work, "page": "check", "go": "send"}).status_code == 302
    pages["receipt"] = client.get("/virelune/sent/")
    text = re.sub(r"<[^>]+>", " ", pages["receipt"].content.decode())
    (reference,), key = set(REFERENCE.findall(text)), TRACKING_KEY.findall(REFERENCE.sub("", text))[0]
    assert client.post("/virelune/track/", {"reference": reference, "key": key, "go": "key"}).status_code == 302
    for page in ("request", "withdraw", "address", "remedies"):
        pages[page] = client.get(f"/virelune/track/{page}/")
    weights = {name: weight(client, response.content) for name, response in pages.items()}
    assert all(response.status_code == 200 for response in pages.values())
    assert {name: bytes_ for name, bytes_ in weights.items() if bytes_ > MOST} == {}
    assert weights["/virelune/"] > LARGEST  # the logo was weighed too
