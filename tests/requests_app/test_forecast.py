"""The next four weeks on the queue page: what falls due, per day and team, counted where the reminders start too."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from dsar.core.models import Organisation, Team, User
from dsar.core.roles import Role
from requests_app.forecast import DAYS, forecast, forecast_rights
from requests_app.models import Case, CaseRight
from requests_app.services.reminders import reminders_sweep
from requests_app.vocabulary import ReminderKind, Stage
from tests.factories import RECEIVED_AT, OrganisationFactory, TeamFactory, a_case, member

pytestmark = pytest.mark.django_db

TODAY = date(2026, 3, 30)  # Monday; what was received on Thursday 5 March is due on Tuesday 7 April


@pytest.fixture
def records(organisation: Organisation) -> Team:
    return TeamFactory.create(organisation=organisation, name="Records")


def due(organisation: Organisation, *days: date, team: Team | None = None, **fields: object) -> None:
    """One right for each of these due dates."""
    for day in days:
        case = a_case(organisation, rights=("access",), submission=f"{Case.objects.count()}")
        Case.objects.filter(pk=case.pk).update(team=team)
        CaseRight.objects.filter(case=case).update(due_on=day, **fields)


def table(user: User, today: date = TODAY) -> list[tuple[str, str, tuple[int, ...]]]:
    """The lines of the panel."""
    return [(row.label, row.css, row.counts) for row in forecast(user, today).rows]


def test_each_day_with_something_has_a_line_and_what_is_overdue_the_first(
    organisation: Organisation, records: Team, handler: User
) -> None:
    due(organisation, TODAY - timedelta(days=40), TODAY - timedelta(days=1), TODAY, date(2026, 4, 7))
    due(organisation, date(2026, 4, 6), date(2026, 4, 7), date(2026, 4, 7), team=records)
    assert forecast(handler, TODAY).teams == (("Librairies Virelune", "Records"), ("Librairies Virelune", ""))
    assert table(handler) == [
        ("Overdue", "late", (0, 2)),
        ("Today, Mon 30 March", "late", (0, 1)),
        ("Mon 6 April", "soon", (1, 0)),
        ("Tue 7 April", "ok", (2, 1)),
    ]


def test_the_four_weeks_begin_today_and_end_before_the_same_weekday(organisation: Organisation, handler: User) -> None:
    due(organisation, TODAY + timedelta(days=DAYS - 1), TODAY + timedelta(days=DAYS))
    assert [label for label, _css, _counts in table(handler)] == ["Sun 26 April"]


def test_what_is_paused_is_counted_apart_and_falls_due_on_no_day(organisation: Organisation, handler: User) -> None:
    due(organisation, date(2026, 4, 7))
    CaseRight.objects.update(due_on=None)
    shown = forecast(handler, TODAY)
    assert [(row.label, row.css, row.total) for row in shown.rows] == [("Paused: a question is open", "hold", 1)]
    assert shown.bars == ()
    assert shown.title == "Nothing falls due in the next four weeks"


def test_our_own_target_is_the_day_that_counts(organisation: Organisation, handler: User) -> None:
    a_case(organisation, rights=("marketing_objection",))
    assert table(handler, date(2026, 3, 6)) == [("Mon 9 March", "soon", (1,))]


def test_what_is_answered_is_done(organisation: Organisation, handler: User) -> None:
    due(organisation, TODAY)
    CaseRight.objects.update(stage=Stage.ANSWERED)
    assert table(handler) == []


def test_the_title_is_the_finding(organisation: Organisation, handler: User) -> None:
    due(organisation, TODAY - timedelta(days=1), TODAY)
    assert forecast(handler, TODAY).title == "1 right falls due in the next four weeks"
    due(organisation, date(2026, 4, 7), date(2026, 4, 7), date(2026, 4, 9), date(2026, 4, 9))
    expected = "5 rights fall due in the next four weeks, most on Tue 7 April: 2"
    assert forecast(handler, TODAY).title == expected


def test_the_drawing_has_the_bars_of_the_table(organisation: Organisation, handler: User) -> None:
    due(organisation, TODAY - timedelta(days=1), TODAY, TODAY + timedelta(days=27), TODAY + timedelta(days=27))
    shown = forecast(handler, TODAY)
    assert [(bar.css, bar.number, bar.path) for bar in shown.bars] == [
        ("late", 1, "M0 150v-75h14V150z"),
        ("late", 1, "M68 150v-75h14V150z"),
        ("ok", 2, "M527 150v-150h14V150z"),
    ]
    assert [mark.text for mark in shown.marks] == ["Overdue", "30 March", "6 April", "13 April", "20 April"]


def test_only_what_the_member_may_read_is_counted(organisation: Organisation) -> None:
    due(organisation, TODAY)
    assert forecast_rights(member(OrganisationFactory.create(), Role.DPO), TODAY).count() == 0
    assert forecast_rights(member(organisation, Role.CONTRIBUTOR), TODAY).count() == 0
    assert forecast_rights(member(organisation, Role.AUDITOR), TODAY).count() == 1


def test_columns_name_the_organisation_where_there_are_several(client: Client, organisation: Organisation) -> None:
    user = member(organisation)
    elsewhere = OrganisationFactory.create(name="Brannoch Council")
    elsewhere.memberships.create(user=user, role=Role.DPO)
    due(organisation, TODAY)
    due(elsewhere, TODAY)
    client.force_login(user)
    with time_machine.travel(datetime(2026, 3, 30, 8, tzinfo=UTC), tick=False):
        page = client.get(reverse("desk-queue")).content.decode()
    assert "No team<br><small>Brannoch Council</small>" in page
    assert "No team<br><small>Librairies Virelune</small>" in page


def test_the_panel_stands_under_the_queue_in_the_members_own_day(
    client: Client, organisation: Organisation, handler: User
) -> None:
    due(organisation, date(2026, 4, 1))
    User.objects.filter(pk=handler.pk).update(time_zone="Pacific/Auckland")
    client.force_login(handler)
    with time_machine.travel(datetime(2026, 3, 31, 12, tzinfo=UTC), tick=False):  # already 1 April in Auckland
        page = client.get(reverse("desk-queue")).content.decode()
    assert page.index('class="queue"') < page.index('class="fig"')
    assert "Today, Wed 1 April" in page


def test_the_forecast_and_the_reminders_know_the_same_rights(organisation: Organisation, handler: User) -> None:
    today = date(2026, 4, 7)  # the access requests of 5 March are due; those before are late, those after come
    for days in range(-35, 35):
        a_case(organisation, received_at=RECEIVED_AT + timedelta(days=days), submission=f"s{days}")
    changes: list[dict[str, Any]] = [{"due_on": None}, {"stage": Stage.ANSWERED}, {"target_on": None}]
    for place, changed in enumerate(changes):
        chosen = CaseRight.objects.order_by("pk").values_list("pk", flat=True)[place::7]
        CaseRight.objects.filter(pk__in=list(chosen)).update(**changed)

    reminders_sweep(datetime(2026, 4, 7, 10, tzinfo=UTC))

    dates = (ReminderKind.DUE, ReminderKind.TARGET, ReminderKind.PRUDENT)
    told = set(CaseRight.objects.filter(reminders__kind__in=dates))
    shown = forecast_rights(handler, today)
    assert told <= set(shown)
    due_now = set(shown.filter(falls_on__lte=today, due_on__isnull=False))
    assert due_now <= set(CaseRight.objects.filter(reminders__kind__in=dates[:2]))
    assert len(told) > len(due_now) > 20


def test_it_counts_what_waits_for_an_answer_and_nothing_else(organisation: Organisation, handler: User) -> None:
    for days in range(0, 60, 7):
        a_case(organisation, received_at=RECEIVED_AT + timedelta(days=days), submission=f"s{days}")
    CaseRight.objects.filter(case__pk__in=Case.objects.order_by("pk")[:2], right="access").update(due_on=None)
    awaited = CaseRight.objects.awaited().filter(falls_on__lt=TODAY + timedelta(days=DAYS))
    assert set(forecast_rights(handler, TODAY)) == set(awaited)
    assert sum(row.total for row in forecast(handler, TODAY).rows) == awaited.count() == 10
