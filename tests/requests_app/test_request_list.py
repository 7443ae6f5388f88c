"""The list for a member's program: what the member sees, nearest date first, page by page at a constant cost."""

from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dsar.core.models import Membership, Organisation, User
from dsar.core.roles import Role
from requests_app.models import ApiToken, Case, CaseRight
from requests_app.services import note_add
from requests_app.vocabulary import Stage
from tests.factories import OrganisationFactory, a_case, actor_for
from tests.requests_app.api import by_token, problem, requests_at

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(handler: User, organisation: Organisation) -> dict[str, str]:
    return by_token(handler, organisation)


def some_cases(organisation: Organisation, *days: int) -> list[str]:
    """Cases whose next date is that day of April 2026."""
    references = []
    for number, day in enumerate(days):
        case = a_case(organisation, submission=f"number {number}", rights=("access",))
        Case.objects.filter(pk=case.pk).update(next_on=date(2026, 4, day))
        references.append(case.reference)
    return references


def listed(client: Client, organisation: Organisation, headers: dict[str, str], **asked: Any) -> Any:
    answer = client.get(f"{requests_at(organisation)}?{urlencode(asked)}", headers=headers)
    assert answer.status_code == 200, answer.content
    return answer.json()


def references(page: Any) -> list[str]:
    return [row["reference"] for row in page["results"]]


def test_nearest_date_first_page_by_page(client: Client, organisation: Organisation, staff: dict[str, str]) -> None:
    found = some_cases(organisation, 9, 7, 8, 7, 7)
    ordered = [found[1], found[3], found[4], found[2], found[0]]
    page = listed(client, organisation, staff, limit=2)
    seen = references(page)
    while page["next"]:
        page = client.get(page["next"], headers=staff).json()
        assert len(page["results"]) <= 2
        seen += references(page)
    assert seen == ordered
    assert references(listed(client, organisation, staff)) == ordered


def test_the_next_page_keeps_what_was_asked(client: Client, organisation: Organisation, staff: dict[str, str]) -> None:
    some_cases(organisation, 1, 2, 3)
    asked = {"stage": "to_do", "right": "access", "status": "open", "received_since": "2026-03-01T00:00:00+01:00"}
    page = listed(client, organisation, staff, limit=1, **asked)
    told = dict(parse_qsl(urlsplit(page["next"]).query))
    assert told.pop("cursor").startswith("2026-04-01.")
    assert told == {**asked, "received_since": "2026-02-28T23:00:00+00:00", "limit": "1"}
    assert references(client.get(page["next"], headers=staff).json()) != references(page)


def test_a_row_has_what_the_work_needs_and_nobody(
    client: Client, organisation: Organisation, staff: dict[str, str]
) -> None:
    case = a_case(organisation)
    answer = client.get(requests_at(organisation), headers=staff)
    [row] = answer.json()["results"]
    assert (row["next_on"], row["status"], row["channel"]) == (case.next_on.isoformat(), "open", "form")
    assert [right["right"] for right in row["rights"]] == ["access", "marketing_objection"]
    for word in ("Camille", "example.org", "Estève"):
        assert word not in answer.content.decode()


def test_filters(client: Client, organisation: Organisation, handler: User, staff: dict[str, str]) -> None:
    plain = a_case(organisation, submission="plain", rights=("access",))
    begun = a_case(organisation, submission="begun", rights=("erasure",))
    answered = a_case(organisation, submission="answered", rights=("access",))
    closed = a_case(organisation, submission="closed", rights=("access",))
    late = a_case(organisation, submission="late", rights=("access",), received_at=datetime(2026, 3, 20, tzinfo=UTC))
    CaseRight.objects.filter(case=begun).update(stage=Stage.IN_PROGRESS)
    CaseRight.objects.filter(case__in=[answered, closed]).update(stage=Stage.ANSWERED)
    Case.objects.filter(pk=closed.pk).update(closed_at=timezone.now())
    everything = {plain, begun, answered, closed, late}
    expected: list[tuple[dict[str, str], set[Case]]] = [
        ({}, everything - {closed}),
        ({"status": "any"}, everything),
        ({"status": "open"}, {plain, begun, late}),
        ({"status": "answered"}, {answered}),
        ({"status": "closed"}, {closed}),
        ({"right": "erasure"}, {begun}),
        ({"stage": "in_progress"}, {begun}),
        ({"stage": "in_progress", "right": "access"}, set()),
        ({"received_since": "2026-03-20T00:00:00Z"}, {late}),
        ({"received_since": "2026-03-20T00:00:01Z"}, set()),
    ]
    for asked, wanted in expected:
        found = references(listed(client, organisation, staff, **asked))
        assert sorted(found) == sorted(case.reference for case in wanted), asked


