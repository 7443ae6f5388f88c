"""The addresses of the site that belong to no app: signing in, and what stays closed."""

import pytest
from django.core import mail
from django.test import Client

from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["signup/", "email/", "password/change/", "confirm-email/"])
def test_nobody_makes_or_changes_an_account_alone(client: Client, path: str) -> None:
    assert client.get(f"/accounts/{path}").status_code == 404


def test_a_forgotten_password_tells_nobody_who_has_an_account(client: Client) -> None:
    member = UserFactory.create()
    known = client.post("/accounts/password/reset/", {"email": member.email})
    assert [message.to for message in mail.outbox] == [[member.email]]
    stranger = client.post("/accounts/password/reset/", {"email": "nobody@elsewhere.example"})
    assert (stranger.status_code, stranger.headers["Location"]) == (known.status_code, known.headers["Location"])
    assert len(mail.outbox) == 1
