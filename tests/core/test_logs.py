"""Addresses that hold a secret do not reach the log with it."""

import logging

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/calendar/s3cret.ics", "Not Found: /calendar/…"),
        ("/calendar/s3cret.ics/", "Not Found: /calendar/…"),
        ("/calendar/s3cret", "Not Found: /calendar/…"),
        ("/acme/confirm/s3cret/", "Not Found: /acme/confirm/…"),
        ("/acme/nowhere/", "Not Found: /acme/nowhere/"),
    ],
)
def test_what_was_not_found_is_named_without_its_secret(
    client: Client, caplog: pytest.LogCaptureFixture, path: str, logged: str
) -> None:
    assert client.get(path).status_code == 404
    assert [record.getMessage() for record in caplog.records if record.name == "django.request"] == [logged]
    assert "s3cret" not in caplog.text


def test_a_method_that_is_not_allowed_is_named_without_the_secret(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    assert client.post("/calendar/s3cret.ics").status_code == 405
    assert "Method Not Allowed (POST): /calendar/…" in caplog.text
    assert "s3cret" not in caplog.text


def test_a_form_without_its_token_is_named_without_the_secret(caplog: pytest.LogCaptureFixture) -> None:
    assert Client(enforce_csrf_checks=True).post("/acme/confirm/s3cret/").status_code == 403
    assert "/acme/confirm/…" in caplog.text
    assert "s3cret" not in caplog.text


def test_numbers_in_a_line_stay_numbers(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("django.request").warning("%d of %s", 3, "/calendar/s3cret.ics")
    assert "3 of /calendar/…" in caplog.text
