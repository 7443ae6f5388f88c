"""A second database for tests that must run on PostgreSQL whatever the suite runs on."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Barrier
from typing import TypeVar

import environ
import psycopg
from django.core.management import call_command
from django.db import connections
from django.db.utils import ConnectionHandler

Result = TypeVar("Result")


@contextmanager
def database_used(url: str) -> Iterator[None]:
    """The default connection of this thread goes to `url`, and back to the suite's database afterwards."""
    before = connections["default"]
    connections["default"] = ConnectionHandler({"default": environ.Env.db_url_config(url)})["default"]
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"] = before


@contextmanager
def database_made(server: str, name: str, template: str = "template1") -> Iterator[str]:
    """URL of a fresh PostgreSQL database, a copy of `template`; gone afterwards. `server` is one that may create it."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield server.rpartition("/")[0] + f"/{name}"
        finally:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@contextmanager
def database_migrated(server: str, name: str) -> Iterator[str]:
    """The same with our tables."""
    with database_made(server, name) as url:
        with database_used(url):
            call_command("migrate", run_syncdb=True, verbosity=0)
        yield url


def at_once(count: int, act: Callable[[int], Result], url: str = "") -> list[Result]:
    """What `act(0)`, `act(1)`, … return when as many threads begin them together, each with a connection of its own."""
    barrier = Barrier(count, timeout=20)

    def run(number: int) -> Result:
        database: AbstractContextManager[None] = database_used(url) if url else nullcontext()
        with database:
            try:
                connections["default"].ensure_connection()
                barrier.wait()
                return act(number)
            finally:
                connections["default"].close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))
