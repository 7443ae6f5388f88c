"""The database itself refuses to change the journal, and says when it was disarmed."""

import pytest
from django.core.checks import Tags, run_checks
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from dsar.core.actors import Actor
from dsar.core.journal import INSTALLATION, journal_append
from dsar.core.models import AuditEvent, AuditValue
from dsar.core.triggers import (
    EVENT_TABLE,
    SEARCH_TABLE,
    VALUE_TABLE,
    database_guards_install,
    database_guards_lift,
    guards_missing,
)
from requests_app.models import Case
from tests.factories import a_case

pytestmark = pytest.mark.django_db
is_postgres = connection.vendor == "postgresql"


@pytest.fixture
def event() -> AuditEvent:
    with transaction.atomic():
        return journal_append(
            chain=INSTALLATION, organisation=None, kind="note.added", actor=Actor.SYSTEM, values={"body": "secret"}
        )


def foreign_keys_settled() -> None:
    """PostgreSQL changes no table whose foreign keys are still to be checked, as they are until a transaction ends."""
    connection.check_constraints()


def refused(sql: str) -> None:
    with pytest.raises(IntegrityError, match="the journal is immutable"), transaction.atomic():
        connection.cursor().execute(sql)


def test_changes_of_the_journal_are_refused(event: AuditEvent) -> None:
    with pytest.raises(IntegrityError, match="immutable"), transaction.atomic():
        AuditEvent.objects.all().update(kind="case.closed")
    with pytest.raises(IntegrityError, match="immutable"), transaction.atomic():
        AuditEvent.objects.bulk_update([event], ["actor_role"])
    with pytest.raises(IntegrityError, match="immutable"), transaction.atomic():
        AuditValue.objects.update(value="other")
    AuditValue.objects.all().delete()
    with pytest.raises(IntegrityError, match="immutable"), transaction.atomic():
        AuditEvent.objects.all().delete()
    assert AuditEvent.objects.get().kind == "note.added"


@pytest.mark.skipif(is_postgres, reason="a way around DELETE that only SQLite has")
def test_replacing_is_refused(event: AuditEvent) -> None:
    refused("REPLACE INTO core_auditevent SELECT * FROM core_auditevent")
    columns = "chain_id, seq, kind, at, actor_role, facts, digests, prev_hash, hash"
    refused(f"INSERT OR REPLACE INTO core_auditevent ({columns}) SELECT {columns} FROM core_auditevent")  # noqa: S608
    columns = "event_id, field, salt, value"
    refused(f"REPLACE INTO core_auditvalue ({columns}) SELECT event_id, field, '', '1' FROM core_auditvalue")  # noqa: S608


@pytest.mark.skipif(not is_postgres, reason="ways around triggers that only PostgreSQL has")
def test_truncating_and_replica_role_are_refused(event: AuditEvent) -> None:
    foreign_keys_settled()
    refused(f"TRUNCATE {EVENT_TABLE}, {VALUE_TABLE}")
    refused(f"TRUNCATE {VALUE_TABLE}")
    refused("SET LOCAL session_replication_role = replica; DELETE FROM core_auditevent")


def check_ids() -> list[str | None]:
    return [message.id for message in run_checks(tags=[Tags.database], databases=["default"])]


def test_check_names_a_trigger_that_was_dropped() -> None:
    assert guards_missing(connection) == []
    assert check_ids() == []
    name = f"{EVENT_TABLE}_no_update"
    connection.cursor().execute(f"DROP TRIGGER {name}" + (f" ON {EVENT_TABLE}" if is_postgres else ""))
    assert guards_missing(connection) == [name]
    assert check_ids() == ["core.E001"]
    database_guards_install(connection)
    assert guards_missing(connection) == []


def test_check_notices_a_trigger_that_was_disarmed() -> None:
    if is_postgres:
        connection.cursor().execute(f"ALTER TABLE {VALUE_TABLE} DISABLE TRIGGER {VALUE_TABLE}_no_update")
        assert guards_missing(connection) == [f"{VALUE_TABLE}_no_update"]
        connection.cursor().execute(
            "CREATE OR REPLACE FUNCTION core_journal_refuse() RETURNS trigger LANGUAGE plpgsql"
            " AS $$ BEGIN RETURN NEW; END $$"
        )
        assert len(guards_missing(connection)) == 5
    else:
        name = f"{VALUE_TABLE}_no_update"
        connection.cursor().execute(f"DROP TRIGGER {name}")
        connection.cursor().execute(f"CREATE TRIGGER {name} BEFORE UPDATE ON {VALUE_TABLE} BEGIN SELECT 1; END")
        assert guards_missing(connection) == [name]
    database_guards_install(connection)
    assert guards_missing(connection) == []


def test_search_index_is_rebuilt_with_its_triggers() -> None:
    case = a_case()
    foreign_keys_settled()
    with connection.cursor() as cursor:
        if is_postgres:
            cursor.execute(f"DROP INDEX {SEARCH_TABLE}_trgm")
        else:
            cursor.execute(f"DROP TRIGGER {SEARCH_TABLE}_update")
    assert len(guards_missing(connection)) == 1
    Case.objects.filter(pk=case.pk).update(search_text="written meanwhile")
    foreign_keys_settled()
    database_guards_install(connection)
    assert list(Case.objects.search("meanwhile")) == [case]


@pytest.mark.django_db(transaction=True)
def test_flush_leaves_the_guards_in_place(event: AuditEvent) -> None:
    database_guards_lift(connection)
    call_command("flush", interactive=False, verbosity=0)
    assert guards_missing(connection) == []
    assert not AuditEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_flush_of_a_running_installation_is_refused(event: AuditEvent) -> None:
    with pytest.raises(CommandError, match="couldn't be flushed"):
        call_command("flush", interactive=False, verbosity=0)
    assert AuditEvent.objects.exists()
