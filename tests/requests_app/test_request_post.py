"""A request by the API: taken like at every door, safe to repeat, and refused in words that say what to do."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client, override_settings

from dsar.core.models import AuditEvent, Organisation
from dsar.core.roles import Role
from requests_app.api import reading
from requests_app.models import Case, Outgoing, SentOnce
from requests_app.tracking import tracking_key_hash
from requests_app.vocabulary import Channel, SpamSign
from tests.factories import OrganisationFactory, member
from tests.requests_app.api import by_token, posted, problem, requests_at

pytestmark = pytest.mark.django_db

WHOLE = {
    "rights": [{"code": "erasure", "detail": "My old account"}, {"code": "access"}],
    "text": "I was a reader until 2024.",
    "name": "Camille Estève",
    "email": "camille.esteve@example.org",
    "phone": "01 99 00 12 34",
    "postal": "1 rue des Lices\n00000 Exempleville",
    "identifier": "L-2231",
    "language": "fr",
    "capacity": "representative",
    "subject_name": "Sacha Estève",
    "subject_email": "sacha@example.org",
    "country": "BE",
}
ACCESS = {"rights": [{"code": "access"}], "email": "camille.esteve@example.org"}


def key() -> str:
    return str(uuid.uuid4())


def test_everything_said_is_on_the_case(client: Client, organisation: Organisation) -> None:
    with time_machine.travel(datetime(2026, 3, 5, 17, 42, tzinfo=UTC), tick=False):
        answer = posted(client, requests_at(organisation), WHOLE, accept_language="en")
    told = answer.json()
    assert answer.status_code == 201
    case = Case.objects.get(reference=told["reference"])
    assert (case.channel, case.language, case.country, case.text) == ("api", "fr", "BE", WHOLE["text"])
    assert {right.right: right.detail for right in case.rights.all()} == {"erasure": "My old account", "access": ""}
    assert case.requester is not None and case.data_subject is not None
    assert (case.requester.name, case.requester.capacity) == ("Camille Estève", "representative")
    assert case.data_subject.name == "Sacha Estève"
    assert {address.value for address in case.requester.addresses.all()} == {
        WHOLE["email"], WHOLE["phone"], WHOLE["postal"],
    }  # fmt: skip
    assert told["received_at"] == "2026-03-05T17:42:00Z"
    erasure = told["rights"][0]
    assert (erasure["right"], erasure["name"], erasure["article"]) == ("erasure", "Erasure", "17")
    assert (erasure["stage"], erasure["outcome"], erasure["paused_days"]) == ("to_do", None, None)
    assert (erasure["due_on"], erasure["prudent_due_on"]) == ("2026-04-07", "2026-04-05")
    assert "Thursday 5 March 2026" in erasure["explanation"][0]["text"]
    assert told["links"]["self"].endswith(f"/api/v1/requests/{case.reference}/")
    assert case.tracking_key_hash == tracking_key_hash(told["tracking_key"])
    opened = AuditEvent.objects.get(chain__key=case.chain, kind="case.opened")
    assert (opened.actor_role, opened.facts["channel"]) == ("data_subject", "api")
    assert Outgoing.objects.get(case=case).recipient == WHOLE["email"]


def test_words_alone_are_a_question_and_the_language_is_the_accepted_one(
    client: Client, organisation: Organisation
) -> None:
    told = posted(client, requests_at(organisation), {"text": "What do you do?"}, accept_language="en").json()
    assert [right["right"] for right in told["rights"]] == ["question"]
    assert told["language"] == "en"
    silent = client.post(requests_at(organisation), '{"text": "?"}', content_type="application/json").json()
    assert silent["language"] == organisation.language == "fr"


def test_the_explanation_speaks_the_accepted_language(client: Client, organisation: Organisation) -> None:
    told = posted(client, requests_at(organisation), ACCESS, accept_language="fr")
    assert told.headers["Content-Language"] == "fr"
    assert told.json()["rights"][0]["name"] == "Accès"
    refused = problem(posted(client, requests_at(organisation), {}, accept_language="fr"), 400)
    assert refused["errors"][0]["detail"] == "Dites au moins ce que vous demandez."


def test_the_same_call_twice_is_one_case_with_one_key(client: Client, organisation: Organisation) -> None:
    same = key()
    first = posted(client, requests_at(organisation), ACCESS, idempotency_key=same)
    second = posted(client, requests_at(organisation), ACCESS, idempotency_key=same)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert first.headers["Location"] == first.json()["links"]["self"]
    assert "Location" not in second.headers  # nothing was made
    assert Case.objects.count() == Outgoing.objects.count() == 1
    stored = json.dumps([*Case.objects.values(), *SentOnce.objects.values()], default=str)
    assert same not in stored and first.json()["tracking_key"] not in stored


def test_another_content_under_the_same_key_is_refused_and_loses_nothing(
    client: Client, organisation: Organisation
) -> None:
    same = key()
    first = posted(client, requests_at(organisation), ACCESS, idempotency_key=same).json()
    refused = problem(
        posted(client, requests_at(organisation), {**ACCESS, "text": "more"}, idempotency_key=same), 422
    )
    assert refused["code"] == "idempotency_key_reused"
    assert "new key" in refused["detail"]
    assert "tracking_key" not in refused
    assert [case.reference for case in Case.objects.all()] == [first["reference"]]
    posted(client, requests_at(organisation), {**ACCESS, "text": "more"}, idempotency_key=key())
    assert Case.objects.count() == 2


def test_without_a_key_each_call_is_a_request_of_its_own(client: Client, organisation: Organisation) -> None:
    told = [posted(client, requests_at(organisation), ACCESS).json() for _call in range(2)]
    assert told[0]["reference"] != told[1]["reference"]
    assert told[0]["tracking_key"] != told[1]["tracking_key"]
    assert not SentOnce.objects.exists()


def test_the_same_key_elsewhere_is_another_request(client: Client, organisation: Organisation) -> None:
    same, elsewhere = key(), OrganisationFactory.create()
    first = posted(client, requests_at(organisation), ACCESS, idempotency_key=same).json()
    second = posted(client, requests_at(elsewhere), ACCESS, idempotency_key=same).json()
    assert first["tracking_key"] != second["tracking_key"]


@pytest.mark.parametrize("weak", ["", "1", "a" * 31, "a" * 129, "é" * 40, "0123456789abcdef 0123456789abcdef"])
def test_a_key_that_others_could_draw_is_refused(client: Client, organisation: Organisation, weak: str) -> None:
    refused = problem(posted(client, requests_at(organisation), ACCESS, idempotency_key=weak), 400)
    assert [error["parameter"] for error in refused["errors"]] == ["Idempotency-Key"]
    assert not Case.objects.exists()


WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "nothing": ({}, "#", "no_right"),
    "empty": ({"rights": [], "text": " "}, "#", "no_right"),
    "unknown right": ({"rights": [{"code": "refund"}]}, "#/rights/0/code", "invalid_choice"),
    "a word for a right": ({"rights": ["access"]}, "#/rights/0", "invalid"),
    "misspelt": ({**ACCESS, "e-mail/": "x"}, "#/e-mail~1", "unknown_field"),
    "misspelt inside": ({"rights": [{"code": "access", "details": "x"}]}, "#/rights/0/details", "unknown_field"),
    "no address": ({**ACCESS, "email": "camille"}, "#/email", "invalid"),
    "no digits": ({**ACCESS, "phone": "none"}, "#/phone", "phone_wrong"),
    "a number": ({**ACCESS, "name": 12}, "#/name", "invalid"),
    "null": ({**ACCESS, "name": None}, "#/name", "null"),
    "too long": ({**ACCESS, "name": "x" * 301}, "#/name", "max_length"),
    "country": ({**ACCESS, "country": "France"}, "#/country", "invalid"),
    "language": ({**ACCESS, "language": "de"}, "#/language", "invalid_choice"),
    "for whom": ({**ACCESS, "subject_name": "Sacha"}, "#/capacity", "capacity_missing"),
    "arrival": ({**ACCESS, "received_at": "2026-03-05T12:00:00Z"}, "#/received_at", "staff_only"),
    "a list": ([], "#", "invalid"),  # type: ignore[dict-item]  # what a program may send all the same
}


@pytest.mark.parametrize(("body", "pointer", "code"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_said_with_its_place(
    client: Client, organisation: Organisation, body: Any, pointer: str, code: str
) -> None:
    refused = problem(posted(client, requests_at(organisation), body), 400)
    assert [(error["pointer"], error["code"]) for error in refused["errors"]] == [(pointer, code)]
    assert not Case.objects.exists()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "invalid"),
        (b"{", "json_malformed"),
        (b'{"text": NaN}', "json_malformed"),
        (b'{"text": ' + b"9" * 5000 + b"}", "json_malformed"),
        (b"[" * 100_000, "json_malformed"),
        (b'{"rights": ' + b"[" * 200 + b"]" * 200 + b"}", "invalid"),
        ('{"text": "é"}'.encode("latin-1"), "json_malformed"),
        ('{"text": "x"}'.encode("utf-16"), "json_malformed"),
        (b'{"text": "a", "text": "b"}', "name_twice"),
    ],
)
def test_no_json_is_no_error_of_ours(client: Client, organisation: Organisation, content: bytes, code: str) -> None:
    answer = client.post(requests_at(organisation), content, content_type="application/json")
    assert problem(answer, 400)["code"] == code
    assert not Case.objects.exists()


def test_what_is_no_text_is_taken_out(client: Client, organisation: Organisation) -> None:
    content = r'{"text": "before\u0000\ud800\u001b after", "name": "C\u0007amille", "rights": [{"code": "access"}]}'
    answer = client.post(requests_at(organisation), content, content_type="application/json")
    case = Case.objects.get(reference=answer.json()["reference"])
    assert case.text == "before after"
    assert case.requester is not None and case.requester.name == "Camille"
    echoed = client.post(requests_at(organisation), r'{"language": "\ud800x"}', content_type="application/json")
    problem(echoed, 400)


def test_too_much_is_told_and_not_read(
    client: Client, organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "LONGEST", 1000)
    kept = posted(client, requests_at(organisation), ACCESS).json()
    refused = problem(posted(client, requests_at(organisation), {**ACCESS, "text": "x" * 1000}), 413)
    assert refused["code"] == "too_large"
    assert [case.reference for case in Case.objects.all()] == [kept["reference"]]


def test_the_longest_of_everything_is_not_too_much() -> None:
    escaped = 12  # bytes of a character outside the basic plane
    assert escaped * (20_000 + 13 * 5_000) < reading.LONGEST


def test_only_json_in_and_out(client: Client, organisation: Organisation) -> None:
    address = requests_at(organisation)
    assert "JSON" in problem(client.post(address, {"text": "x"}), 415)["detail"]
    problem(client.post(address, "text=x", content_type="application/x-www-form-urlencoded"), 415)
    problem(client.post(address, "{}", content_type="application/json", headers={"accept": "text/html"}), 406)
    refused = client.delete(address)
    assert "GET, HEAD, POST" in problem(refused, 405)["detail"]
    assert refused.headers["Allow"] == "GET, HEAD, POST"
    problem(client.options(address), 405)


def test_an_organisation_that_takes_no_requests(client: Client, organisation: Organisation) -> None:
    problem(posted(client, "/api/v1/organisations/nowhere/requests/", ACCESS), 404)
    Organisation.objects.filter(pk=organisation.pk).update(is_active=False)
    problem(posted(client, requests_at(organisation), ACCESS), 404)


def test_a_right_of_another_country_is_refused_in_words(client: Client) -> None:
    organisation = OrganisationFactory.create(country="BE", jurisdiction="BE")
    refused = problem(posted(client, requests_at(organisation), {"rights": [{"code": "directives"}]}), 422)
    assert refused["code"] == "right_not_here"


# ---- very many calls ------------------------------------------------------------------------------------------------


def test_very_many_requests_are_taken_and_nobody_is_mailed(
    client: Client, organisation: Organisation, settings: Any
) -> None:
    address, settings.DSAR_API_LOOK_AFTER = requests_at(organisation), 2
    for _call in range(2):
        assert posted(client, address, ACCESS).status_code == 201
    assert not Case.objects.exclude(spam_signs=[]).exists()
    case = Case.objects.get(reference=posted(client, address, ACCESS).json()["reference"])
    assert case.spam_signs == [SpamSign.RATE]
    assert not Outgoing.objects.filter(case=case).exists()


def test_too_many_are_told_how_long_to_wait_and_nothing_is_lost(
    client: Client, organisation: Organisation, settings: Any
) -> None:
    settings.DSAR_API_REFUSE_AFTER = 2
    address, same = requests_at(organisation), key()
    with time_machine.travel(datetime(2026, 3, 5, 12, 10, tzinfo=UTC), tick=False) as clock:
        first = posted(client, address, ACCESS, idempotency_key=same).json()
        posted(client, address, ACCESS)
        answer = posted(client, address, ACCESS)
        refused = problem(answer, 429)
        assert answer.headers["Retry-After"] == str(50 * 60)
        assert "3000 seconds" in refused["detail"]
        assert Case.objects.count() == 2
        assert posted(client, address, ACCESS, x_forwarded_for="192.0.2.7").status_code == 429  # no proxy is set up
        assert client.post(
            address, json.dumps(ACCESS), content_type="application/json", REMOTE_ADDR="192.0.2.7"
        ).status_code == 201  # fmt: skip
        clock.shift(timedelta(minutes=51))
        assert posted(client, address, ACCESS, idempotency_key=same).json() == first
    assert Case.objects.count() == 3


def test_what_was_refused_for_its_number_or_its_size_is_taken_later_under_the_same_key(
    client: Client, organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, same = requests_at(organisation), key()
    with override_settings(DSAR_API_REFUSE_AFTER=0):
        problem(posted(client, address, ACCESS, idempotency_key=same), 429)
    with monkeypatch.context() as patch:
        patch.setattr(reading, "LONGEST", 10)
        problem(posted(client, address, ACCESS, idempotency_key=same), 413)
    taken = posted(client, address, ACCESS, idempotency_key=same)
    assert taken.status_code == 201
    again = posted(client, address, ACCESS, idempotency_key=same)  # whose first answer was lost on the way
    assert (again.status_code, again.json()) == (200, taken.json())
    assert Case.objects.count() == 1


def test_every_call_of_a_source_is_counted_wrong_tokens_too(
    client: Client, organisation: Organisation, settings: Any
) -> None:
    settings.DSAR_API_CALLS = 2
    for _call in range(2):
        problem(client.get(requests_at(organisation), headers={"Authorization": "Bearer dsar_WRONG"}), 401)
    problem(client.get(requests_at(organisation), headers={"Authorization": "Bearer dsar_WRONG"}), 429)
    problem(client.get("/api/v1/requests/DSR-2026-7K3F9-QX4TC-0/"), 429)


def test_a_token_is_counted_apart(
    client: Client, organisation: Organisation, settings: Any
) -> None:
    settings.DSAR_API_CALLS, settings.DSAR_API_TOKEN_CALLS = 0, 1
    headers = by_token(member(organisation), organisation)
    assert client.get(requests_at(organisation), headers=headers).status_code == 200
    problem(client.get(requests_at(organisation), headers=headers), 429)
    other = by_token(member(organisation), organisation)
    assert client.get(requests_at(organisation), headers=other).status_code == 200


# ---- by a member of staff -------------------------------------------------------------------------------------------


def test_staff_log_a_request_that_arrived_earlier(
    client: Client, organisation: Organisation, settings: Any
) -> None:
    settings.DSAR_API_LOOK_AFTER = 0
    handler = member(organisation)
    body = {**ACCESS, "received_at": "2026-03-05T18:42:00+01:00"}
    with time_machine.travel(datetime(2026, 3, 9, tzinfo=UTC)):
        told = posted(client, requests_at(organisation), body, **by_token(handler, organisation)).json()
    assert told["received_at"] == "2026-03-05T17:42:00Z"
    assert told["rights"][0]["due_on"] == "2026-04-07"
    case = Case.objects.get(reference=told["reference"])
    opened = AuditEvent.objects.get(chain__key=case.chain, kind="case.opened")
    assert (opened.actor, opened.actor_role) == (handler, Role.HANDLER)
    assert (case.spam_signs, case.channel) == ([], Channel.API)  # no limit for a source: it is their own program


@pytest.mark.parametrize(
    ("arrival", "code"),
    [("2026-03-09T12:00:01Z", "received_in_future"), ("2026-03-05T18:42:00", "offset_missing"), ("Monday", "invalid")],
)
def test_an_arrival_that_cannot_be(client: Client, organisation: Organisation, arrival: str, code: str) -> None:
    headers = by_token(member(organisation), organisation)
    with time_machine.travel(datetime(2026, 3, 9, 12, tzinfo=UTC), tick=False):
        answer = posted(client, requests_at(organisation), {**ACCESS, "received_at": arrival}, **headers)
    assert [error["code"] for error in problem(answer, 400)["errors"]] == [code]


def test_an_auditor_logs_nothing_and_a_stranger_finds_nothing(client: Client, organisation: Organisation) -> None:
    auditor = by_token(member(organisation, Role.AUDITOR), organisation)
    assert problem(posted(client, requests_at(organisation), ACCESS, **auditor), 403)["code"] == "case_work_not_allowed"
    elsewhere = OrganisationFactory.create()
    problem(posted(client, requests_at(elsewhere), ACCESS, **auditor), 404)
    assert not Case.objects.exists()


def test_a_cookie_of_the_desk_opens_nothing(client: Client, organisation: Organisation) -> None:
    client.force_login(member(organisation))
    problem(client.get(requests_at(organisation)), 401)
    case = Case.objects.get(reference=posted(client, requests_at(organisation), ACCESS).json()["reference"])
    assert AuditEvent.objects.get(chain__key=case.chain, kind="case.opened").actor is None


def test_an_address_that_is_none_is_told_in_json(client: Client) -> None:
    for path in ("", "nope/", "requests/DSR-2026-7K3F9-QX4TC-0", "organisations/a b/requests/"):
        problem(client.get(f"/api/v1/{path}"), 404)
        problem(client.post(f"/api/v1/{path}", "{}", content_type="application/json"), 404)


def test_who_asks_for_a_person_who_has_died_says_as_what(client: Client, organisation: Organisation) -> None:
    address, body = requests_at(organisation), {"rights": [{"code": "access"}, {"code": "post_mortem"}]}
    refused = problem(posted(client, address, body), 400)
    assert "one request is about one person" in str(refused)
    assert Case.objects.count() == 0
    assert posted(client, address, {**body, "capacity": "heir"}).status_code == 201
