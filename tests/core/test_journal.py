"""What the journal writes: chains of events, personal values beside them, and records of the heads."""

from datetime import UTC, date, datetime
from decimal import Decimal
from threading import Barrier, Thread

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.db.transaction import TransactionManagementError
from django.utils.translation import gettext_lazy

from dsar.core import tasks
from dsar.core.actors import Actor
from dsar.core.journal import (
    INSTALLATION,
    Entry,
    journal_anchor,
    journal_append,
    journal_append_many,
    journal_check,
    journal_open,
)
from dsar.core.models import AuditChain, AuditEvent, AuditValue, Organisation
from dsar.core.roles import Role
from tests.factories import OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db


def write(organisation: Organisation, count: int = 1, chain: str = "case:A") -> list[AuditEvent]:
    with transaction.atomic():
        return journal_append_many(
            chain=chain,
            organisation=organisation,
            entries=[Entry("note.added", Actor.SYSTEM, {"n": n}, {"body": f"text {n}"}) for n in range(count)],
        )


def test_events_are_chained_and_say_who_and_what(organisation: Organisation) -> None:
    user = UserFactory.create()
    first, second = write(organisation, 2)
    third = journal_append(
        chain="case:A",
        organisation=organisation,
        kind="case.assigned",
        actor=Actor(user, Role.HANDLER),
        facts={
            "on": date(2026, 3, 5),
            "at": datetime(2026, 3, 5, 8, tzinfo=UTC),
            "role": Role.DPO,
            "x": Decimal("1.5"),
        },
    )
    assert [event.seq for event in (first, second, third)] == [1, 2, 3]
    assert (first.prev_hash, second.prev_hash, third.prev_hash) == ("", first.hash, second.hash)
    head = AuditChain.objects.get(key="case:A")
    assert (head.seq, head.head, head.organisation) == (3, third.hash, organisation)
    third = AuditEvent.objects.get(pk=third.pk)
    assert (third.actor, third.actor_role) == (user, "handler")
    assert third.facts == {"on": "2026-03-05", "at": "2026-03-05T08:00:00.000000+00:00", "role": "dpo", "x": "1.5"}
    assert journal_check().problems == []


def test_personal_values_stand_beside_the_event_and_their_digest_in_it(organisation: Organisation) -> None:
    one, _two = write(organisation, 2)
    assert [value.value for value in AuditValue.objects.order_by("event")] == ["text 0", "text 1"]
    assert "text" not in str(one.facts) + str(one.digests)
    same = write(organisation, 1)[0]
    assert same.digests["body"] != one.digests["body"]  # salted: equal texts are not recognisable


def test_text_from_outside_is_always_written(organisation: Organisation) -> None:
    broken = {"body": "nul \x00 and \udce9", "big": 10**30, "float": 1e22, "list": [("a", None)], "none": None}
    event = journal_append(
        chain="case:A",
        organisation=organisation,
        kind="note.added",
        actor=Actor.DATA_SUBJECT,
        facts=broken,
        values=broken,
    )
    event.refresh_from_db()
    assert event.facts["body"] == "nul \ufffd and ?"
    assert event.facts["list"] == [["a", None]]
    assert journal_check().problems == []


def test_what_does_not_belong_in_the_journal_is_refused(organisation: Organisation) -> None:
    def append(**changed: object) -> None:
        arguments = {"chain": "case:A", "organisation": organisation, "kind": "note.added", "actor": Actor.SYSTEM}
        journal_append(**{**arguments, **changed})  # type: ignore[arg-type]

    append()
    with pytest.raises(ValueError, match=r"unknown kind of event: note\.invented"):
        append(kind="note.invented")
    with pytest.raises(ValueError, match="another organisation"):
        append(organisation=OrganisationFactory.create())
    with pytest.raises(TypeError):
        append(facts={"state": gettext_lazy("closed")})
    with pytest.raises(ValueError, match="time zone"):
        append(facts={"at": datetime(2026, 3, 5, 8)})  # noqa: DTZ001 - the mistake under test
    assert AuditEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_event_stands_or_falls_with_its_transaction(organisation: Organisation) -> None:
    with pytest.raises(TransactionManagementError):
        journal_append(chain="case:A", organisation=organisation, kind="note.added", actor=Actor.SYSTEM)
    with pytest.raises(TransactionManagementError):
        journal_open(chain="case:A", organisation=organisation, entries=[])
    with transaction.atomic():
        write(organisation)
        transaction.set_rollback(True)
    assert not AuditEvent.objects.exists()
    assert not AuditChain.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_that_make_a_chain_at_once_write_one_after_the_other(organisation: Organisation) -> None:
    barrier, failures = Barrier(4), []

    def run() -> None:
        try:
            barrier.wait(10)
            for _ in range(5):
                write(organisation)
        except Exception as error:  # noqa: BLE001 - whatever a thread meets is the test's to report
            failures.append(error)
        finally:
            connection.close()

    threads = [Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert AuditChain.objects.get().seq == 20
    assert journal_check().problems == []


def test_many_events_cost_the_queries_of_one(
    organisation: Organisation, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    write(organisation)
    with django_assert_num_queries(6):  # type: ignore[operator]  # savepoint, head, events, values, head, release
        write(organisation, 20)
    with django_assert_num_queries(3):  # type: ignore[operator]  # head, events, values
        journal_open(
            chain="case:B", organisation=organisation, entries=[Entry("case.opened", Actor.SYSTEM, {}, {"name": "Ada"})]
        )
    assert journal_check().problems == []
    with pytest.raises(IntegrityError), transaction.atomic():
        journal_open(chain="case:B", organisation=organisation, entries=[])


def anchored() -> list[list[str]]:
    """Keys of the chains that each record holds."""
    records = AuditEvent.objects.filter(chain__key=INSTALLATION, kind="journal.anchored").order_by("seq")
    return [[key for key, _, _ in record.facts["heads"]] for record in records]


def test_heads_that_moved_are_recorded_once(organisation: Organisation) -> None:
    write(organisation, 2)
    write(organisation, 1, "case:B")
    assert journal_anchor() == 2
    assert journal_anchor() == 0
    last = write(organisation, 1, "case:B")[0]
    tasks.journal_anchor()
    assert anchored() == [["case:A", "case:B"], ["case:B"]]
    event = AuditEvent.objects.filter(kind="journal.anchored").latest("seq")
    assert event.facts["heads"] == [["case:B", 2, last.hash]]
    assert journal_check().problems == []


def test_a_quiet_day_gets_one_record(organisation: Organisation) -> None:
    with time_machine.travel("2026-03-05 10:00Z", tick=False):
        assert journal_anchor() == 0
    with time_machine.travel("2026-03-05 23:59Z", tick=False):
        journal_anchor()
    with time_machine.travel("2026-03-06 00:10Z", tick=False):
        journal_anchor()
        journal_anchor()
    assert anchored() == [[], []]


def test_more_heads_than_one_event_holds(organisation: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dsar.core.journal.ANCHOR_BATCH", 2)
    for n in range(5):
        write(organisation, 1, f"case:{n}")
    assert journal_anchor() == 5
    assert [len(keys) for keys in anchored()] == [2, 2, 1]
    assert journal_check().problems == []


def test_heads_that_moved_are_found_by_index(organisation: Organisation) -> None:
    if connection.vendor == "postgresql":
        connection.cursor().execute("SET LOCAL enable_seqscan = off")
    assert "audit_chain_moved" in AuditChain.objects.filter(anchored_in=0).order_by("pk").explain()
