"""A link and a code confirm a mailbox; following the link alone does nothing."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from requests_app.models import Case, Outgoing, PartyAddress
from tests.factories import RECEIVED_AT, OrganisationFactory, a_case

pytestmark = pytest.mark.django_db


@pytest.fixture
def case() -> Case:
    with time_machine.travel(RECEIVED_AT, tick=False):
        return a_case(OrganisationFactory.create(slug="virelune"), language="en")


def mailed(case: Case) -> tuple[str, str]:
    """Path of the link and code of the newest mail that has both."""
    body = Outgoing.objects.filter(case=case, body_text__contains="/confirm/").latest("pk").body_text
    link = re.search(r"http://localhost:8000(/\S+/confirm/\S+/)", body)
    code = re.search(r"\b(\d{6})\b", body.replace(link[0], "") if link else "")
    assert link is not None
    assert code is not None
    return link[1], code[1]


def confirmed(case: Case) -> bool:
    return PartyAddress.objects.get(party__case=case).confirmed_at is not None


def call(client: Client, method: str, path: str, after: timedelta = timedelta(hours=1), **fields: Any) -> Any:
    with time_machine.travel(RECEIVED_AT + after, tick=False):
        return getattr(client, method)(path, fields, headers={"Accept-Language": "en"})


def test_following_the_link_confirms_nothing(case: Case, client: Client) -> None:
    path, _code = mailed(case)
    for method in ("get", "head", "get"):
        assert call(client, method, path).status_code == 200
    assert not confirmed(case)


def test_the_code_confirms(case: Case, client: Client) -> None:
    path, code = mailed(case)
    assert call(client, "post", path, code=code, go="try").status_code == 302
    assert confirmed(case)
    page = call(client, "get", path).content.decode()
    assert "Your address is confirmed" in page
    assert "c•••••@example.org" in page
    assert "camille.esteve" not in page


def test_a_wrong_code_says_so_and_confirms_nothing(case: Case, client: Client) -> None:
    path, code = mailed(case)
    page = call(client, "post", path, code=f"{(int(code) + 1) % 10**6:06}", go="try").content.decode()
    assert "This is not the code. You can try 4 more times." in page
    assert "<title>Error: " in page
    assert not confirmed(case)


def test_after_two_weeks_a_new_mail_can_be_asked_for(case: Case, client: Client) -> None:
    path, code = mailed(case)
    late = timedelta(days=15)
    page = call(client, "post", path, after=late, code=code, go="try").content.decode()
    assert "This code is no longer valid. Ask for a new one." in page
    assert "Send me a new mail" in page
    assert "A new mail goes to" in call(client, "post", path, after=late, go="again").content.decode()
    new_path, new_code = mailed(case)
    assert new_path != path
    # The old link still says which address is meant; the newest code is the one that counts.
    assert call(client, "post", path, after=late, code=new_code, go="try").status_code == 302
    assert confirmed(case)


def test_a_link_of_another_organisation_or_none_leads_nowhere(case: Case, client: Client) -> None:
    OrganisationFactory.create(slug="other")
    path, _code = mailed(case)
    assert call(client, "get", path.replace("virelune", "other")).status_code == 404
    assert call(client, "get", "/virelune/confirm/nonsense/").status_code == 404


def test_the_copy_on_the_case_opens_nothing(case: Case) -> None:
    path, code = mailed(case)
    kept = " ".join(case.messages.values_list("body", flat=True))
    assert path not in kept
    assert code not in kept
