"""Tokens: made and revoked by their member, shown once, and known again by nobody but by their hash."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from dsar.core.errors import DomainError, NotAllowed
from dsar.core.models import AuditEvent, Organisation, User
from dsar.core.roles import Role
from requests_app.models import ApiToken
from requests_app.services import api_token_add, api_token_by_text, api_token_revoke
from tests.factories import MembershipFactory, actor_for, member

pytestmark = pytest.mark.django_db


def test_a_token_is_long_and_kept_hashed(organisation: Organisation, handler: User) -> None:
    added = api_token_add(organisation=organisation, name=" invoices ", actor=actor_for(handler, organisation))
    assert re.fullmatch(r"dsar_[0-9A-HJKMNP-TV-Z]{32}", added.text)
    stored = ApiToken.objects.values().get()
    assert added.text not in str(stored)
    assert stored["name"] == "invoices"
    assert api_token_by_text(added.text) == added.token
    assert api_token_by_text(added.text.lower()) is None
    event = AuditEvent.objects.get(kind="api_token.added")
    assert (event.actor, event.facts) == (handler, {"api_token": added.token.pk})
    assert event.chain.key == f"organisation:{organisation.slug}"


def test_a_revoked_token_opens_nothing(organisation: Organisation, handler: User) -> None:
    added = api_token_add(organisation=organisation, name="x", actor=actor_for(handler, organisation))
    api_token_revoke(token=added.token)
    api_token_revoke(token=added.token)
    assert api_token_by_text(added.text) is None
    assert AuditEvent.objects.filter(kind="api_token.revoked").count() == 1


def test_after_a_rotation_of_the_master_key_tokens_still_open(
    organisation: Organisation, handler: User, settings: object
) -> None:
    added = api_token_add(organisation=organisation, name="x", actor=actor_for(handler, organisation))
    settings.MASTER_KEYS_PREVIOUS = [settings.MASTER_KEY]  # type: ignore[attr-defined]
    settings.MASTER_KEY = "another"  # type: ignore[attr-defined]
    assert api_token_by_text(added.text) == added.token


def test_who_reads_no_cases_makes_no_token(organisation: Organisation) -> None:
    for role in (Role.CONTRIBUTOR, Role.ADMINISTRATOR):
        with pytest.raises(NotAllowed):
            api_token_add(
                organisation=organisation, name="x", actor=actor_for(member(organisation, role), organisation)
            )
    with pytest.raises(DomainError, match="what will use"):
        api_token_add(organisation=organisation, name=" ", actor=actor_for(member(organisation), organisation))


def test_the_page_shows_a_token_once(client: Client, organisation: Organisation, handler: User) -> None:
    client.force_login(handler)
    assert "You have made no token." in client.get(reverse("desk-tokens")).content.decode()
    made = client.post(reverse("api-token-add"), {"name": "my scripts"})
    found = re.search(r"dsar_\w{32}", made.content.decode())
    assert found is not None
    token = api_token_by_text(found[0])
    assert token is not None and (token.user, token.organisation) == (handler, organisation)
    later = client.get(reverse("desk-tokens")).content.decode()
    assert "<h3>my scripts</h3>" in later and found[0] not in later
    assert made.headers["Cache-Control"].count("no-store")
    client.post(reverse("api-token-revoke", args=[token.pk]))
    assert api_token_by_text(found[0]) is None
    assert "You have made no token." in client.get(reverse("desk-tokens")).content.decode()


def test_the_page_asks_for_which_organisation_where_there_are_several(
    client: Client, organisation: Organisation, handler: User
) -> None:
    second = MembershipFactory.create(user=handler, role=Role.AUDITOR).organisation
    unread = MembershipFactory.create(user=handler, role=Role.ADMINISTRATOR).organisation
    client.force_login(handler)
    page = client.get(reverse("desk-tokens")).content.decode()
    assert second.name in page and unread.name not in page
    assert client.post(reverse("api-token-add"), {"name": "x"}).status_code == 422
    assert client.post(reverse("api-token-add"), {"name": "x", "organisation": unread.slug}).status_code == 422
    assert client.post(reverse("api-token-add"), {"name": "x", "organisation": second.slug}).status_code == 200
    assert ApiToken.objects.get().organisation == second


def test_nobody_revokes_the_token_of_another(client: Client, organisation: Organisation, handler: User) -> None:
    added = api_token_add(organisation=organisation, name="theirs", actor=actor_for(handler, organisation))
    client.force_login(member(organisation, Role.DPO))
    assert "theirs" not in client.get(reverse("desk-tokens")).content.decode()
    assert client.post(reverse("api-token-revoke", args=[added.token.pk])).status_code == 404
    assert api_token_by_text(added.text) is not None
