"""/healthz and /readyz: what an orchestrator and a person on call are told."""

import time
from datetime import UTC, datetime

import pytest
from celery import current_app
from django.core.cache import cache
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from dsar import health
from dsar.core.models import Sweep
from dsar.core.sweeps import REMINDERS, sweep_note
from dsar.core.triggers import database_guards_lift


@pytest.fixture
def ready(db: None, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A client of an installation where all is well."""
    applied = dict.fromkeys(health._migrations_on_disk())
    monkeypatch.setattr(MigrationRecorder, "applied_migrations", lambda _recorder: applied)
    health.sweep_seen()
    sweep_note(REMINDERS, timezone.now())
    return Client()


def test_healthz_asks_nothing_of_the_database(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok")


def test_ready_when_every_part_answers(ready: Client) -> None:
    answer = ready.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "parts": {
            "database": "ok", "migrations": "ok", "journal": "ok", "broker": "ok", "sweeps": "ok", "reminders": "ok"
        },
    }
    assert "no-store" in answer.headers["Cache-Control"]


def failing(client: Client) -> dict[str, str]:
    """The parts that are not well; the answer must be 503."""
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["ready"] is False
    return {part: said for part, said in answer.json()["parts"].items() if said != "ok"}


def test_a_migration_that_is_not_applied(ready: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_migrations_on_disk", lambda: {("core", "9999_next")})
    assert failing(ready) == {"migrations": "1 migrations are not applied: run manage.py migrate"}


def test_a_journal_without_its_guards(ready: Client) -> None:
    database_guards_lift(connection)
    assert list(failing(ready)) == ["journal"]


def test_no_worker_was_ever_seen(ready: Client) -> None:
    cache.delete(health.SWEEP_KEY)
    assert failing(ready) == {"sweeps": "no worker has been seen yet"}


def test_a_cache_that_is_away_says_nothing_of_the_sweeps(ready: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.delete(health.SWEEP_KEY)
    monkeypatch.setattr(health, "cache_is_away", lambda: True)
    assert failing(ready) == {"sweeps": "does not answer"}


def test_sweeps_that_stopped(ready: Client) -> None:
    cache.set(health.SWEEP_KEY, time.time() - 16 * 60, timeout=None)
    assert failing(ready) == {"sweeps": "no sweep has run for 16 minutes: scheduler or worker is down"}


def test_reminders_that_stopped(ready: Client) -> None:
    sweep_note(REMINDERS, datetime(2026, 3, 5, 17, 42, tzinfo=UTC))
    assert failing(ready) == {"reminders": "reminders have not run since 2026-03-05T17:42Z"}


def test_reminders_that_never_ran(ready: Client) -> None:
    Sweep.objects.all().delete()
    assert failing(ready) == {"reminders": "reminders have not run yet"}


@pytest.mark.loopback
def test_a_broker_that_is_away(ready: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    away = current_app.connection_for_write("redis://127.0.0.1:1/0")
    monkeypatch.setattr(current_app, "connection_for_write", lambda: away)
    assert failing(ready) == {"broker": "does not answer"}
