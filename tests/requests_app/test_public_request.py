"""The public form: nothing typed is lost, nothing is stored before sending, and the same sending twice is one case."""

import re
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from dsar.core.models import Organisation
from requests_app.forms import incoming_from_form
from requests_app.incoming import RightInvoked
from requests_app.models import Case, PartyAddress
from tests.factories import OrganisationFactory, incoming

pytestmark = pytest.mark.django_db

ANSWERS: dict[str, Any] = {
    "right": ["access", "marketing_objection"],
    "detail_access": "Everything since 2023,\r\ncalls included.",
    "text": "You met me at “La Reliure”.",
    "name": "Camille Estève",
    "identifier": "4471 902 338",
    "email": "camille.esteve@example.org",
    "submission": "0123456789abcdef0123456789abcdef",
}


def form(client: Client, **fields: Any) -> Any:
    return client.post(reverse("public-request", args=["virelune"]), fields, headers={"Accept-Language": "en"})


def fields_of(page: str) -> dict[str, list[str]]:
    """What a browser would send again from this page, without pressing a button."""
    found: dict[str, list[str]] = {}
    for tag in re.findall(r"<input [^>]*>", page):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if attributes.get("type") in ("checkbox", "radio") and " checked" not in tag:
            continue
        if attributes.get("type") == "file":
            continue
        missing = "on" if attributes.get("type") == "checkbox" else ""
        found.setdefault(attributes["name"], []).append(unescape(attributes.get("value", missing)))
    for name, text in re.findall(r'<textarea name="(\w+)"[^>]*>\n?(.*?)</textarea>', page, re.DOTALL):
        found.setdefault(name, []).append(unescape(text))
    return found


def test_every_page_carries_what_was_typed_on_the_others(organisation: Organisation, client: Client) -> None:
    page, typed = "want", dict(ANSWERS)
    for go in ("next", "next", "next", "who", "want", "check"):
        response = form(client, **typed, page=page, go=go)
        kept = fields_of(response.content.decode())
        for name, value in ANSWERS.items():
            wanted = value if isinstance(value, list) else [value.replace("\r\n", "\n")]
            assert kept[name] == wanted, (page, go, name)
        page = kept["page"][0]
        typed = {name: kept[name] for name in kept if name not in ("page", "csrfmiddlewaretoken")}
    assert page == "check"
    assert Case.objects.count() == 0


def test_a_change_leads_back_to_the_check_page(organisation: Organisation, client: Client) -> None:
    check = form(client, **ANSWERS, page="reach", go="next").content.decode()
    typed = {name: values for name, values in fields_of(check).items() if name != "page"}
    changed = form(client, **{**typed, "name": "Camille Esteve"}, page="who", go="next").content.decode()
    assert "Check your request" in changed
    assert "Camille Esteve" in changed


def test_a_link_may_tick_a_box_and_nothing_else(organisation: Organisation, client: Client) -> None:
    page = client.get(reverse("public-request", args=["virelune"]), {"right": ["access", "nope"], "name": "x"})
    assert fields_of(page.content.decode())["right"] == ["access"]
    assert "name" not in fields_of(page.content.decode())


def test_too_much_is_refused_in_words(organisation: Organisation, client: Client) -> None:
    response = form(client, text="a" * 3_000_000, page="want", go="next")
    assert response.status_code == 400
    assert "what you typed is still in the form" in response.content.decode()


def test_sending_opens_one_case_however_often_the_button_is_pressed(organisation: Organisation, client: Client) -> None:
    first = form(client, **ANSWERS, page="check", go="send")
    second = form(Client(), **ANSWERS, page="check", go="send")
    assert first.status_code == second.status_code == 302
    case = Case.objects.get()
    assert [right.right for right in case.rights.all()] == ["access", "marketing_objection"]
    assert case.language == "en"
    assert case.rights.all()[0].detail == "Everything since 2023,\ncalls included."


