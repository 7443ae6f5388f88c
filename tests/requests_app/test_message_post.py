"""Reading a request and writing on it by the API; and that nothing there tells who or what is known."""

import uuid
from collections import Counter
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dsar.core import hashing
from dsar.core.models import AuditEvent, Organisation
from dsar.core.roles import Role
from requests_app.api import access, shown
from requests_app.models import Case, CaseRight, Message, Outgoing
from requests_app.services import OpenedCase, case_suspend, note_add
from requests_app.vocabulary import Stage
from tests.factories import RECEIVED_AT, OrganisationFactory, a_case, actor_for, member, right_of
from tests.requests_app.api import address_of, by_key, by_token, opened_by_api, posted, problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def opened() -> OpenedCase:
    return opened_by_api(OrganisationFactory.create())


@pytest.fixture
def case(opened: OpenedCase) -> Case:
    return opened.case


@pytest.fixture
def organisation(case: Case) -> Organisation:
    return case.organisation


def messages_at(case: Case) -> str:
    return f"{address_of(case)}messages/"


# ---- reading --------------------------------------------------------------------------------------------------------


def test_the_person_reads_their_request_and_no_name(client: Client, opened: OpenedCase) -> None:
    answer = client.get(address_of(opened.case), headers=by_key(opened.tracking_key))
    told = answer.json()
    assert answer.status_code == 200
    assert [right["right"] for right in told["rights"]] == ["access", "marketing_objection"]
    assert (told["status"], told["messages_count"]) == ("open", 1)
    for word in ("Camille", "example.org"):
        assert word not in answer.content.decode()
    assert answer.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("way", [str.lower, lambda text: text.replace("-", ""), lambda text: f" {text} "])
def test_reference_and_key_as_people_write_them(client: Client, opened: OpenedCase, way: Any) -> None:
    address = f"/api/v1/requests/{opened.case.reference.lower()}/"
    assert client.get(address, headers=by_key(way(opened.tracking_key))).status_code == 200


def test_a_decision_is_untold_until_the_answer_is_released(client: Client, opened: OpenedCase) -> None:
    case, organisation = opened.case, opened.case.organisation
    staff = by_token(member(organisation), organisation)

    def access_told(headers: dict[str, str]) -> tuple[str, str | None]:
        right = client.get(address_of(case), headers=headers).json()["rights"][0]
        return right["stage"], right["outcome"]

    for stage in (Stage.IN_REVIEW, Stage.DECIDED):
        CaseRight.objects.filter(case=case, right="access").update(stage=stage, outcome="refused")
        assert access_told(by_key(opened.tracking_key)) == ("in_progress", None)
        assert access_told(staff) == (stage, "refused")
    CaseRight.objects.filter(case=case, right="access").update(stage=Stage.ANSWERED)
    assert access_told(by_key(opened.tracking_key)) == ("answered", "refused")


def test_a_paused_right_has_no_due_date(client: Client, opened: OpenedCase) -> None:
    CaseRight.objects.filter(case=opened.case, right="access").update(due_on=None, paused_days=11)
    right = client.get(address_of(opened.case), headers=by_key(opened.tracking_key)).json()["rights"][0]
    assert (right["due_on"], right["paused_days"], right["prudent_due_on"]) == (None, 11, "2026-04-05")


def test_reading_by_key_is_journaled_once_in_a_while(client: Client, opened: OpenedCase) -> None:
    for _call in range(3):
        client.get(address_of(opened.case), headers=by_key(opened.tracking_key))
    events = AuditEvent.objects.filter(chain__key=opened.case.chain, kind="portal.opened")
    assert [(event.actor_role, event.facts) for event in events] == [("data_subject", {"opened_by": "key"})]


# ---- nothing is told to a stranger ----------------------------------------------------------------------------------


def told(response: Any) -> tuple[int, bytes, dict[str, str]]:
    return response.status_code, response.content, dict(response.headers)