def test_updated_since_follows_the_journal(
    client: Client, organisation: Organisation, handler: User, staff: dict[str, str]
) -> None:
    a_case(organisation, submission="left alone")
    touched = a_case(organisation, submission="touched")
    before = timezone.now()
    assert references(listed(client, organisation, staff, updated_since=before.isoformat())) == []
    note_add(case=touched, body="x", actor=actor_for(handler, organisation))
    [row] = listed(client, organisation, staff, updated_since=before.isoformat())["results"]
    assert row["reference"] == touched.reference
    assert datetime.fromisoformat(row["updated_at"]) >= before


@pytest.mark.parametrize(
    "asked",
    [
        {"stage": "gone"}, {"right": "refund"}, {"status": "new"}, {"limit": "0"}, {"limit": "101"}, {"limit": "x"},
        {"cursor": "1"}, {"cursor": "2026-02-30.1"}, {"received_since": "yesterday"}, {"updated_since": "2026-03-01"},
        {"sort": "name"}, {"stage": "\x00"}, {"cursor": "2026-01-01." + "9" * 40},
    ],
)  # fmt: skip
def test_what_cannot_be_asked(
    client: Client, organisation: Organisation, staff: dict[str, str], asked: dict[str, str]
) -> None:
    refused = problem(client.get(requests_at(organisation), asked, headers=staff), 400)
    assert [error["pointer"] for error in refused["errors"]] == [f"#/{name}" for name in asked]


def test_the_number_of_queries_does_not_grow(
    client: Client, organisation: Organisation, staff: dict[str, str]
) -> None:
    counts = []
    for number in range(3):
        a_case(organisation, submission=str(number), rights=("access", "erasure", "objection"))
        with CaptureQueriesContext(connection) as queries:
            listed(client, organisation, staff)
        counts.append(len(queries))
    assert counts[1:] == [4, 4]  # the token, its member's roles, the cases, their rights
    assert counts[0] == 5  # the first call of a day notes it


def test_only_the_organisation_of_the_token(client: Client, organisation: Organisation, handler: User) -> None:
    elsewhere = OrganisationFactory.create()
    a_case(elsewhere)
    mine = a_case(organisation, submission="mine")
    Membership.objects.create(user=handler, organisation=elsewhere, role=Role.DPO)
    staff = by_token(handler, organisation)
    assert references(listed(client, organisation, staff)) == [mine.reference]
    problem(client.get(requests_at(elsewhere), headers=staff), 404)
    problem(client.get("/api/v1/organisations/nowhere/requests/", headers=staff), 404)


def test_a_tracking_key_lists_nothing(client: Client, organisation: Organisation) -> None:
    refused = client.get(requests_at(organisation), headers={"Authorization": "Tracking-Key 0000-0000-0000-0000"})
    assert problem(refused, 401)["code"] == "not_authenticated"


@pytest.mark.parametrize("role", [Role.CONTRIBUTOR, Role.ADMINISTRATOR])
def test_a_token_never_outlives_the_role(
    client: Client, organisation: Organisation, handler: User, staff: dict[str, str], role: Role
) -> None:
    Membership.objects.filter(user=handler).update(role=role)
    assert problem(client.get(requests_at(organisation), headers=staff), 401)["code"] == "token_unknown"


def test_a_token_never_outlives_the_account_or_the_organisation(
    client: Client, organisation: Organisation, handler: User, staff: dict[str, str]
) -> None:
    User.objects.filter(pk=handler.pk).update(is_active=False)
    problem(client.get(requests_at(organisation), headers=staff), 401)
    User.objects.filter(pk=handler.pk).update(is_active=True)
    assert client.get(requests_at(organisation), headers=staff).status_code == 200
    Organisation.objects.filter(pk=organisation.pk).update(is_active=False)
    problem(client.get(requests_at(organisation), headers=staff), 401)


def test_the_day_of_use_is_noted(client: Client, organisation: Organisation, staff: dict[str, str]) -> None:
    assert ApiToken.objects.get().used_on is None
    client.get(requests_at(organisation), headers=staff)
    assert ApiToken.objects.get().used_on == datetime.now(UTC).date()
