"""Whether this installation works: `/healthz` for "the process answers", `/readyz` for everything it depends on."""

import logging
import time
from collections.abc import Callable
from functools import cache as cached

from celery import current_app
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu.exceptions import KombuError
from redis import RedisError

from dsar.core.cache import cache_is_away
from dsar.core.sweeps import REMINDERS, sweep_silent_since
from dsar.core.triggers import guards_missing

logger = logging.getLogger(__name__)

SWEEP_KEY = "health:sweep_at"
SWEEP_SECONDS = 15 * 60  # a scheduler or worker silent for longer is down: the dead-man's switch
BROKER_SECONDS = 1


class PartFailed(Exception):
    """A part of the installation answers, and what it says is wrong; the text may be shown to anybody."""


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked, so that an orchestrator does not restart it for a database's sake."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Each part with "ok" or what is wrong; 503 when one fails. Names no host, path or version."""
    answers = {name: _asked(name, ask) for name, ask in PARTS.items()}
    is_ready = all(answer == "ok" for answer in answers.values())
    response = JsonResponse({"ready": is_ready, "parts": answers}, status=200 if is_ready else 503)
    response._has_been_logged = True  # type: ignore[attr-defined] # "not ready" is an answer, not an error of the server
    return response


def sweep_seen() -> None:
    """Remember that a sweep has run, which proves scheduler, broker and worker, or that a worker started."""
    cache.set(SWEEP_KEY, time.time(), timeout=None)


def database_check() -> None:
    """The database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def migrations_check() -> None:
    """No migration of this version of the program is left to apply."""
    missing = len(_migrations_on_disk() - set(MigrationRecorder(connection).applied_migrations()))
    if missing:
        raise PartFailed(f"{missing} migrations are not applied: run manage.py migrate")


def journal_check() -> None:
    """The triggers that keep the journal immutable are in place."""
    if missing := guards_missing(connection):
        raise PartFailed(f"{len(missing)} database guards are missing: run manage.py check --database default")


def broker_check() -> None:
    """The broker answers."""
    with current_app.connection_for_write() as broker:
        broker.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=BROKER_SECONDS)


def sweeps_check() -> None:
    """A sweep has run, or a worker has started, in the last 15 minutes."""
    seen_at: float | None = cache.get(SWEEP_KEY)
    if seen_at is None:
        raise PartFailed("does not answer" if cache_is_away() else "no worker has been seen yet")
    if (silent := time.time() - seen_at) > SWEEP_SECONDS:
        raise PartFailed(f"no sweep has run for {int(silent) // 60} minutes: scheduler or worker is down")


def reminders_check() -> None:
    """The sweep of the reminders came to its end in the last 15 minutes: nobody at the desk waits for one in vain."""
    silence = sweep_silent_since(REMINDERS, timezone.now())
    if silence is None:
        return
    if silence.since is None:
        raise PartFailed("reminders have not run yet")
    raise PartFailed(f"reminders have not run since {silence.since:%Y-%m-%dT%H:%MZ}")


PARTS: dict[str, Callable[[], None]] = {
    "database": database_check,
    "migrations": migrations_check,
    "journal": journal_check,
    "broker": broker_check,
    "sweeps": sweeps_check,
    "reminders": reminders_check,
}


def _asked(name: str, ask: Callable[[], None]) -> str:
    try:
        ask()
    except PartFailed as failure:
        return str(failure)
    except (DatabaseError, RedisError, KombuError, OSError) as error:
        logger.warning("readyz: %s does not answer: %s", name, type(error).__name__)
        return "does not answer"
    return "ok"


@cached
def _migrations_on_disk() -> set[tuple[str, str]]:
    """The migrations that this version of the program brings; read once, they do not change while it runs."""
    loader = MigrationLoader(None, load=False)
    loader.load_disk()
    return set(loader.disk_migrations)
