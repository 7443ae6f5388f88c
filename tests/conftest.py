"""What every test stands on: real parts by marker, no network, an empty cache, English."""

import gc
import os
from collections import Counter
from collections.abc import Iterator
from zlib import crc32

import pytest
import redis
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.test import TransactionTestCase
from django.utils import translation
from hypothesis import settings as hypothesis_settings
from pytest_django import DjangoDbBlocker

from dsar.core.models import Organisation, User
from dsar.core.roles import Role
from dsar.core.triggers import database_guards_lift
from tests import parts
from tests.databases import database_made, database_migrated, database_used
from tests.factories import OrganisationFactory, member

LOOPBACK = ["127.0.0.1", "::1", "localhost"]
# The tests that take longest, the longest first: begun first, so that no process ends a parallel run alone with one.
LONG = ("tests/journeys/test_browser_journey.py", "tests/journeys/test_browser_form.py", "tests/test_serve.py",
        "tests/kill/", "tests/journeys/")  # fmt: skip

# No test fails for being slow once: the first example of a run loads calendars and translations. Every run draws the
# same examples; to look for others: --hypothesis-profile=search.
hypothesis_settings.register_profile("dsar", deadline=None, derandomize=True)
hypothesis_settings.register_profile("search", deadline=None, max_examples=2000)
hypothesis_settings.load_profile("dsar")


def pytest_configure(config: pytest.Config) -> None:
    """Register one marker for each real part."""
    for code, (name, _) in parts.FINDERS.items():
        config.addinivalue_line("markers", f"{code}: needs {name}; skipped where it is missing")
    config.addinivalue_line("markers", "loopback: talks to a server on this machine that the test starts itself")
    config.pluginmanager.register(PartsReport(), "parts-report")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let tests of real parts, and only them, open sockets on this machine; put the longest first."""
    for item in items:
        if any(item.get_closest_marker(name) for name in (*parts.FINDERS, "loopback")):
            item.add_marker(pytest.mark.allow_hosts(LOOPBACK))
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    return next((place for place, path in enumerate(LONG) if item.nodeid.startswith(path)), len(LONG))


def pytest_collection_finish() -> None:
    """What is imported by now stays to the end: the garbage collector need not look at it again and again."""
    gc.freeze()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, or fail where all parts are required, a test whose real part is missing."""
    for code, (name, _) in parts.FINDERS.items():
        if item.get_closest_marker(code) and not parts.part(code).where:
            reason = f"{name} is missing: {parts.part(code).detail}"
            if parts.required():
                pytest.fail(reason, pytrace=False)
            pytest.skip(reason)


class PartsReport:
    """Counts which tests met which part, and says it in one line for each part."""

    def __init__(self) -> None:
        self.used: Counter[str] = Counter()
        self.skipped: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count one finished test; in a parallel run the reports of all processes come here."""
        for code in parts.FINDERS:
            if code in report.keywords:
                if report.when == "call":
                    self.used[code] += 1
                elif report.when == "setup" and report.skipped:
                    self.skipped[code] += 1

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """One line for each real part."""
        terminalreporter.section("real parts")
        for code, (name, _) in parts.FINDERS.items():
            terminalreporter.write_line(f"{name}: {self._line(code)}")

    def _line(self, code: str) -> str:
        found = parts.part(code)
        if code == "postgres" and settings.DATABASES["default"]["ENGINE"].endswith("postgresql"):
            return f"used by the whole suite ({found.detail})"
        if not found.where:
            return f"skipped, {self.skipped[code]} tests not run: {found.detail}"
        if not self.used[code]:
            return f"there, and not used by the chosen tests ({found.detail})"
        return f"used by {self.used[code]} tests ({found.detail})"


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """URL of the server on which databases are made: the suite's own where it runs on PostgreSQL, else the part."""
    return os.environ["DATABASE_URL"] if connection.vendor == "postgresql" else parts.part("postgres").where


