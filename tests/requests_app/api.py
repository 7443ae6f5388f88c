"""Steps for tests of the API: a request made through it, and calls as a program makes them."""

import json
from typing import Any

from django.test import Client

from dsar.core.actors import Actor
from dsar.core.models import Organisation, User
from requests_app.models import Case
from requests_app.services import OpenedCase, api_token_add, request_post
from requests_app.vocabulary import Channel
from tests.factories import actor_for, incoming

PROBLEM = "application/problem+json"


def opened_by_api(organisation: Organisation, key: str = "", **fields: Any) -> OpenedCase:
    """A request that came by the API, with its tracking key."""
    return request_post(
        incoming=incoming(organisation, channel=Channel.API, **fields),
        organisation=organisation,
        key=key,
        content="",
        actor=Actor.DATA_SUBJECT,
    )


def by_key(key: str) -> dict[str, str]:
    """The headers of a person."""
    return {"Authorization": f"Tracking-Key {key}"}


def by_token(user: User, organisation: Organisation) -> dict[str, str]:
    """The headers of a member's program, with a new token."""
    added = api_token_add(organisation=organisation, name="a program", actor=actor_for(user, organisation))
    return {"Authorization": f"Bearer {added.text}"}


def posted(client: Client, address: str, body: Any, **headers: str) -> Any:
    """A POST of JSON."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(address, json.dumps(body), content_type="application/json", headers=named)


def requests_at(organisation: Organisation) -> str:
    """Where requests are made and listed."""
    return f"/api/v1/organisations/{organisation.slug}/requests/"


def address_of(case: Case) -> str:
    """Where a request is read."""
    return f"/api/v1/requests/{case.reference}/"


def problem(response: Any, status: int) -> dict[str, Any]:
    """The problem of that status; its form is checked here for every test."""
    assert response.status_code == status, response.content
    assert response.headers["Content-Type"] == PROBLEM
    told: dict[str, Any] = response.json()
    assert told["status"] == status and told["type"] == "about:blank"
    assert told["title"] and told["detail"] and told["code"]
    return told
