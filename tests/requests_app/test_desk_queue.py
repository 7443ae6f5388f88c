"""The queue: what each view holds, in which order, and at a cost that does not grow with the cases."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from dsar.core.models import Organisation, User
from dsar.core.roles import Role
from requests_app import queue, services
from requests_app.models import Case
from tests.factories import (
    RECEIVED_AT,
    OrganisationFactory,
    TeamFactory,
    UserFactory,
    a_case,
    actor_for,
    member,
    right_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def handler(organisation: Organisation) -> User:
    return member(organisation, user__name="Noor Haddad")


def case_at(organisation: Organisation, days: int, **fields: object) -> Case:
    """An access request received that many days after the usual one."""
    received_at = RECEIVED_AT + timedelta(days=days)
    return a_case(organisation, rights=("access",), received_at=received_at, submission=f"s{days}", **fields)


def references(client: Client, **parameters: str) -> list[str]:
    """The references of a page of the queue, in order."""
    page = client.get(reverse("desk-queue"), parameters).context["page"]
    return [row.case.reference for row in page.rows]


def test_the_queue_costs_the_same_for_one_case_and_for_twenty(
    client: Client, organisation: Organisation, handler: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(handler)
    case_at(organisation, 0)
    client.get(reverse("desk-queue"))
    with django_assert_num_queries(12):
        client.get(reverse("desk-queue"))
    for days in range(1, 20):
        case_at(organisation, days)
    with django_assert_num_queries(12):
        assert len(references(client)) == 20


def test_the_nearest_date_comes_first_and_pages_meet_without_a_gap(
    client: Client, organisation: Organisation, handler: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "PAGE", 2)
    cases = [case_at(organisation, days) for days in (3, 1, 2, 0, 4)]
    wanted = [case.reference for case in sorted(cases, key=lambda case: (case.next_on, case.pk))]
    client.force_login(handler)
    seen: list[str] = []
    address = reverse("desk-queue")
    for _ in range(3):
        response = client.get(address)
        seen += [row.case.reference for row in response.context["page"].rows]
        address = f"{reverse('desk-queue')}?{response.context['next_page']}"
    assert seen == wanted
    assert response.context["page"].after == ""


def test_each_view_holds_what_its_name_says(client: Client, organisation: Organisation) -> None:
    team = TeamFactory.create(organisation=organisation)
    handler = member(organisation, team=team)
    mine, other, late = (case_at(organisation, days) for days in (20, 21, -60))
    services.case_take(case=mine, actor=actor_for(handler, organisation))
    Case.objects.filter(pk=other.pk).update(team=team)
    client.force_login(handler)
    with time_machine.travel(datetime(2026, 4, 24, 10, tzinfo=UTC), tick=False):
        assert references(client, view="my") == [mine.reference]
        assert references(client, view="team") == [other.reference]
        assert references(client, view="unassigned") == [late.reference, other.reference]
        assert references(client, view="overdue") == [late.reference]
        assert references(client, view="week") == [mine.reference, other.reference]
        assert references(client, view="review") == []
        totals = client.get(reverse("desk-queue")).context["totals"]
    assert totals == {
        "my": 1, "team": 1, "unassigned": 2, "overdue": 1, "week": 2, "review": 0, "look": 0, "paused": 0, "open": 3,
        "today": 0, "written": 0,
    }  # fmt: skip


def test_the_badge_says_in_words_how_late_a_case_is(client: Client, organisation: Organisation, handler: User) -> None:
    case_at(organisation, 0)
    client.force_login(handler)
    with time_machine.travel(datetime(2026, 4, 9, 10, tzinfo=UTC), tick=False):
        page = client.get(reverse("desk-queue")).content.decode()
    assert "Overdue since Tue 7 April" in page
    assert "2 days late" in page


def test_filters_narrow_the_list_and_unknown_values_are_ignored(
    client: Client, organisation: Organisation, handler: User
) -> None:
    access = case_at(organisation, 0)
    objection = a_case(organisation, rights=("marketing_objection",), submission="om", channel="email")
    client.force_login(handler)
    assert references(client, right="access") == [access.reference]
    assert references(client, channel="email") == [objection.reference]
    assert references(client, stage="in_review") == []
    assert references(client, organisation=organisation.slug, stage="to_do") == [objection.reference, access.reference]
    assert len(references(client, right="<script>", stage="x", channel="y", view="z", after="2026-99-99.x")) == 2


def test_search_finds_a_name_and_a_whole_reference_opens_its_case(
    client: Client, organisation: Organisation, handler: User
) -> None:
    case = case_at(organisation, 0, name="Théo Vauclair")
    case_at(organisation, 1)
    client.force_login(handler)
    assert references(client, q="vauclair theo", view="any") == [case.reference]
    response = client.get(reverse("desk-queue"), {"q": f" {case.reference.lower()} "})
    assert response.headers["Location"] == reverse("case-detail", args=[case.reference])


def test_cases_of_another_organisation_are_not_there(client: Client, organisation: Organisation, handler: User) -> None:
    foreign = a_case(OrganisationFactory.create())
    client.force_login(handler)
    assert references(client) == []
    response = client.get(reverse("desk-queue"), {"q": foreign.reference, "view": "any"})
    assert response.status_code == 200
    assert response.context["page"].rows == []


def test_take_from_the_queue_comes_back_to_the_queue(client: Client, organisation: Organisation, handler: User) -> None:
    case = case_at(organisation, 0)
    client.force_login(handler)
    here = reverse("desk-queue") + "?view=unassigned"
    response = client.post(reverse("case-take", args=[case.reference]), {"version": case.version, "next": here})
    assert response.headers["Location"] == here
    case.refresh_from_db()
    assert case.assignee == handler


def test_a_contributor_lands_on_their_tasks_and_an_administrator_is_told_why_not(
    client: Client, organisation: Organisation
) -> None:
    client.force_login(member(organisation, Role.CONTRIBUTOR))
    assert client.get(reverse("desk-queue")).headers["Location"] == reverse("desk-tasks")
    client.force_login(member(organisation, Role.ADMINISTRATOR))
    refused = client.get(reverse("desk-queue"))
    assert refused.status_code == 403
    assert "does not include reading cases" in refused.content.decode()
    client.force_login(UserFactory.create())
    assert client.get(reverse("desk-queue")).status_code == 403


def test_the_row_of_a_right_in_review_says_so(client: Client, organisation: Organisation, handler: User) -> None:
    case = case_at(organisation, 0)
    right = right_of(case, "access")
    services.case_right_start(case_right=right, actor=actor_for(handler, organisation))
    client.force_login(handler)
    assert "In progress" in client.get(reverse("desk-queue")).content.decode()


def test_pages_speak_the_language_of_the_member(client: Client, organisation: Organisation) -> None:
    reader = member(organisation)
    client.force_login(reader)
    response = client.post(reverse("desk-language"), {"language": "fr", "next": "/desk/?view=my"})
    assert response.headers["Location"] == "/desk/?view=my"
    reader.refresh_from_db()
    assert reader.language == "fr"
    assert '<html lang="fr">' in client.get(reverse("desk-queue"), headers={"accept-language": "en"}).content.decode()
    away = client.post(reverse("desk-language"), {"language": "xx", "next": "https://elsewhere.example/"})
    assert away.headers["Location"] == "/desk/"
