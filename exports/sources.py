"""Asks a data source what it holds about one person, and can do nothing else to it: the database refuses to write."""

import itertools
import json
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from typing import Any
from urllib.parse import quote

import environ
from django.utils.translation import gettext_lazy as _
from sqlalchemy import Connection, Engine, String, bindparam, create_engine, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from dsar.core.errors import DomainError
from exports.records import record_plain

STATEMENT_SECONDS = 60  # for one query, on SQLite; for one batch of its rows, on PostgreSQL
BATCH = 500  # rows fetched at a time
_INSTRUCTIONS = 10_000  # of SQLite, between two looks at the clock
PARAMETERS = ("email", "identifier", "phone", "postal")

# What a query may do in SQLite; everything else, PRAGMA and ATTACH included, is refused before it runs.
_SQLITE_READS = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
)


@dataclass(frozen=True)
class Found:
    """One row of one table of a source. `keys`: the parameters with a value that the query was run with."""

    table: str
    row: dict[str, Any]
    keys: frozenset[str]


def source_url(variable: str) -> URL:
    """The URL kept in that environment variable (or in the file named by `<variable>_FILE`).

    Raises DomainError "source_url_missing" or "source_url_invalid".
    """
    value = environ.FileAwareEnv().str(variable, default="") if variable else ""
    if not value:
        raise DomainError("source_url_missing", _("The address of this data source is not set on this server."))
    try:
        return make_url(value)
    except ArgumentError as error:
        raise DomainError("source_url_invalid", _("The address of this data source cannot be read.")) from error


def query_parameters(query: str) -> tuple[str, ...]:
    """The named parameters of a query.

    Raises DomainError "query_parameter_unknown", or "query_without_person" for a query that would return everybody.
    """
    names = tuple(sorted(text(query).compile().params))
    if not names:
        raise DomainError("query_without_person", _("A query of this data source does not ask for one person."))
    if not set(names) <= set(PARAMETERS):
        raise DomainError("query_parameter_unknown", _("A query of this data source uses an unknown parameter."))
    return names


def query_keys(query: str, known: Mapping[str, Sequence[str]]) -> list[dict[str, str | None]]:
    """Each set of values to run a query with; none when nothing that it asks for is known.

    Of two addresses of one kind each is tried; what is absent is NULL.
    """
    names = query_parameters(query)
    if not any(known.get(name) for name in names):
        return []
    values = [tuple(known.get(name, ())) or (None,) for name in names]
    return [dict(zip(names, chosen, strict=True)) for chosen in itertools.product(*values)]


def source_rows(
    url: URL, tables: Sequence[Mapping[str, Any]], known: Mapping[str, Sequence[str]]
) -> Iterator[Found]:
    """The person's rows, table by table in the order of the map, as they come: never all in memory.

    `known` holds the values of each parameter. Raises DomainError for a query that must not run, and SQLAlchemyError
    when the source is away, refuses (a query that writes) or takes longer than STATEMENT_SECONDS.
    """
    engine = _engine(url)
    try:
        with engine.connect().execution_options(stream_results=True, yield_per=BATCH, **_options(url)) as connection:
            for table in tables:
                for keys, row in _table_rows(connection, table["query"], known):
                    yield Found(table["name"], row, keys)
    finally:
        engine.dispose()


def _table_rows(
    connection: Connection, query: str, known: Mapping[str, Sequence[str]]
) -> Iterator[tuple[frozenset[str], dict[str, Any]]]:
    """Rows of one query for each set of keys; a row that an earlier set found already is not given twice."""
    keys = query_keys(query, known)
    earlier: set[bytes] = set()
    for chosen in keys:
        statement = text(query).bindparams(*(bindparam(name, type_=String) for name in chosen))
        used = frozenset(name for name, value in chosen.items() if value is not None)
        with connection.begin():
            _deadline_set(connection)
            now: set[bytes] = set()
            for row in connection.execute(statement, chosen).mappings():
                record = record_plain(row)
                if len(keys) > 1:
                    now.add(digest := blake2b(json.dumps(record).encode(), digest_size=16).digest())
                    if digest in earlier:
                        continue
                yield used, record
            earlier |= now


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        creator = partial(_sqlite_connect, url)
        return create_engine("sqlite://", creator=creator, poolclass=NullPool, hide_parameters=True)
    if _is_postgresql(url):
        options = f"-c default_transaction_read_only=on -c statement_timeout={int(STATEMENT_SECONDS * 1000)}"
        return create_engine(
            url.set(drivername="postgresql+psycopg"),
            connect_args={"options": options, "connect_timeout": 10},
            poolclass=NullPool,
            hide_parameters=True,
        )
    raise DomainError(
        "source_kind_unknown", _("Only SQLite and PostgreSQL can be asked: for others, reading only is not guaranteed.")
    )


def _options(url: URL) -> dict[str, Any]:
    # Each transaction says READ ONLY itself: nothing that an earlier query did to the session can lift it.
    return {"postgresql_readonly": True} if _is_postgresql(url) else {}


def _is_postgresql(url: URL) -> bool:
    return url.get_backend_name() in ("postgresql", "postgres")  # both spellings are in use


def _sqlite_connect(url: URL) -> sqlite3.Connection:
    """Opened for reading three times over: by the mode of the file, by a pragma, by a list of allowed actions."""
    connection = sqlite3.connect(f"file:{quote(url.database or '')}?mode=ro", uri=True, timeout=10)
    connection.text_factory = partial(str, encoding="utf-8", errors="backslashreplace")
    connection.execute("PRAGMA query_only = ON")
    connection.set_authorizer(_sqlite_authorise)
    return connection


def _deadline_set(connection: Connection) -> None:
    """Give the next query STATEMENT_SECONDS; PostgreSQL counts them itself."""
    driver = connection.connection.driver_connection
    if isinstance(driver, sqlite3.Connection):
        deadline = time.monotonic() + STATEMENT_SECONDS
        driver.set_progress_handler(lambda: time.monotonic() > deadline, _INSTRUCTIONS)


def _sqlite_authorise(action: int, first: str | None, second: str | None, *_where: str | None) -> int:
    # SQLAlchemy asks for this one setting when it connects; asking without a value changes nothing.
    asks_setting = (action, first, second) == (sqlite3.SQLITE_PRAGMA, "read_uncommitted", None)
    return sqlite3.SQLITE_OK if asks_setting or action in _SQLITE_READS else sqlite3.SQLITE_DENY
