"""A source is only ever read: whatever a query tries, its database refuses."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import DatabaseError, InternalError, OperationalError

from dsar.core.errors import DomainError
from exports import sources
from exports.sources import query_keys, query_parameters, source_rows
from tests import parts
from tests.exports.sources import shop

CAMILLE = ("C-1", "Camille Estève", "camille.esteve@example.org")
KNOWN = {"email": ["camille.esteve@example.org"]}


def rows(path: Path, query: str, known: Any = KNOWN) -> list[dict[str, Any]]:
    return [found.row for found in source_rows(make_url(f"sqlite:///{path}"), [{"name": "t", "query": query}], known)]


@pytest.mark.parametrize(
    "query",
    [
        "INSERT INTO customers (email) VALUES (:email)",
        "UPDATE customers SET name = :email",
        "DELETE FROM customers WHERE email = :email",
        "ATTACH DATABASE :email AS other",
        "CREATE TABLE t AS SELECT :email",
    ],
)
def test_a_query_that_writes_is_refused(tmp_path: Path, query: str) -> None:
    path = shop(tmp_path / "shop.sqlite3", [CAMILLE])
    before = path.read_bytes()
    with pytest.raises(DatabaseError):
        rows(path, query)
    assert path.read_bytes() == before


def test_a_connection_is_read_only_three_times_over(tmp_path: Path) -> None:
    path = shop(tmp_path / "shop.sqlite3", [CAMILLE])
    connection = sources._sqlite_connect(make_url(f"sqlite:///{path}"))
    for statement in ("PRAGMA query_only = OFF", "PRAGMA user_version = 7", "DELETE FROM customers", "VACUUM"):
        with pytest.raises(sqlite3.DatabaseError):
            connection.execute(statement)
    connection.set_authorizer(None)
    connection.execute("PRAGMA query_only = OFF")
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM customers")
    connection.close()


def test_a_missing_database_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(OperationalError):
        rows(tmp_path / "nowhere.sqlite3", "SELECT :email AS e")
    assert not (tmp_path / "nowhere.sqlite3").exists()


def test_a_query_asks_for_one_person_or_does_not_run(tmp_path: Path) -> None:
    with pytest.raises(DomainError) as everybody:
        query_parameters("SELECT * FROM customers")
    assert everybody.value.code == "query_without_person"
    with pytest.raises(DomainError) as unknown:
        query_parameters("SELECT * FROM customers WHERE id = :id")
    assert unknown.value.code == "query_parameter_unknown"
    assert rows(shop(tmp_path / "shop.sqlite3", [CAMILLE]), "SELECT * FROM calls WHERE phone = :phone") == []


def test_each_known_address_is_tried_and_absent_ones_are_null() -> None:
    query = "SELECT 1 WHERE a = :email OR b = :phone"
    assert query_keys(query, {"phone": ["+331"]}) == [{"email": None, "phone": "+331"}]
    assert query_keys(query, {"identifier": ["x"]}) == []
    assert [keys["email"] for keys in query_keys(query, {"email": ["a@x.example", "b@x.example"]})] == [
        "a@x.example", "b@x.example",
    ]


def test_a_row_found_by_two_addresses_comes_once_and_twins_of_one_query_stay(tmp_path: Path) -> None:
    path = shop(tmp_path / "shop.sqlite3", [CAMILLE, CAMILLE])
    query = "SELECT name FROM customers WHERE email = :email OR number = :identifier"
    known = {**KNOWN, "identifier": ["c-1", "C-1"]}
    assert rows(path, query, known) == [{"name": "Camille Estève"}] * 2


def test_bytes_that_are_no_text_are_shown_and_not_lost(tmp_path: Path) -> None:
    path = shop(tmp_path / "shop.sqlite3", [CAMILLE])
    query = "SELECT CAST(x'ff41' AS TEXT) AS broken, x'00ff' AS raw FROM customers WHERE email = :email"
    assert rows(path, query) == [{"broken": "\\xffA", "raw": "base64:AP8="}]


def test_an_unknown_kind_of_database_is_refused() -> None:
    with pytest.raises(DomainError) as refused:
        list(source_rows(make_url("mysql://host/db"), [], KNOWN))
    assert refused.value.code == "source_kind_unknown"


@pytest.mark.postgres
def test_postgresql_refuses_to_write_whatever_the_query(postgres_url: str) -> None:
    import psycopg

    with psycopg.connect(postgres_url) as connection:
        connection.execute("CREATE TABLE customers (email text, spent numeric(10,2))")
        connection.execute("INSERT INTO customers VALUES ('camille.esteve@example.org', 12.50)")
    url = make_url(postgres_url)
    good = "SELECT * FROM customers WHERE email = :email AND (:phone IS NULL OR :phone <> '')"
    found = [item.row for item in source_rows(url, [{"name": "t", "query": good}], KNOWN)]
    assert found == [{"email": "camille.esteve@example.org", "spent": "12.50"}]
    for query in (
        "WITH gone AS (DELETE FROM customers WHERE email = :email RETURNING 1) SELECT * FROM gone",
        "INSERT INTO customers VALUES (:email) RETURNING email",
        "SELECT set_config('transaction_read_only', 'off', false), :email",
        "SELECT pg_sleep(0), :email FROM customers FOR UPDATE",
    ):
        with pytest.raises((InternalError, DatabaseError)):
            list(source_rows(url, [{"name": "t", "query": query}], KNOWN))
    with psycopg.connect(postgres_url) as connection:
        assert connection.execute("SELECT count(*) FROM customers").fetchone() == (1,)


@pytest.mark.postgres
def test_postgresql_stops_a_query_that_takes_too_long(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "STATEMENT_SECONDS", 0.2)
    assert parts.part("postgres").where
    with pytest.raises(OperationalError, match="statement timeout"):
        list(source_rows(make_url(postgres_url), [{"name": "t", "query": "SELECT pg_sleep(30), :email"}], KNOWN))


def test_sqlite_stops_a_query_that_takes_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "STATEMENT_SECONDS", 0.2)
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x), :email FROM n"
    with pytest.raises(OperationalError, match="interrupted"):
        rows(shop(tmp_path / "shop.sqlite3", []), endless)
