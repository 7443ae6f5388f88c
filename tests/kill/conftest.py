"""One installation on real PostgreSQL and Redis: the test's own connection, its mail server, its processes."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from celery import Celery
from pytest_django import DjangoDbBlocker

from dsar.core import broker
from tests.databases import database_made, database_used
from tests.kill.processes import Mailbox, Process, beat, mail_server, process, worker


@dataclass
class Site:
    """What the tests do with the installation."""

    mailbox: Mailbox
    broker: Celery
    folder: Path
    environment: dict[str, str]

    def worker(self) -> AbstractContextManager[Process]:
        """The ordinary worker."""
        return worker(self.folder, self.environment)

    def worker_that_dies(self, point: str) -> AbstractContextManager[Process]:
        """A worker that is killed when it comes to `point`, a name of `tests.kill.app.POINTS`."""
        return worker(self.folder, {**self.environment, "KILL_AT": point}, application="tests.kill.app")

    def worker_on(self, now: datetime, *, point: str = "") -> AbstractContextManager[Process]:
        """A worker whose clock shows this aware instant and ticks on; killed at `point` where one is named."""
        environment = {**self.environment, "CLOCK_AT": now.isoformat(), **({"KILL_AT": point} if point else {})}
        return worker(self.folder, environment, application="tests.kill.app")

    def beat_on(self, now: datetime) -> AbstractContextManager[Process]:
        """A scheduler on that clock, which has the reminders swept each second."""
        environment = {**self.environment, "CLOCK_AT": now.isoformat(), "BEAT_SECONDS": "1"}
        return beat(self.folder, environment, application="tests.kill.app")

    def door_that_dies(self, point: str, slug: str) -> AbstractContextManager[Process]:
        """A process that opens a request for that organisation and is killed at `point`."""
        return process(self.folder, {**self.environment, "KILL_AT": point}, "tests.kill.door", slug)

    def sweep(self, *names: str) -> None:
        """Have the worker run these tasks of the timetable, as the scheduler does."""
        for name in names:
            self.broker.send_task(name)


@pytest.fixture(scope="module")
def database(postgres_server: str, postgres_template: str, database_prefix: str) -> Iterator[str]:
    with database_made(postgres_server, f"{database_prefix}_kill", postgres_template) as made:
        yield made


@pytest.fixture
def site(
    database: str, redis_url: str, tmp_path: Path, django_db_blocker: DjangoDbBlocker, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Site]:
    with django_db_blocker.unblock(), database_used(database), mail_server() as (mailbox, email_url):
        client = Celery(broker=redis_url, set_as_current=False)
        # What the services queue in this process reaches the workers, as it does from a web process.
        monkeypatch.setattr(broker, "current_app", client)
        environment = {
            "DJANGO_SETTINGS_MODULE": "dsar.settings",
            "DATABASE_URL": database,
            "REDIS_URL": redis_url,
            "EMAIL_URL": email_url,
        }
        yield Site(mailbox, client, tmp_path, environment)
        client.close()