def test_an_answer_changed_after_sending_is_not_lost(organisation: Organisation, client: Client) -> None:
    form(client, **ANSWERS, page="check", go="send")
    form(client, **{**ANSWERS, "text": "And at the fair."}, page="check", go="send")
    assert Case.objects.count() == 2


def test_a_ticked_box_and_a_way_back_are_all_that_is_needed(organisation: Organisation, client: Client) -> None:
    response = form(client, right="access", key_only="on", page="reach", go="send")
    assert response.status_code == 302
    assert PartyAddress.objects.count() == 0


def test_words_without_a_ticked_box_are_a_question(organisation: Organisation, client: Client) -> None:
    form(client, text="Who are you?", key_only="on", page="check", go="send")
    assert [right.right for right in Case.objects.get().rights.all()] == ["question"]


def test_a_follow_up_whose_box_is_not_ticked_was_not_asked(organisation: Organisation, client: Client) -> None:
    form(client, right="access", detail_question="Hidden", key_only="on", page="check", go="send")
    assert [(right.right, right.detail) for right in Case.objects.get().rights.all()] == [("access", "")]


@pytest.mark.parametrize(
    ("page", "typed", "message"),
    [
        ("want", {}, "Tick at least one request"),
        ("want", {"right": "access", "detail_access": "a" * 5_001}, "5000 characters at most, yours has 5001"),
        ("reach", {"right": "access"}, "Give one way to reach you"),
        ("reach", {"right": "access", "email": "camille@nowhere"}, "Write a complete e-mail address"),
        ("reach", {"right": "access", "phone": "call me"}, "Write a phone number with its digits"),
        ("reach", {"right": "access", "email": "a" * 250 + "@example.org"}, "254 characters at most"),
    ],
)
def test_a_mistake_says_what_to_do_and_keeps_what_was_typed(
    organisation: Organisation, client: Client, page: str, typed: dict[str, str], message: str
) -> None:
    content = form(client, **typed, page=page, go="next").content.decode()
    assert message in content
    assert "<title>Error: " in content
    assert 'role="alert"' in content
    assert content.index('role="alert"') < content.index("<h1>")
    for name, value in typed.items():
        assert fields_of(content)[name] == [value]
    assert Case.objects.count() == 0


def test_sending_with_a_mistake_shows_its_page(organisation: Organisation, client: Client) -> None:
    content = form(client, **{**ANSWERS, "email": "nobody"}, page="check", go="send").content.decode()
    assert "How do we reach you?" in content
    assert "Write a complete e-mail address" in content


def test_the_language_changes_without_losing_what_was_typed(organisation: Organisation, client: Client) -> None:
    response = form(client, **{**ANSWERS, "email": "not yet an addr"}, page="reach", lang="fr")
    content = response.content.decode()
    assert '<html lang="fr">' in content
    assert fields_of(content)["email"] == ["not yet an addr"]
    assert 'role="alert"' not in content
    assert client.get(reverse("public-start", args=["virelune"])).headers["Content-Language"] == "fr"


def test_enter_goes_forward(organisation: Organisation, client: Client) -> None:
    """The first button that belongs to the form is the one that Enter presses."""
    content = form(client, **ANSWERS, page="want", go="next").content.decode()
    first = re.search(r'<button[^>]*form="request"[^>]*>', content)
    assert first is not None
    assert 'name="go" value="next"' in first[0]


def test_control_characters_are_no_text(organisation: Organisation, client: Client) -> None:
    form(client, right="access", name="Ca\x00mi\x1blle", text="a\tb\r\nc\x85", key_only="on", page="check", go="send")
    case = Case.objects.get()
    assert case.text == "a\tb\nc"
    assert case.data_subject is not None
    assert case.data_subject.name == "Camille"


def test_hostile_text_is_only_text(organisation: Organisation, client: Client) -> None:
    content = form(client, **{**ANSWERS, "name": '"><script>x</script>'}, page="reach", go="check").content.decode()
    assert "<script>x" not in content
    assert "&lt;script&gt;x" in content


