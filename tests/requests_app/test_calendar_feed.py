"""Due dates in a member's own calendar: a secret link, that opens what its member may read now and names nobody."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.urls import reverse
from icalendar import Calendar
from pytest_django import DjangoAssertNumQueries

from dsar.core.errors import NotAllowed
from dsar.core.models import AuditEvent, Membership, Organisation, Team, User
from dsar.core.roles import Role
from requests_app.models import CalendarFeed, Case, CaseRight
from requests_app.services import case_take
from requests_app.services.calendars import calendar_feed_add, calendar_feed_revoke
from requests_app.vocabulary import Stage
from tests.factories import OrganisationFactory, TeamFactory, a_case, actor_for, member

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 9, 9, 0, tzinfo=UTC)


@pytest.fixture
def team(organisation: Organisation) -> Team:
    return TeamFactory.create(organisation=organisation)


@pytest.fixture
def handler(organisation: Organisation, team: Team) -> User:
    return member(organisation, team=team, user__name="Noor Haddad")


@pytest.fixture
def case(organisation: Organisation, handler: User) -> Case:
    """Access and an objection of Camille Estève, received on Thursday 5 March 2026, which Noor handles."""
    case = a_case(organisation)
    case_take(case=case, actor=actor_for(handler, organisation))
    return case


def added(user: User, team: Team | None = None) -> str:
    """The address of a new link."""
    return reverse("calendar-feed", args=[calendar_feed_add(user=user, team=team).token])


def events(client: Client, address: str) -> list[Any]:
    """What a calendar program finds there."""
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    return list(Calendar.from_ical(answer.content).events)


def test_each_right_stands_on_the_day_that_the_desk_works_towards(client: Client, handler: User, case: Case) -> None:
    with time_machine.travel(NOW, tick=False):
        objection, access = events(client, added(handler))
    assert str(objection["summary"]) == f"Due: Objection to direct marketing {case.reference}"
    assert objection["dtstart"].dt == date(2026, 3, 9)  # two working days, our own rule
    assert "Our own target: Monday 9 March 2026\nDue date by law: Tuesday 7 April 2026" in objection["description"]
    assert str(access["summary"]) == f"Due: Access {case.reference}"
    assert access["dtstart"].dt == date(2026, 4, 7)
    assert access["dtstart"].params["VALUE"] == "DATE"
    assert "Prudent date: Sunday 5 April 2026" in access["description"]
    assert access["url"] == settings.BASE_URL + reverse("case-detail", args=[case.reference])
    assert access["dtstamp"].dt == NOW
    assert not access.walk("VALARM")


def test_an_entry_keeps_its_identity_when_its_date_moves(client: Client, handler: User, case: Case) -> None:
    address = added(handler)
    before = {str(event["uid"]) for event in events(client, address)}
    CaseRight.objects.update(due_on=date(2026, 6, 5), target_on=None)
    after = events(client, address)
    assert {str(event["uid"]) for event in after} == before and len(before) == 2
    assert {event["dtstart"].dt for event in after} == {date(2026, 6, 5)}


def test_a_question_that_is_open_shows_as_paused_on_the_prudent_date(client: Client, handler: User, case: Case) -> None:
    CaseRight.objects.filter(right="access").update(due_on=None, paused_days=11)
    paused = events(client, added(handler))[-1]
    assert str(paused["summary"]) == f"Paused: Access {case.reference}"
    assert paused["dtstart"].dt == date(2026, 4, 5)
    assert "A question to the person is open: the legal period is paused." in paused["description"]
    assert "11 days remain after the answer." in paused["description"]


def test_it_names_nobody(client: Client, handler: User, case: Case) -> None:
    content = client.get(added(handler)).content.decode()
    for word in ("Camille", "Estève", "example.org", "Haddad", handler.email):
        assert word not in content


def test_it_speaks_the_language_of_its_member_whatever_the_program_asks_for(
    client: Client, handler: User, case: Case
) -> None:
    User.objects.filter(pk=handler.pk).update(language="fr")
    handler.refresh_from_db()
    address = added(handler)
    answer = client.get(address, headers={"accept-language": "en"})
    assert answer.headers["Content-Language"] == "fr"
    assert "avril 2026" in "".join(str(event["description"]) for event in Calendar.from_ical(answer.content).events)


def test_no_shared_cache_and_no_search_engine_keeps_it(client: Client, handler: User, case: Case) -> None:
    answer = client.get(added(handler))
    assert answer.headers["Cache-Control"] == "private, max-age=300"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert not answer.cookies


def test_what_is_answered_or_handled_by_somebody_else_is_not_there(
    client: Client, organisation: Organisation, handler: User, case: Case
) -> None:
    a_case(organisation, submission="nobody's")
    CaseRight.objects.filter(case=case, right="access").update(stage=Stage.ANSWERED)
    assert [str(event["uid"]).partition("@")[0] for event in events(client, added(handler))] == [
        f"{case.reference}.marketing_objection"
    ]


def test_a_team_has_the_cases_of_the_team_whoever_handles_them(
    client: Client, organisation: Organisation, team: Team, handler: User, case: Case
) -> None:
    of_team = a_case(organisation, submission="team", rights=("access",))
    Case.objects.filter(pk=of_team.pk).update(team=team)
    found = events(client, added(handler, team))
    assert [str(event["url"]).rpartition("/cases/")[2] for event in found] == [f"{of_team.reference}/"]


def nobody_reads_cases(user: User) -> None:
    Membership.objects.filter(user=user).update(role=Role.CONTRIBUTOR)


def nobody_is_there(user: User) -> None:
    Membership.objects.filter(user=user).delete()


def nobody_works_here(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def nobody_is_in_the_team(user: User) -> None:
    Membership.objects.filter(user=user).update(team=None)


@pytest.mark.parametrize("leave", [nobody_reads_cases, nobody_is_there, nobody_works_here, nobody_is_in_the_team])
def test_a_link_never_outlives_what_its_member_may_read(
    client: Client, team: Team, handler: User, leave: Callable[[User], None]
) -> None:
    address = added(handler, team)
    assert client.get(address).status_code == 200
    leave(handler)
    assert client.get(address).status_code == 404


def test_the_cases_of_an_organisation_that_the_member_left_are_gone(
    client: Client, organisation: Organisation, handler: User, case: Case
) -> None:
    elsewhere = OrganisationFactory.create()
    Membership.objects.create(user=handler, organisation=elsewhere, role=Role.HANDLER)
    del handler._memberships
    other = a_case(elsewhere, submission="elsewhere", rights=("access",))
    case_take(case=other, actor=actor_for(handler, elsewhere))
    address = added(handler)
    assert len(events(client, address)) == 3
    Membership.objects.filter(user=handler, organisation=organisation).delete()
    assert [str(event["summary"]) for event in events(client, address)] == [f"Due: Access {other.reference}"]


def test_an_unknown_and_a_revoked_link_open_nothing(client: Client, handler: User) -> None:
    link = calendar_feed_add(user=handler, team=None)
    calendar_feed_revoke(feed=link.feed)
    for token in (link.token, "unknown"):
        assert client.get(reverse("calendar-feed", args=[token])).status_code == 404


def test_a_link_survives_a_new_master_key(client: Client, handler: User, settings: Any) -> None:
    address = added(handler)
    settings.MASTER_KEYS_PREVIOUS = [settings.MASTER_KEY]
    settings.MASTER_KEY = "another-master-key-of-the-suite"
    assert client.get(address).status_code == 200


def test_reading_costs_the_same_for_two_rights_and_for_many(
    client: Client, organisation: Organisation, handler: User, case: Case,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:  # fmt: skip
    address = added(handler)
    with django_assert_num_queries(4):  # the link, its member's roles, the rights, that it was read
        assert len(events(client, address)) == 2
    for number in range(6):
        case_take(case=a_case(organisation, submission=f"n{number}"), actor=actor_for(handler, organisation))
    with django_assert_num_queries(4):
        assert len(events(client, address)) == 14


def test_a_member_makes_a_link_sees_it_once_and_revokes_it(
    client: Client, organisation: Organisation, team: Team, handler: User, case: Case
) -> None:
    client.force_login(handler)
    made = client.post(reverse("calendar-feed-add"), {"team": str(team.pk)}).content.decode()
    found = re.search(rf"{re.escape(settings.BASE_URL)}(/calendar/[\w-]+\.ics)", made)
    assert found is not None
    feed = CalendarFeed.objects.get()
    assert (feed.user, feed.team) == (handler, team)
    token = found[1].removeprefix("/calendar/").removesuffix(".ics")
    assert len(token) >= 43 and token not in feed.token_hash

    page = client.get(reverse("desk-calendar")).content.decode()
    assert token not in page
    assert "No calendar has read it yet" in page
    with time_machine.travel(NOW, tick=False):
        assert Client().get(found[1]).status_code == 200
    assert "Last read by a calendar on Mon 9 March 2026, 10:00" in client.get(reverse("desk-calendar")).content.decode()

    for _again in range(2):
        response = client.post(reverse("calendar-feed-revoke", args=[feed.pk]), follow=True)
        assert "You have made no link." in response.content.decode()
    assert Client().get(found[1]).status_code == 404
    journal = AuditEvent.objects.filter(chain__key=f"organisation:{organisation.slug}").order_by("seq")
    facts = {"calendar_feed": feed.pk, "team": team.slug}
    assert [(event.kind, event.facts) for event in journal] == [
        ("calendar_feed.added", facts), ("calendar_feed.revoked", facts)
    ]  # fmt: skip


def test_a_team_that_is_not_the_members_is_refused(
    client: Client, organisation: Organisation, handler: User
) -> None:
    other = TeamFactory.create(organisation=organisation)
    client.force_login(handler)
    page = client.post(reverse("calendar-feed-add"), {"team": str(other.pk)})
    assert page.status_code == 422
    assert "That was not saved" in page.content.decode()
    with pytest.raises(NotAllowed):
        calendar_feed_add(user=handler, team=other)
    assert not CalendarFeed.objects.exists()


def test_a_colleague_cannot_revoke_the_link(client: Client, organisation: Organisation, handler: User) -> None:
    link = calendar_feed_add(user=handler, team=None)
    client.force_login(member(organisation, Role.DPO))
    assert client.post(reverse("calendar-feed-revoke", args=[link.feed.pk])).status_code == 404
    assert CalendarFeed.objects.get().revoked_at is None


def test_no_organisation_can_take_the_address() -> None:
    from dsar.core.profile_organisation import RESERVED_SLUGS

    assert "calendar" in RESERVED_SLUGS