def test_an_unknown_reference_and_a_wrong_key_are_the_same_answer_on_the_same_way(
    client: Client, opened: OpenedCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong_key = "0000-0000-0000-0000"
    by_form = a_case(opened.case.organisation, channel="email", submission="mail")  # has no key at all
    elsewhere = opened_by_api(OrganisationFactory.create(is_active=True), submission="x")
    Organisation.objects.filter(pk=elsewhere.case.organisation_id).update(is_active=False)
    strangers = {
        "wrong key": (opened.case.reference, wrong_key),
        "unknown reference": ("DSR-2026-7K3F9-QX4TC-0", wrong_key),
        "unknown reference, key of another": ("DSR-2026-7K3F9-QX4TC-0", opened.tracking_key),
        "no reference": ("nonsense", wrong_key),
        "no key": (opened.case.reference, "nonsense"),
        "case without a key": (by_form.reference, opened.tracking_key),
        "organisation that is gone": (elsewhere.case.reference, elsewhere.tracking_key),
    }
    compared: Counter[str] = Counter()
    hashed = hashing.keyed_hash_matches

    def counted(purpose: str, value: str | bytes, stored: str) -> bool:
        assert len(stored) == 64
        compared[purpose] += 1
        return hashed(purpose, value, stored)

    monkeypatch.setattr(access, "keyed_hash_matches", counted)
    answers, ways = {}, {}
    for name, (reference, key) in strangers.items():
        cache.clear()
        compared.clear()
        with CaptureQueriesContext(connection) as queries:
            answers[name] = told(client.get(f"/api/v1/requests/{reference}/", headers=by_key(key)))
        ways[name] = (len(queries), dict(compared))
    assert answers["wrong key"][0] == 401
    assert {str(answer) for answer in answers.values()} == {str(answers["wrong key"])}
    assert {str(way) for way in ways.values()} == {"(1, {'tracking_key': 1})"}
    cache.clear()
    messages = [
        told(client.get(f"/api/v1/requests/{reference}/messages/", headers=by_key(key)))
        for reference, key in strangers.values()
    ]
    assert {str(answer) for answer in messages} == {str(messages[0])}


def test_wrong_keys_are_counted_the_same_for_every_reference(client: Client, opened: OpenedCase) -> None:
    with time_machine.travel(RECEIVED_AT, tick=False):  # 17:42; a quarter of an hour ends at 17:45
        for reference in (opened.case.reference, "DSR-2026-7K3F9-QX4TC-0"):
            address = f"/api/v1/requests/{reference}/"
            statuses = [client.get(address, headers=by_key("0000-0000-0000-0000")).status_code for _try in range(11)]
            assert statuses == [401] * 10 + [429]
        # The right key has to wait too: else its 200 among 429s would tell a guesser.
        answer = client.get(address_of(opened.case), headers=by_key(opened.tracking_key))
        assert problem(answer, 429) and answer.headers["Retry-After"] == "180"


def test_making_a_request_tells_nothing_of_the_address(client: Client, opened: OpenedCase) -> None:
    address = f"/api/v1/organisations/{opened.case.organisation.slug}/requests/"
    shapes, counts = [], []
    for email in ("camille.esteve@example.org", "nobody@example.org"):
        with CaptureQueriesContext(connection) as queries:
            answer = posted(client, address, {"rights": [{"code": "access"}], "email": email})
        shapes.append((answer.status_code, sorted(answer.json())))
        counts.append(len(queries))
    assert shapes[0] == shapes[1]
    assert counts[0] == counts[1]


def test_a_token_does_not_tell_cases_of_others_from_none(client: Client, opened: OpenedCase) -> None:
    elsewhere = OrganisationFactory.create()
    stranger = by_token(member(elsewhere, Role.DPO), elsewhere)
    known = told(client.get(address_of(opened.case), headers=stranger))
    unknown = told(client.get("/api/v1/requests/DSR-2026-7K3F9-QX4TC-0/", headers=stranger))
    assert known[0] == 404
    assert known == unknown


def test_without_key_or_token(client: Client, opened: OpenedCase) -> None:
    answer = client.get(address_of(opened.case))
    assert problem(answer, 401)["code"] == "not_authenticated"
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="dsar", Tracking-Key realm="dsar"'
    basic = client.get(address_of(opened.case), headers={"Authorization": "Basic eDp5"})
    assert problem(basic, 401)["code"] == "scheme_unknown"


# ---- messages -------------------------------------------------------------------------------------------------------


def test_what_the_person_writes_is_filed_and_answers_a_question(client: Client, opened: OpenedCase) -> None:
    case = opened.case
    handler = actor_for(member(case.organisation), case.organisation)
    access = [right_of(case, "access")]
    case_suspend(case=case, rights=access, reason="identity", why="A doubt.", body="Who?", actor=handler)
    answer = posted(client, messages_at(case), {"body": " It is me.\r\n"}, **by_key(opened.tracking_key))
    assert answer.status_code == 201
    message = Message.objects.get(pk=answer.json()["id"])
    assert (message.direction, message.channel, message.body) == ("inbound", "api", "It is me.")
    event = AuditEvent.objects.get(chain__key=case.chain, kind="message.received")
    assert (event.actor, event.actor_role) == (None, "data_subject")
    assert case.suspensions.get().answered_at == message.at


def test_what_staff_write_is_announced_to_the_person(client: Client, opened: OpenedCase) -> None:
    case, user = opened.case, member(opened.case.organisation)
    answer = posted(client, messages_at(case), {"body": "We look into it."}, **by_token(user, case.organisation))
    assert (answer.status_code, answer.json()["direction"]) == (201, "outbound")
    message = Message.objects.get(pk=answer.json()["id"])
    assert message.author == user
    assert Outgoing.objects.filter(key=f"message_posted:{case.reference}:{message.pk}").exists()
    assert AuditEvent.objects.get(chain__key=case.chain, kind="message.sent").actor == user


def test_an_auditor_reads_and_writes_nothing(client: Client, opened: OpenedCase) -> None:
    auditor = by_token(member(opened.case.organisation, Role.AUDITOR), opened.case.organisation)
    assert client.get(messages_at(opened.case), headers=auditor).status_code == 200
    assert problem(posted(client, messages_at(opened.case), {"body": "x"}, **auditor), 403)


def test_both_see_what_was_written_and_neither_notes_nor_automatic_mails(client: Client, opened: OpenedCase) -> None:
    case, user = opened.case, member(opened.case.organisation)
    staff = by_token(user, case.organisation)
    note_add(case=case, body="Between ourselves", actor=actor_for(user, case.organisation))
    posted(client, messages_at(case), {"body": "Mine"}, **by_key(opened.tracking_key))
    posted(client, messages_at(case), {"body": "Ours"}, **staff)
    assert Message.objects.filter(case=case, direction="outbound", author=None).exists()  # the acknowledgement
    for headers in (staff, by_key(opened.tracking_key)):
        told = client.get(messages_at(case), headers=headers).json()
        assert [message["body"] for message in told["results"]] == ["", "Mine", "Ours"]
        assert told["next"] is None
        assert client.get(address_of(case), headers=headers).json()["messages_count"] == 3


def test_messages_come_in_pages(client: Client, opened: OpenedCase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown, "LONGEST_PAGE", 2)
    for number in range(4):
        posted(client, messages_at(opened.case), {"body": str(number)}, **by_key(opened.tracking_key))
    bodies, address = [], messages_at(opened.case)
    while address:
        page = client.get(address, headers=by_key(opened.tracking_key)).json()
        bodies += [message["body"] for message in page["results"]]
        address = page["next"]
    assert bodies == ["", "0", "1", "2", "3"]
    refused = client.get(f"{messages_at(opened.case)}?after=x", headers=by_key(opened.tracking_key))
    assert problem(refused, 400)["errors"][0]["pointer"] == "#/after"


def test_the_same_message_twice_is_one(client: Client, opened: OpenedCase) -> None:
    key = str(uuid.uuid4())
    headers = by_key(opened.tracking_key) | {"Idempotency-Key": key}
    first = posted(client, messages_at(opened.case), {"body": "Once"}, **headers)
    second = posted(client, messages_at(opened.case), {"body": "Once"}, **headers)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert problem(posted(client, messages_at(opened.case), {"body": "Twice"}, **headers), 422)["code"] == (
        "idempotency_key_reused"
    )
    assert Message.objects.filter(case=opened.case, body="Once").count() == 1
    assert not Message.objects.filter(body="Twice").exists()


def test_the_key_of_the_request_is_no_key_of_a_message(client: Client) -> None:
    key = str(uuid.uuid4())
    opened = opened_by_api(OrganisationFactory.create(), key=key)
    headers = by_key(opened.tracking_key) | {"Idempotency-Key": key}
    problem(posted(client, messages_at(opened.case), {"body": ""}, **headers), 400)
    problem(posted(client, messages_at(opened.case), {"body": "x"}, **headers), 422)


@pytest.mark.parametrize(
    "body", [{}, {"body": ""}, {"body": " \n"}, {"body": "\x00"}, {"body": 1}, {"body": "x" * 20_001}]
)
def test_a_message_that_is_none(client: Client, opened: OpenedCase, body: Any) -> None:
    refused = problem(posted(client, messages_at(opened.case), body, **by_key(opened.tracking_key)), 400)
    assert refused["errors"][0]["pointer"] == "#/body"
