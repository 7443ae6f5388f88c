"""A small shop to search in: its database, its field map and an organisation that owns both."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dsar.core.models import Organisation, ProcessingActivity, Recipient, RetentionRule
from exports.models import Collection, DataSource, SourceMap
from exports.services import collection_plan, collection_run, package_build
from requests_app.models import CaseRight, Deliverable
from requests_app.services import case_right_start
from tests.factories import a_case, actor_for, member, right_of

NASTY = '<script>alert("x")</script>'


def texts(text: str) -> dict[str, str]:
    return {"fr": f"{text} (fr)", "en": text}


def field(column: str, *, disclosed: bool = True, activity: str = "orders") -> dict[str, Any]:
    return {
        "column": column,
        "meaning": texts(f"The {column}"),
        "category": texts("Identity"),
        "origin": "provided",
        "activity": activity,
        "disclosed": disclosed,
        "reason": {} if disclosed else texts("Security of the shop"),
    }


TABLES: list[dict[str, Any]] = [
    {
        "name": "customers",
        "title": texts("Customer record"),
        "query": "SELECT * FROM customers WHERE lower(email) = :email OR replace(number, '-', '') = upper(:identifier)",
        "subject": {"name": "name", "email": "email", "identifier": "number"},
        "fields": [field("number"), field("name"), field("email"), field("password_hash", disclosed=False)],
    },
    {
        "name": "orders",
        "title": texts("Orders"),
        "query": "SELECT o.* FROM orders o JOIN customers c ON c.number = o.customer WHERE lower(c.email) = :email"
        " OR replace(c.number, '-', '') = upper(:identifier) ORDER BY o.id",
        "subject": {},
        "fields": [field("article"), field("price"), field("note")],
    },
    {
        "name": "calls",
        "title": texts("Calls"),
        "query": "SELECT * FROM calls WHERE phone = :phone",
        "subject": {"phone": "phone"},
        "fields": [field("phone", activity="calls")],
    },
]


def shop(path: Path, customers: list[tuple[str, str, str]], orders: int = 2) -> Path:
    """A database with those (number, name, e-mail) and `orders` orders of each."""
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(
            "CREATE TABLE customers (number TEXT, name TEXT, email TEXT, password_hash TEXT, forgotten TEXT);"
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT, article TEXT, price REAL, note TEXT);"
            "CREATE TABLE calls (phone TEXT);"
        )
        for number, name, email in customers:
            database.execute(
                "INSERT INTO customers VALUES (?, ?, ?, 'TOP-SECRET-HASH', 'UNMAPPED-VALUE')", (number, name, email)
            )
            database.executemany(
                "INSERT INTO orders (customer, article, price, note) VALUES (?, ?, ?, ?)",
                ((number, f"Carnet {turn} of {name}", -1.5 * turn, "=1+1") for turn in range(orders)),
            )
    return path


def sql_source(organisation: Organisation, path: Path, monkeypatch: Any, *, approved: bool = True) -> DataSource:
    """The shop as a data source; its address stands in the environment."""
    monkeypatch.setenv("SHOP_URL", f"sqlite:///{path}")
    source = DataSource.objects.create(
        organisation=organisation, code="shop", name=texts("Shop"), kind=DataSource.Kind.SQL, collect_url="SHOP_URL"
    )
    SourceMap.objects.create(
        source=source, version=1, tables=TABLES, approved_at=datetime(2026, 3, 1, tzinfo=UTC) if approved else None
    )
    return source


def manual_source(organisation: Organisation) -> DataSource:
    return DataSource.objects.create(
        organisation=organisation, code="archive", name=texts("Archive"), kind=DataSource.Kind.MANUAL, position=1
    )


def activity(organisation: Organisation, code: str = "orders", **fields: Any) -> ProcessingActivity:
    """A use of data with a named recipient and a retention rule; what `fields` leave out is unknown."""
    made = ProcessingActivity.objects.create(
        organisation=organisation, code=code, name=texts(f"Activity {code}"), capacity="controller", **fields
    )
    recipient = Recipient.objects.create(organisation=organisation, code=f"{code}-r", name="Transports Alguère")
    recipient.activities.add(made)
    RetentionRule.objects.create(activity=made, phase="active", duration="P5Y", then="erase")
    return made


def started(organisation: Organisation, **request: Any) -> CaseRight:
    """An access request whose work has begun."""
    case = a_case(organisation, **{"rights": ("access",), "submission": "", **request})
    case_right = right_of(case, "access")
    case_right_start(case_right=case_right, actor=actor_for(member(organisation), organisation))
    return right_of(case, "access")


def collected(case_right: CaseRight) -> Collection:
    """Plan, and ask the shop."""
    collection_plan(case_right=case_right)
    collection = Collection.objects.get(case_right=case_right, source__code="shop")
    collection_run(collection=collection)
    collection.refresh_from_db()
    return collection


def built(case_right: CaseRight) -> Deliverable:
    """The package, which must be there."""
    deliverable = package_build(case_right=right_of(case_right.case, case_right.right))
    assert deliverable is not None
    return deliverable