@pytest.fixture(scope="session")
def postgres_template(
    django_db_blocker: DjangoDbBlocker, postgres_server: str, database_prefix: str
) -> Iterator[str]:
    """Name of a PostgreSQL database with our tables, migrated once: every other one of this process is its copy."""
    name = f"{database_prefix}_template"
    with django_db_blocker.unblock(), database_migrated(postgres_server, name):
        yield name


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    request: pytest.FixtureRequest, django_db_modify_db_settings_parallel_suffix: None
) -> None:
    """Where the suite runs on PostgreSQL, its database is a copy of the template too."""
    if connection.vendor == "postgresql":
        connection.settings_dict["TEST"]["TEMPLATE"] = request.getfixturevalue("postgres_template")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The plugin's databases; at the end nobody may be connected any more, or PostgreSQL does not drop them.

    A thread of the live server keeps its connection when the browser leaves in the middle of an answer.
    """
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename = current_user"
            )


@pytest.fixture(scope="module")
def database_kept(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """For a fixture of module scope that fills the database: each test of the module finds that, and undoes its own.

    The tests must be ordinary ones (`django_db` without `transaction`) and may not change the objects themselves.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(autouse=True, scope="session")
def _flush_allowed() -> Iterator[None]:
    """A transactional test ends with a flush, which the journal's guards refuse: lifted for it, restored after it."""
    flush = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined] # Django's own, absent from the stubs

    def lift_and_flush(self: TransactionTestCase) -> None:
        database_guards_lift(connection)
        flush(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lift_and_flush)
        yield


@pytest.fixture(autouse=True)
def _clean_slate() -> Iterator[None]:
    """Nothing of one test reaches the next one: neither counters in the cache nor the active language."""
    cache.clear()
    with translation.override("en"):
        yield


@pytest.fixture(scope="session")
def _worker_number(request: pytest.FixtureRequest) -> int:
    """0 alone, else the number of this process in a parallel run."""
    worker = getattr(request.config, "workerinput", {}).get("workerid", "gw0")
    return int(worker.removeprefix("gw"))


@pytest.fixture(scope="session")
def database_prefix(_worker_number: int) -> str:
    """How the PostgreSQL databases of this process are named: suites of several checkouts may share a server."""
    return f"dsar_test_{crc32(__file__.encode()):08x}_{_worker_number}"


@pytest.fixture
def postgres_url(postgres_server: str, database_prefix: str) -> Iterator[str]:
    """URL of an empty PostgreSQL database of this test's own; for tests marked `postgres` that start processes."""
    with database_made(postgres_server, f"{database_prefix}_own") as made:
        yield made


@pytest.fixture
def redis_url(_worker_number: int) -> Iterator[str]:
    """URL of a Redis database that is emptied before and after; for tests marked `redis`."""
    url = parts.part("redis").where.rstrip("/") + f"/{15 - _worker_number}"
    client = redis.Redis.from_url(url)
    client.flushdb()
    yield url
    client.flushdb()
    client.close()


@pytest.fixture(scope="session")
def postgres_database(postgres_server: str, postgres_template: str, database_prefix: str) -> Iterator[str]:
    """URL of a PostgreSQL database with our tables beside the suite's own; see `postgres_beside`."""
    with database_made(postgres_server, f"{database_prefix}_beside", postgres_template) as made:
        yield made


@pytest.fixture
def postgres_beside(transactional_db: None, postgres_database: str) -> Iterator[str]:
    """URL of an empty PostgreSQL database that this test uses whatever the suite runs on; marked `postgres`."""
    with database_used(postgres_database):
        yield postgres_database
        database_guards_lift(connections["default"])
        call_command("flush", interactive=False, verbosity=0)


@pytest.fixture(params=["suite", pytest.param("postgres", marks=pytest.mark.postgres)])
def either_database(request: pytest.FixtureRequest) -> str:
    """For tests of several at once: the URL of the PostgreSQL database beside, empty for the suite's own."""
    return "" if request.param == "suite" else str(request.getfixturevalue("postgres_beside"))


@pytest.fixture
def organisation() -> Organisation:
    """Librairies Virelune, active, with its data protection officer and its authority, and without staff."""
    return OrganisationFactory.create(slug="virelune", name="Librairies Virelune")


@pytest.fixture
def handler(organisation: Organisation) -> User:
    """A handler there."""
    return member(organisation)


@pytest.fixture
def reviewer(organisation: Organisation) -> User:
    """A reviewer there."""
    return member(organisation, Role.REVIEWER)


@pytest.fixture
def dpo(organisation: Organisation) -> User:
    """Its data protection officer, who reviews too."""
    return member(organisation, Role.DPO)
