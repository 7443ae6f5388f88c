"""The page that shows the API's document: from our own origin only, and without an inline script."""

import json
import re
import time
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import path
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from dsar.core.roles import Role
from dsar.urls import *  # noqa: F403 - the whole site, and one view more
from dsar.urls import urlpatterns as product
from requests_app.models import WebhookDelivery
from requests_app.services import case_right_start, webhook_add, webhook_test
from requests_app.vocabulary import Stage
from requests_app.webhooks import signature
from requests_app.workflow import case_right_move
from tests.factories import RECEIVED_AT, OrganisationFactory, a_case, actor_for, member, right_of

pytestmark = pytest.mark.django_db


def test_nothing_comes_from_elsewhere_and_nothing_is_inline(client: Client) -> None:
    answer = client.get("/api/v1/docs/")
    page = answer.content.decode()
    addresses = re.findall(r'(?:src|href|data-document)="([^"]+)"', page)
    assert len(addresses) == 6 and all(address.startswith("/") for address in addresses)
    for address in addresses:
        if address.startswith("/static/"):
            assert finders.find(address.removeprefix("/static/")), address
    assert not re.search(r"<script>|<style|\bon\w+=|style=", page)
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy and "http" not in policy
    assert "img-src 'self' data:" in policy
    assert "data:" not in client.get("/").headers["Content-Security-Policy"]


def test_the_document_is_the_same_in_every_language(client: Client) -> None:
    english, french = (client.get("/api/v1/schema/", headers={"accept-language": code}) for code in ("en", "fr"))
    assert english.headers["Content-Type"] == "application/vnd.oai.openapi+json"
    assert english.content == french.content
    document = english.json()
    assert document["openapi"].startswith("3.1")
    assert sorted(document["components"]["securitySchemes"]) == ["staffToken", "trackingKey"]


def test_every_operation_says_how_it_refuses(client: Client) -> None:
    paths = client.get("/api/v1/schema/").json()["paths"]
    assert sum(map(len, paths.values())) == 5
    for operations in paths.values():
        for method, operation in operations.items():
            assert method == "get" or operation["requestBody"]["content"]["application/json"]["examples"]
            answers = operation["responses"]
            wanted = {"406", "429"} | ({"400", "413", "415", "422"} if method == "post" else set())
            assert wanted <= set(answers), operation["operationId"]
            for status, answer in answers.items():
                media = "application/json" if status.startswith("2") else "application/problem+json"
                assert list(answer["content"]) == [media]
                if not status.startswith("2"):
                    [example] = answer["content"][media]["examples"].values()
                    assert str(example["value"]["status"]) == status
            assert "401" not in answers or answers["401"]["headers"]["WWW-Authenticate"]
            assert answers["429"]["headers"]["Retry-After"]


def test_a_document_in_another_format_is_refused_like_everything(client: Client) -> None:
    refused = client.get("/api/v1/schema/", headers={"accept": "text/html"})
    assert (refused.status_code, refused.headers["Content-Type"]) == (406, "application/problem+json")
    assert client.post("/api/v1/schema/").status_code == 405


# ---- the document as such --------------------------------------------------------------------------------------------


@pytest.fixture
def document(client: Client) -> dict[str, Any]:
    told: dict[str, Any] = client.get("/api/v1/schema/").json()
    return told


def mistakes(document: dict[str, Any], place: str, told: Any) -> list[str]:
    """What the schema at that place of the document finds wrong with what is told."""
    registry = Registry().with_resource("urn:document", DRAFT202012.create_resource(document))
    schema = {"$ref": f"urn:document#{place}"}
    checked = Draft202012Validator(schema, registry=registry, format_checker=Draft202012Validator.FORMAT_CHECKER)
    return [error.message for error in checked.iter_errors(told)]


def test_it_is_a_valid_document(document: dict[str, Any]) -> None:
    validate_schema(document)  # type: ignore[no-untyped-call]


