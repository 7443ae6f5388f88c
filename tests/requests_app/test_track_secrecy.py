"""Whoever does not know a reference or an address learns nothing of it: not from words, cookies, mail or work done.

Over the tracking page, the form and the API: the same statements, the same number of hashes, the same mails.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from celery import current_app
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dsar.core import hashing
from dsar.core.models import Organisation
from requests_app.models import Case, Outgoing
from requests_app.references import reference_make
from tests.factories import OrganisationFactory, member, opened_case
from tests.requests_app.api import by_key, by_token, opened_by_api, requests_at
from tests.requests_app.tracking import CODE, EMAIL, TRACK, CodeWorker, Person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
WRONG_KEY = "0000-0000-0000-0000"


def kind_of(sql: str) -> str:
    """The statement without what it looks for."""
    return re.sub(r"SAVEPOINT .*|'[^']*'|\b\d+\b", "?", sql)


@contextmanager
def counted_hashes() -> Iterator[Counter[str]]:
    """How many hashes are derived for each purpose: all of them begin in one function."""
    counts: Counter[str] = Counter()
    derive = hashing._hmac

    def counted(master: str, info: str, value: str | bytes) -> bytes:
        counts[info] += 1
        return derive(master, info, value)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hashing, "_hmac", counted)
        yield counts


class Stranger:
    """Does one thing at a fresh browser, and tells all that can be seen of it."""

    def __init__(self, worker: Any = None) -> None:
        self.worker = worker
        self.client = Client()
        self.seen: list[Any] = []

    def post(self, path: str, **fields: str) -> None:
        with CaptureQueriesContext(connection) as queries, counted_hashes() as hashes:
            response = self.client.post(path, fields, headers={"Accept-Language": "en"})
        body = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())
        for typed in (fields.get("reference"), fields.get("email")):
            body = body.replace(typed, "…") if typed else body
        self.seen.append(
            {
                "status": response.status_code,
                "location": response.headers.get("Location"),
                "body": body,
                "cookies": sorted(response.cookies),
                "headers": sorted(response.headers),
                "queries": [kind_of(query["sql"]) for query in queries.captured_queries],
                "hashes": hashes,
            }
        )
        if self.worker is not None:
            self.worker.run()


def seen_with(*steps: tuple[str, dict[str, str]], worker: Any = None) -> list[Any]:
    cache.clear()
    stranger = Stranger(worker)
    for path, fields in steps:
        stranger.post(path, **fields)
    return stranger.seen


class Worker:
    """Does what is queued after the page has answered, as the real one does beside it."""

    def __init__(self) -> None:
        self.queue: list[tuple[str, list[int]]] = []
        self.done: list[str] = []

    def send_task(self, name: str, args: list[int], retry: bool) -> None:
        """What the product calls to queue a task."""
        self.queue.append((name, args))

    def run(self) -> None:
        """Do it."""
        current_app.loader.import_default_modules()
        while self.queue:
            name, args = self.queue.pop(0)
            current_app.tasks[name](*args)
            self.done.append(name)


@pytest.fixture
def references(organisation: Organisation) -> tuple[str, str]:
    """One that exists, and one that does not."""
    return opened_case(organisation).case.reference, reference_make(2026)


def test_a_wrong_key_on_a_known_and_an_unknown_reference(references: tuple[str, str], code_worker: CodeWorker) -> None:
    known, unknown = (
        seen_with((TRACK, {"reference": reference, "key": WRONG_KEY, "go": "key"})) for reference in references
    )
    assert known == unknown


def test_too_many_wrong_keys(references: tuple[str, str], code_worker: CodeWorker) -> None:
    known, unknown = (
        seen_with(*[(TRACK, {"reference": reference, "key": WRONG_KEY, "go": "key"})] * 12) for reference in references
    )
    assert known == unknown
    assert "Too many wrong keys" in known[-1]["body"]


def test_a_case_without_a_key_is_like_any_other(organisation: Organisation, code_worker: CodeWorker) -> None:
    by_mail = opened_case(organisation, channel="email", submission="a" * 64).case
    step = {"key": WRONG_KEY, "go": "key"}
    assert seen_with((TRACK, {"reference": by_mail.reference, **step})) == seen_with(
        (TRACK, {"reference": reference_make(2026), **step})
    )


@pytest.mark.parametrize("email", [EMAIL, "stranger@example.org"])
def test_a_code_for_a_known_and_an_unknown_address(
    references: tuple[str, str], monkeypatch: pytest.MonkeyPatch, email: str
) -> None:
    worker = Worker()
    monkeypatch.setattr("dsar.core.broker.current_app", worker)
    steps = [(CODE, {"code": "000000", "go": "try"}), (CODE, {"code": "12", "go": "try"}), (CODE, {"go": "again"})]
    known, unknown, other = (
        seen_with((TRACK, {"reference": reference, "email": address, "go": "code"}), *steps, worker=worker)
        for reference, address in (
            (references[0], EMAIL), (references[1], email), (references[0], "nobody@example.org"),
        )
    )  # fmt: skip
    assert worker.done == ["requests_app.portal_code_send"] * 6
    assert Outgoing.objects.filter(key__startswith="access_code:").count() == 2
    for one, two in zip(known, unknown, strict=True):
        assert one["queries"] == two["queries"]
    assert known == unknown == other


def test_the_worker_mails_the_person_and_nobody_else(
    references: tuple[str, str], code_worker: CodeWorker, organisation: Organisation
) -> None:
    person = Person(Case.objects.get(reference=references[0]), "")
    person.post(TRACK, reference=references[0], email="stranger@example.org", go="code")
    assert not Outgoing.objects.filter(key__startswith="access_code:").exists()
    person.post(TRACK, reference=references[0], email=EMAIL, go="code")
    assert Outgoing.objects.get(key__startswith="access_code:").recipient == EMAIL


def test_without_a_broker_the_code_leaves_all_the_same(
    references: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("requests_app.services.codes.task_queue", lambda *_arguments: False)
    Client().post(TRACK, {"reference": references[0], "email": EMAIL, "go": "code"})
    assert Outgoing.objects.filter(key__startswith="access_code:").count() == 1


def test_a_code_asked_for_too_often_says_the_same(references: tuple[str, str], code_worker: CodeWorker) -> None:
    known, unknown = (
        seen_with(*[(TRACK, {"reference": reference, "email": EMAIL, "go": "code"})] * 12) for reference in references
    )
    for one in (*known, *unknown):
        del one["queries"], one["hashes"]  # this worker does its work at once
    assert known == unknown


# The form and the API


def work_of(call: Callable[[], Any]) -> dict[str, Any]:
    """What one call does, and what can be seen of its answer."""
    cache.clear()
    mails = Outgoing.objects.count()
    with CaptureQueriesContext(connection) as queries, counted_hashes() as hashes:
        response = call()
    return {
        "status": response.status_code,
        "headers": sorted(response.headers),
        "cookies": sorted(response.cookies),
        "length": len(response.content),
        "queries": [kind_of(query["sql"]) for query in queries.captured_queries],
        "hashes": hashes,
        "mails": Outgoing.objects.count() - mails,
    }


def test_the_form_does_the_same_for_a_known_and_an_unknown_address(
    references: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("requests_app.form_guard.solution_accept", lambda *_given, **_named: True)

    def sent(email: str, number: int) -> dict[str, Any]:
        fields = {"right": "access", "email": email, "submission": f"{number:032}", "page": "check", "go": "send"}
        return work_of(lambda: Client().post("/virelune/request/", fields))

    sent("first@example.org", 1)  # what is loaded once is loaded
    known, unknown = sent(EMAIL, 2), sent("stranger" + EMAIL[8:], 3)
    assert known == unknown
    assert (known["status"], known["mails"]) == (302, 1)


def test_the_api_does_the_same_for_a_known_and_an_unknown_address(
    organisation: Organisation, references: tuple[str, str]
) -> None:
    def sent(email: str) -> dict[str, Any]:
        body = json.dumps({"rights": [{"code": "access"}], "email": email})
        return work_of(lambda: Client().post(requests_at(organisation), body, content_type="application/json"))

    sent("first@example.org")
    known, unknown = sent(EMAIL), sent("stranger" + EMAIL[8:])
    assert known == unknown
    assert (known["status"], known["mails"]) == (201, 1)


@pytest.mark.parametrize("path", ["", "messages/"])
def test_the_api_does_the_same_for_every_reference_that_it_does_not_open(
    organisation: Organisation, references: tuple[str, str], path: str
) -> None:
    elsewhere = opened_by_api(OrganisationFactory.create())
    token = by_token(member(organisation), organisation)
    strange = {
        "another organisation's": elsewhere.case.reference,
        "unknown": references[1],
    }

    def read(reference: str, headers: dict[str, str]) -> dict[str, Any]:
        return work_of(lambda: Client().get(f"/api/v1/requests/{reference}/{path}", headers=headers))

    read(references[1], token)  # the first use of a token is noted
    for headers, status, named in (
        (token, 404, strange),
        (by_key(WRONG_KEY), 401, {**strange, "known": references[0]}),
        ({}, 401, {**strange, "known": references[0]}),
    ):
        seen = {name: read(reference, headers) for name, reference in named.items()}
        assert all(one == seen["unknown"] for one in seen.values()), seen
        assert seen["unknown"]["status"] == status
