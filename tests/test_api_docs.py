"""The page that shows the API's document: from our own origin only, and without an inline script."""

import re

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

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
            answers = operation["responses"]
            wanted = {"406", "429"} | ({"400", "413", "415", "422"} if method == "post" else set())
            assert wanted <= set(answers), operation["operationId"]
            for status, answer in answers.items():
                media = "application/json" if status.startswith("2") else "application/problem+json"
                assert list(answer["content"]) == [media]
            assert answers["429"]["headers"]["Retry-After"]


def test_a_document_in_another_format_is_refused_like_everything(client: Client) -> None:
    refused = client.get("/api/v1/schema/", headers={"accept": "text/html"})
    assert (refused.status_code, refused.headers["Content-Type"]) == (406, "application/problem+json")
    assert client.post("/api/v1/schema/").status_code == 405