@pytest.mark.parametrize("typed", [{}, {"page": "x", "go": "y"}, {"page": "send"}, {"right": "nope"}])
def test_a_tampered_form_is_only_a_form(organisation: Organisation, client: Client, typed: dict[str, str]) -> None:
    assert form(client, **typed).status_code == 200


def test_the_same_content_makes_the_same_request_as_any_other_door(organisation: Organisation) -> None:
    cleaned = {
        "right": ["marketing_objection", "access"],
        "detail_access": "",
        "detail_marketing_objection": "",
        "detail_question": "not asked",
        "text": "",
        "name": "Camille Estève",
        "identifier": "",
        "email": "camille.esteve@example.org",
        "phone": "",
        "postal": "",
        "key_only": False,
        "capacity": "data_subject",
        "subject_name": "",
        "subject_email": "",
        "country": "",
    }
    built = incoming_from_form(
        cleaned, organisation_slug="virelune", language="fr", received_at=datetime(2026, 3, 5, tzinfo=UTC)
    )
    assert built == incoming(organisation)
    assert built.rights == (RightInvoked("access"), RightInvoked("marketing_objection"))


def test_the_organisations_language_is_the_last_resort(organisation: Organisation, client: Client) -> None:
    path = reverse("public-start", args=["virelune"])
    assert client.get(path).headers["Content-Language"] == "fr"
    assert client.get(path, headers={"Accept-Language": "de, en;q=0.5"}).headers["Content-Language"] == "en"
    assert client.get(path, {"lang": "en"}).headers["Location"] == path
    assert client.get(path, headers={"Accept-Language": "fr"}).headers["Content-Language"] == "en"


def test_an_inactive_organisation_takes_no_requests(client: Client) -> None:
    OrganisationFactory.create(slug="asleep", is_active=False)
    assert client.get("/asleep/").status_code == 404
    assert "asleep" not in client.get("/").content.decode()


def test_a_demonstration_says_so_on_every_page(client: Client) -> None:
    OrganisationFactory.create(slug="virelune", is_demo=True)
    for path in ("/", "/virelune/", "/virelune/request/", "/virelune/notice/", "/virelune/track/"):
        page = client.get(path, headers={"Accept-Language": "en"}).content.decode()
        assert "This is a demonstration, not the service of any company." in page, path


def test_pages_hold_no_inline_style_or_script(organisation: Organisation, client: Client) -> None:
    for path in ("/", "/virelune/", "/virelune/request/", "/virelune/notice/", "/virelune/track/", "/virelune/sent/"):
        response = client.get(path)
        assert "'unsafe-inline'" not in response.headers["Content-Security-Policy"]
        assert not re.search(r"<script|<style| style=", response.content.decode()), path


@pytest.mark.parametrize(("colour", "served"), [("#D4A400", "#d4a400"), ("red;}*{", "#0b5d57")])
def test_the_colour_is_a_colour(client: Client, colour: str, served: str) -> None:
    OrganisationFactory.create(slug="virelune", brand_colour=colour)
    response = client.get(reverse("brand-css", args=["virelune"]))
    assert response.content.decode() == f":root{{--brand:{served}}}\n"
    assert "public" in response.headers["Cache-Control"]


def test_a_browser_may_go_back_to_a_page_of_the_form(organisation: Organisation, client: Client) -> None:
    """A page that may not be kept, or varies with a cookie that changed since, cannot be shown again from history."""
    response = form(client, **ANSWERS, page="want", go="next")
    assert "no-store" not in response.headers["Cache-Control"]
    assert "Vary" not in response.headers


@pytest.mark.parametrize("path", ["/", "/virelune/", "/virelune/request/", "/virelune/notice/"])
def test_pages_ask_the_database_little(
    organisation: Organisation, client: Client, path: str, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(2):
        assert client.get(path).status_code == 200
