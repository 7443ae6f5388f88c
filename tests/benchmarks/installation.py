"""A scratch installation for one run: a database and a broker of its own, and Django set up on them."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import redis

from tests import parts


@contextmanager
def installation(folder: Path, database: str, redis_database: int) -> Iterator[None]:
    """Fresh tables in `database` and an emptied Redis, gone afterwards. Raises RuntimeError when a part is missing."""
    server, broker = parts.part("postgres"), parts.part("redis")
    if not (server.where and broker.where):
        raise RuntimeError(f"PostgreSQL: {server.detail}; Redis: {broker.detail}")
    redis_url = f"{broker.where.rstrip('/')}/{redis_database}"
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings",
        "DATABASE_URL": f"{server.where.rpartition('/')[0]}/{database}",
        "REDIS_URL": redis_url,
        "DSAR_DATA_DIR": str(folder),
        "SECRET_KEY": secrets.token_hex(32),
        "DSAR_MASTER_KEY": secrets.token_hex(32),
    }
    with psycopg.connect(server.where, autocommit=True) as connection, redis.Redis.from_url(redis_url) as queue:
        connection.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {database}")
        queue.flushdb()
        folder.joinpath("static").mkdir()
        try:
            _tables_make()
            yield
        finally:
            connection.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
            queue.flushdb()


def _tables_make() -> None:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", run_syncdb=True, verbosity=0)
