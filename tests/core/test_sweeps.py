"""The dead-man's switch: a sweep that is silent is seen, wherever somebody looks."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from dsar.core.models import Sweep
from dsar.core.roles import Role
from dsar.core.sweeps import REMINDERS, SILENCE, sweep_note, sweep_silent_since
from tests.factories import OrganisationFactory, member

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)  # 13:00 in Paris
SAYS_SO = "Reminders have not run"


def test_a_sweep_that_ran_is_not_silent_for_a_quarter_of_an_hour() -> None:
    sweep_note(REMINDERS, NOON)
    assert sweep_silent_since(REMINDERS, NOON + SILENCE) is None
    silence = sweep_silent_since(REMINDERS, NOON + SILENCE + timedelta(seconds=1))
    assert silence is not None and silence.since == NOON


def test_a_sweep_that_never_ran_is_silent_since_ever() -> None:
    silence = sweep_silent_since(REMINDERS, NOON)
    assert silence is not None and silence.since is None


def test_each_sweep_has_one_line_with_its_last_end() -> None:
    for minutes in (0, 5, 10):
        sweep_note(REMINDERS, NOON + timedelta(minutes=minutes))
    sweep_note("another", NOON)
    assert Sweep.objects.get(name=REMINDERS).ran_at == NOON + timedelta(minutes=10)
    assert Sweep.objects.count() == 2


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_every_page_of_the_desk_says_since_when_nobody_is_reminded(client: Client, role: Role) -> None:
    client.force_login(member(OrganisationFactory.create(), role))
    page = reverse("desk-tasks" if role is Role.CONTRIBUTOR else "desk-queue")
    sweep_note(REMINDERS, NOON)
    with time_machine.travel(NOON + SILENCE, tick=False):
        assert SAYS_SO not in client.get(page).content.decode()
    with time_machine.travel(NOON + SILENCE * 2, tick=False):
        assert f"{SAYS_SO} since Thu 5 March 2026, 13:00." in client.get(page).content.decode()


def test_a_page_that_refuses_says_it_too(client: Client) -> None:
    client.force_login(member(OrganisationFactory.create(), Role.ADMINISTRATOR))
    refused = client.get(reverse("desk-queue"))
    assert refused.status_code == 403
    assert f"{SAYS_SO} yet." in refused.content.decode()
