"""The receipt: shown to the browser that sent, with a key that is stored nowhere."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from requests_app.models import Case
from requests_app.tracking import tracking_key_hash
from tests.factories import RECEIVED_AT, OrganisationFactory
from tests.work import work_solved

pytestmark = pytest.mark.django_db

SENT = "/virelune/sent/"


def send(client: Client, *, work: bool = True, **fields: Any) -> Any:
    OrganisationFactory.create(slug="virelune")
    answers = {
        "right": ["access", "marketing_objection"],
        "email": "camille.esteve@example.org",
        "page": "check",
        "go": "send",
        **fields,
    }
    client.cookies["django_language"] = "en"
    address = reverse("public-request", args=["virelune"])
    with time_machine.travel(RECEIVED_AT, tick=False):
        check = client.post(address, {**answers, "go": "check"}).content.decode()
        return client.post(address, {**answers, "work": work_solved(check) if work else ""})


def receipt(client: Client, at: timedelta = timedelta(minutes=1)) -> Any:
    with time_machine.travel(RECEIVED_AT + at, tick=False):
        return client.get(SENT)


def test_the_receipt_shows_reference_key_arrival_and_dates(client: Client) -> None:
    assert send(client).headers["Location"] == SENT
    page = receipt(client).content.decode()
    case = Case.objects.get()
    key = re.findall(r'class="big">([^<]+)<', page)[1]
    assert case.reference in page
    assert tracking_key_hash(key) == case.tracking_key_hash
    assert "Thu 5 March 2026, 18:42" in page
    assert "Tuesday 7 April 2026" in page  # the law: a month, then Sunday and Easter Monday
    assert "Monday 9 March 2026" in page  # our own two working days against advertising
    assert "Easter Monday" in page
    assert "c•••••@example.org" in page
    assert "camille.esteve" not in page


def test_a_reload_shows_the_same_receipt(client: Client) -> None:
    send(client)
    pages = [re.findall(r'class="big">([^<]+)<', receipt(client).content.decode()) for _ in range(2)]
    assert pages[0] == pages[1]
    assert Case.objects.count() == 1


def test_the_receipt_is_for_this_browser_and_two_hours(client: Client) -> None:
    send(client)
    assert receipt(client, timedelta(hours=2, minutes=1)).status_code == 404
    assert receipt(Client()).status_code == 404


def test_the_cookie_opens_no_other_organisation(client: Client) -> None:
    send(client)
    OrganisationFactory.create(slug="other")
    client.cookies["dsar_receipt"]["path"] = "/"
    assert client.get("/other/sent/").status_code == 404


def test_a_forged_cookie_is_no_receipt(client: Client) -> None:
    send(client)
    client.cookies["dsar_receipt"] = "f" * 64
    assert receipt(client).status_code == 404


def test_the_cookie_is_narrow_and_holds_nothing_typed(client: Client) -> None:
    cookie = send(client).cookies["dsar_receipt"]
    assert cookie["path"] == "/virelune/"
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert "camille" not in cookie.value


def test_a_receipt_put_away_is_gone(client: Client) -> None:
    send(client)
    client.post(SENT, {"go": "close"})
    assert receipt(client).status_code == 404


def test_without_an_address_no_mail_is_promised(client: Client) -> None:
    send(client, email="", key_only="on")
    page = receipt(client).content.decode()
    assert "Confirm your address" not in page
    assert "No mail came?" not in page


def test_a_request_that_a_person_looks_at_first_says_so_and_promises_no_mail(client: Client) -> None:
    send(client, work=False)
    page = receipt(client).content.decode()
    assert Case.objects.get().reference in page
    assert "A person looks at it." in page
    assert "Your request is accepted and its time runs." in page
    assert "Tuesday 7 April 2026" in page
    assert "Confirm your address" not in page
    assert "No mail came?" not in page
