"""Signing in to the desk: errors in words, a forgotten password, and no way to make an account for oneself."""

import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import NoReverseMatch, reverse

from dsar.core.models import User
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

PASSWORD = "several words that only I put together"


@pytest.fixture
def user() -> User:
    someone = UserFactory.create(email="noor@staff.example", language="fr")
    someone.set_password(PASSWORD)
    someone.save()
    return someone


def test_the_right_password_opens_the_page_that_was_asked_for(client: Client, user: User) -> None:
    asked = reverse("desk-tasks")
    login = client.get(asked).headers["Location"]
    response = client.post(login, {"login": "Noor@Staff.example", "password": PASSWORD, "next": asked})
    assert response.headers["Location"] == asked
    assert client.get(asked).wsgi_request.user == user


def test_a_wrong_password_says_so_and_keeps_the_address(client: Client, user: User) -> None:
    response = client.post(reverse("account_login"), {"login": user.email, "password": "wrong"})
    page = response.content.decode()
    assert '<div class="errors" role="alert"' in page
    assert 'value="noor@staff.example"' in page
    assert "Error:" in page


def test_the_page_speaks_both_languages(client: Client) -> None:
    page = client.get(reverse("account_login"), {"lang": "fr"})
    assert '<html lang="fr">' in page.content.decode()
    assert '<html lang="fr">' in client.get(reverse("account_login")).content.decode()  # remembered


def test_a_forgotten_password_is_set_through_the_mailbox(client: Client, user: User) -> None:
    sent = client.post(reverse("account_reset_password"), {"email": user.email}, follow=True)
    assert "a mail with a link is on its way" in sent.content.decode()
    link = re.search(r"https?://[^/]+(/accounts/password/reset/key/\S+)", str(mail.outbox[0].body))
    assert link is not None
    form = client.get(link[1], follow=True)
    short = client.post(form.request["PATH_INFO"], {"password1": "short", "password2": "short"})
    assert 'role="alert"' in short.content.decode()
    new = "another handful of unlikely words"
    client.post(form.request["PATH_INFO"], {"password1": new, "password2": new})
    user.refresh_from_db()
    assert user.check_password(new)
    again = client.get(link[1], follow=True)
    assert "This link no longer works" in again.content.decode()


def test_an_unknown_address_gets_the_same_answer_and_no_mail(client: Client) -> None:
    sent = client.post(reverse("account_reset_password"), {"email": "nobody@staff.example"}, follow=True)
    assert "a mail with a link is on its way" in sent.content.decode()
    assert mail.outbox == []


def test_nobody_makes_an_account_for_themselves(client: Client) -> None:
    with pytest.raises(NoReverseMatch):
        reverse("account_signup")
    assert client.get("/accounts/signup/").status_code == 404


def test_a_closed_account_does_not_open(client: Client, user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)
    client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD}, follow=True)
    assert client.get(reverse("desk-queue")).status_code == 302