def test_every_example_keeps_to_its_schema(document: dict[str, Any]) -> None:
    seen = 0
    for part in ("paths", "webhooks"):
        for address, operations in document[part].items():
            for method, operation in operations.items():
                place = f"/{part}/{address.replace('~', '~0').replace('/', '~1')}/{method}"
                contents = {f"{place}/requestBody": operation.get("requestBody", {})}
                contents |= {f"{place}/responses/{code}": one for code, one in operation["responses"].items()}
                for inside, body in contents.items():
                    for media, content in body.get("content", {}).items():
                        schema = f"{inside}/content/{media.replace('/', '~1')}/schema"
                        for example in content.get("examples", {}).values():
                            seen += 1
                            assert mistakes(document, schema, example["value"]) == [], inside
    assert seen > 30


def test_what_webhooks_tell_is_what_the_document_says(document: dict[str, Any]) -> None:
    organisation = OrganisationFactory.create()
    administrator = actor_for(member(organisation, Role.ADMINISTRATOR), organisation)
    events = ["case.opened", "right.moved", "right.answered"]
    shown = webhook_add(
        organisation=organisation, url="https://hooks.example/", events=events, actor=administrator
    )
    handler = actor_for(member(organisation), organisation)
    objection = right_of(a_case(organisation), "marketing_objection")
    case_right_start(case_right=objection, actor=handler)
    objection = right_of(objection.case, "marketing_objection")
    case_right_move(case_right=objection, target=Stage.DECIDED, actor=handler, outcome="granted")
    case_right_move(case_right=objection, target=Stage.ANSWERED, actor=handler, answered_at=RECEIVED_AT)
    webhook_test(endpoint=shown.endpoint, actor=administrator)
    told = {row.event: row.body for row in WebhookDelivery.objects.all()}
    assert sorted(told) == sorted(document["webhooks"])
    for event, body in told.items():
        schema = f"/webhooks/{event}/post/requestBody/content/application~1json/schema"
        assert mistakes(document, schema, json.loads(body)) == [], event
        names = {parameter["name"] for parameter in document["webhooks"][event]["post"]["parameters"]}
        assert names == {"DSAR-Event", "DSAR-Delivery", "DSAR-Signature"}
        assert document["webhooks"][event]["post"]["responses"]["2XX"]


def test_the_check_of_the_signature_that_is_shown_works(document: dict[str, Any]) -> None:
    [code] = re.findall(r"```python\n(.*?)```", document["info"]["description"], re.DOTALL)
    shown: dict[str, Any] = {}
    exec(code, shown)  # noqa: S102 - our own lines, as an integrator copies them
    now, body = int(time.time()), b'{"event":"webhook.test"}'
    header = signature(["new", "former"], now, body)
    assert shown["is_ours"]("new", header, body) and shown["is_ours"]("former", header, body)
    assert not shown["is_ours"]("other", header, body)
    assert not shown["is_ours"]("new", header, body + b" ")
    assert not shown["is_ours"]("new", signature(["new"], now - 301, body), body)
    for nonsense in ("", "x", "t=,v1=", "t=1", f"t={now},v1=é", "v1=x,t=-1"):
        assert not shown["is_ours"]("new", nonsense, body)


def test_it_is_fetched_again_only_when_it_has_changed(client: Client) -> None:
    first = client.get("/api/v1/schema/")
    again = client.get("/api/v1/schema/", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["Cache-Control"] == "no-cache"


# ---- our own mistakes ------------------------------------------------------------------------------------------------


def broken(_request: Any) -> None:
    raise RuntimeError("a mistake of ours")


urlpatterns = [path("api/v1/broken/", broken), path("broken/", broken), *product]  # type: ignore[arg-type]


@pytest.mark.urls(__name__)
def test_a_mistake_of_ours_is_told_in_json_to_programs_and_in_a_page_to_people() -> None:
    client = Client(raise_request_exception=False)
    told = client.get("/api/v1/broken/")
    assert (told.status_code, told.headers["Content-Type"]) == (500, "application/problem+json")
    assert told.json()["code"] == "server_error" and "Idempotency-Key" in told.json()["detail"]
    assert client.get("/broken/").headers["Content-Type"].startswith("text/html")
