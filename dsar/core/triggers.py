"""What the database itself guards: an immutable journal, and a search index that follows every write.

`database_guards_install` is the one function for migrations, the post_migrate receiver and tests, because SQLite drops
the triggers of a table whenever Django rebuilds it. A system check and `/readyz` ask `guards_missing`.

Nothing in a running installation lifts the guards. `database_guards_lift` exists for a migration that must rewrite a
table and for the test suite, whose flush (TRUNCATE on PostgreSQL, DELETE on SQLite) the guards rightly refuse; the
post_migrate signal that follows either of them puts the guards back. There is no setting or session variable that
weakens them: either they are there, unchanged and enabled, or the check says which are not.
"""

from dataclasses import dataclass

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

EVENT_TABLE = "core_auditevent"
VALUE_TABLE = "core_auditvalue"
CASE_TABLE = "requests_app_case"
SEARCH_TABLE = "requests_app_case_search"  # SQLite only
SEARCH_INDEX = "requests_app_case_search_trgm"  # PostgreSQL only
REFUSED = "the journal is immutable"


@dataclass(frozen=True)
class Guard:
    """One database object that must exist as soon as its table does."""

    name: str
    table: str
    create: str  # SQL


# ---- SQLite ---------------------------------------------------------------------------------------------------------


def _sqlite_refusal(table: str, act: str) -> Guard:
    name = f"{table}_no_{act.lower()}"
    return Guard(
        name,
        table,
        f"CREATE TRIGGER {name} BEFORE {act} ON {table} BEGIN SELECT RAISE(ABORT, '{table}: {REFUSED}'); END",
    )


def _sqlite_no_replace(table: str, unique: tuple[str, ...]) -> Guard:
    """INSERT OR REPLACE removes the old row without any DELETE trigger: refuse it where the row exists."""
    name = f"{table}_no_replace"
    same = " AND ".join(f"{column} = NEW.{column}" for column in unique)
    return Guard(
        name,
        table,
        f"CREATE TRIGGER {name} BEFORE INSERT ON {table}"  # noqa: S608 - names of this module
        f" WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id OR ({same}))"
        f" BEGIN SELECT RAISE(ABORT, '{table}: {REFUSED}'); END",
    )


_INDEX = f"INSERT INTO {SEARCH_TABLE}"
_INDEX_OLD = f"{_INDEX} ({SEARCH_TABLE}, rowid, search_text) VALUES ('delete', OLD.id, OLD.search_text);"
_INDEX_NEW = f"{_INDEX} (rowid, search_text) VALUES (NEW.id, NEW.search_text);"

SQLITE_JOURNAL = (
    _sqlite_refusal(EVENT_TABLE, "UPDATE"),
    _sqlite_refusal(EVENT_TABLE, "DELETE"),
    _sqlite_no_replace(EVENT_TABLE, ("chain_id", "seq")),
    _sqlite_refusal(VALUE_TABLE, "UPDATE"),
    _sqlite_no_replace(VALUE_TABLE, ("event_id", "field")),
)
# The index holds no copy of the text, only where its trigrams are; rowid is the case's id.
SQLITE_SEARCH = (
    Guard(
        SEARCH_TABLE,
        CASE_TABLE,
        f"CREATE VIRTUAL TABLE {SEARCH_TABLE} USING fts5"
        f" (search_text, content='{CASE_TABLE}', content_rowid='id', tokenize='trigram case_sensitive 1')",
    ),
    *(
        Guard(name, CASE_TABLE, f"CREATE TRIGGER {name} AFTER {when} ON {CASE_TABLE} BEGIN {what} END")
        for name, when, what in (
            (f"{SEARCH_TABLE}_insert", "INSERT", _INDEX_NEW),
            (f"{SEARCH_TABLE}_update", "UPDATE OF search_text", f"{_INDEX_OLD} {_INDEX_NEW}"),
            (f"{SEARCH_TABLE}_delete", "DELETE", _INDEX_OLD),
        )
    ),
)


def _sqlite_missing(connection: BaseDatabaseWrapper) -> list[Guard]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master")
        found = dict(cursor.fetchall())
    return [
        guard
        for guard in (*SQLITE_JOURNAL, *SQLITE_SEARCH)
        if guard.table in found and found.get(guard.name) != guard.create
    ]


def _sqlite_install(connection: BaseDatabaseWrapper, missing: list[Guard]) -> None:
    with connection.cursor() as cursor:
        for guard in missing:
            kind = "TABLE" if guard.name == SEARCH_TABLE else "TRIGGER"
            cursor.execute(f"DROP {kind} IF EXISTS {guard.name}")
            cursor.execute(guard.create)
        if any(guard in SQLITE_SEARCH for guard in missing):
            # Rows may have been written while a trigger was away.
            cursor.execute(f"{_INDEX} ({SEARCH_TABLE}) VALUES ('rebuild')")


