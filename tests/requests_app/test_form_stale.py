"""A form that stood open longer than its safeguard: shown again with what was typed, never lost and never sent."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from dsar.core.models import Organisation
from requests_app.models import Case, FormFile
from tests.requests_app.test_public_request import ANSWERS, fields_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def careful() -> Client:
    """A browser whose tokens are checked, as those of real ones are."""
    return Client(enforce_csrf_checks=True, headers={"Accept-Language": "en"})


def form(client: Client, **fields: Any) -> Any:
    return client.post(reverse("public-request", args=["virelune"]), fields)


@pytest.mark.parametrize("page", ["want", "who", "reach", "check"])
def test_every_page_comes_back_with_what_was_typed_and_can_be_sent(
    organisation: Organisation, careful: Client, page: str
) -> None:
    careful.get(reverse("public-request", args=["virelune"]))
    careful.cookies.clear()  # the browser was closed, or its cookies were deleted
    stale = form(careful, **ANSWERS, page=page, go="send", csrfmiddlewaretoken="x" * 64)
    content = stale.content.decode()
    assert stale.status_code == 403
    assert "Nothing was sent, because this page had been open for long." in content
    assert 'role="alert"' in content
    kept = fields_of(content)
    assert kept["page"] == [page]
    assert kept["name"] == ["Camille Estève"]
    assert kept["submission"] == [ANSWERS["submission"]]
    assert sorted(kept["right"]) == ["access", "marketing_objection"]
    assert Case.objects.count() == 0
    assert form(careful, **{**kept, "page": "check", "go": "send"}).status_code == 302
    assert Case.objects.count() == 1


def test_it_speaks_the_readers_language(organisation: Organisation) -> None:
    page = form(Client(enforce_csrf_checks=True, headers={"Accept-Language": "fr"}), **ANSWERS, page="who")
    assert '<html lang="fr">' in page.content.decode()


def test_what_is_wrong_on_a_stale_page_is_not_judged_twice(organisation: Organisation, careful: Client) -> None:
    content = form(careful, page="want", go="next").content.decode()
    assert "Nothing was sent" in content
    assert "Tick at least one request" not in content


def test_a_page_that_is_not_ours_attaches_nothing(organisation: Organisation, careful: Client) -> None:
    file = SimpleUploadedFile("lettre.pdf", b"%PDF-1.4\n")
    response = form(careful, **ANSWERS, page="want", go="attach", files=[file])
    assert response.status_code == 403
    assert "choose your files again" in response.content.decode()
    assert FormFile.objects.count() == 0


def test_whoever_refuses_cookies_learns_another_way(organisation: Organisation, careful: Client) -> None:
    content = form(careful, **ANSWERS, page="check", go="send").content.decode()
    assert "allow cookies for this site" in content
    assert organisation.privacy_email in content


def test_an_organisation_that_is_not_there_is_still_not_there(careful: Client) -> None:
    assert careful.post("/nobody/request/", {"page": "want"}).status_code == 404


def test_other_pages_say_to_go_back(organisation: Organisation, careful: Client) -> None:
    response = careful.post(reverse("public-track", args=["virelune"]), {"reference": "x"})
    assert response.status_code == 403
    assert "Go back with the button of your browser" in response.content.decode()


def test_a_page_shown_again_after_an_error_can_go_back(organisation: Organisation, careful: Client) -> None:
    """What the browser keeps for its history must not depend on a cookie that has changed (FormHistoryMiddleware)."""
    response = form(careful, **ANSWERS, page="want", go="next")
    assert "Vary" not in response.headers
    assert "no-store" not in response.headers["Cache-Control"]
    assert re.search(r'name="csrfmiddlewaretoken" value="\w{64}"', response.content.decode())