# ---- PostgreSQL -----------------------------------------------------------------------------------------------------

PG_FUNCTION = "core_journal_refuse"
PG_FUNCTION_BODY = (
    f" BEGIN RAISE EXCEPTION '%: {REFUSED}', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; END "
)


def _pg_refusal(table: str, act: str) -> Guard:
    name = f"{table}_no_{act.lower()}"
    level = "STATEMENT" if act == "TRUNCATE" else "ROW"
    return Guard(
        name,
        table,
        f"CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH {level} EXECUTE FUNCTION {PG_FUNCTION}()",
    )


PG_JOURNAL = (
    _pg_refusal(EVENT_TABLE, "UPDATE"),
    _pg_refusal(EVENT_TABLE, "DELETE"),
    _pg_refusal(EVENT_TABLE, "TRUNCATE"),
    _pg_refusal(VALUE_TABLE, "UPDATE"),
    _pg_refusal(VALUE_TABLE, "TRUNCATE"),
)
PG_SEARCH = Guard(
    SEARCH_INDEX, CASE_TABLE, f"CREATE INDEX {SEARCH_INDEX} ON {CASE_TABLE} USING gin (search_text gin_trgm_ops)"
)


def _pg_missing(connection: BaseDatabaseWrapper) -> list[Guard]:
    """A trigger counts only with its definition, its function's body, and enabled ALWAYS (in replicas too)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.tgname, pg_get_triggerdef(t.oid, true) FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
            " WHERE t.tgrelid IN (to_regclass(%s), to_regclass(%s)) AND t.tgenabled = 'A' AND p.prosrc = %s",
            [EVENT_TABLE, VALUE_TABLE, PG_FUNCTION_BODY],
        )
        triggers = dict(cursor.fetchall())
        cursor.execute(
            "SELECT to_regclass(%s) IS NOT NULL, to_regclass(%s) IS NOT NULL, to_regclass(%s) IS NOT NULL,"
            " EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass(%s) AND indisvalid)",
            [EVENT_TABLE, VALUE_TABLE, CASE_TABLE, SEARCH_INDEX],
        )
        events, values, cases, is_indexed = cursor.fetchone()
    tables = {EVENT_TABLE: events, VALUE_TABLE: values}
    missing = [guard for guard in PG_JOURNAL if tables[guard.table] and triggers.get(guard.name) != guard.create]
    return missing if is_indexed or not cases else [*missing, PG_SEARCH]


def _pg_install(connection: BaseDatabaseWrapper, missing: list[Guard]) -> None:
    with connection.cursor() as cursor:
        for guard in missing:
            if guard is PG_SEARCH:
                cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
                cursor.execute(f"DROP INDEX IF EXISTS {SEARCH_INDEX}")
                cursor.execute(guard.create)
                continue
            cursor.execute(
                f"CREATE OR REPLACE FUNCTION {PG_FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $${PG_FUNCTION_BODY}$$"
            )
            cursor.execute(f"DROP TRIGGER IF EXISTS {guard.name} ON {guard.table}")
            cursor.execute(guard.create)
            cursor.execute(f"ALTER TABLE {guard.table} ENABLE ALWAYS TRIGGER {guard.name}")


# ---- both -----------------------------------------------------------------------------------------------------------


def database_guards_install(connection: BaseDatabaseWrapper) -> None:
    """Put in place whatever is missing or was altered; passes over tables that do not exist yet. Safe to run twice.

    On PostgreSQL the extension pg_trgm is created: the user needs CREATE on the database, or an administrator creates
    the extension beforehand; otherwise the database's own error says so.
    """
    with transaction.atomic(using=connection.alias):
        if missing := _missing(connection):
            install = _sqlite_install if connection.vendor == "sqlite" else _pg_install
            install(connection, missing)


def database_guards_lift(connection: BaseDatabaseWrapper) -> None:
    """Take the journal's triggers away, for a migration or a test's flush; the next post_migrate puts them back."""
    is_sqlite = connection.vendor == "sqlite"
    existing = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for guard in SQLITE_JOURNAL if is_sqlite else PG_JOURNAL:
            if guard.table in existing:
                cursor.execute(f"DROP TRIGGER IF EXISTS {guard.name}" + ("" if is_sqlite else f" ON {guard.table}"))


def guards_missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Names of guards that are not there, disabled or altered, of tables that exist; empty when all is well.

    Two cheap catalogue queries; raises what the database raises when it cannot be reached.
    """
    return [guard.name for guard in _missing(connection)]


def _missing(connection: BaseDatabaseWrapper) -> list[Guard]:
    if connection.vendor == "sqlite":
        return _sqlite_missing(connection)
    if connection.vendor == "postgresql":
        return _pg_missing(connection)
    raise NotImplementedError(f"the journal cannot be guarded on {connection.vendor}: use PostgreSQL or SQLite")
