"""Each way of tampering with the journal is noticed, and its first event named, once."""

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from dsar.core.actors import Actor
from dsar.core.canonical import event_hash
from dsar.core.journal import INSTALLATION, Entry, journal_anchor, journal_append_many, journal_check
from dsar.core.models import AuditChain, AuditEvent, AuditValue, Organisation
from dsar.core.triggers import database_guards_lift
from requests_app.models import Case
from tests.factories import OrganisationFactory, a_case

pytestmark = pytest.mark.django_db
A = "case:A"


@pytest.fixture
def chain() -> AuditChain:
    """A chain of twenty events, recorded in the installation's; the attacker has disarmed the database."""
    organisation = OrganisationFactory.create()
    write(organisation, 20)
    write(organisation, 3, "case:B")
    journal_anchor()
    database_guards_lift(connection)
    if connection.vendor == "postgresql":
        connection.cursor().execute("SET LOCAL session_replication_role = replica")  # no foreign keys either
    assert found() == []
    return AuditChain.objects.get(key=A)


def write(organisation: Organisation, count: int, chain: str = A) -> None:
    entries = [Entry("note.added", Actor.SYSTEM, {"n": n}, {"body": f"text {n}"}) for n in range(count)]
    with transaction.atomic():
        journal_append_many(chain=chain, organisation=organisation, entries=entries)


def found(chain: str | None = None) -> list[tuple[str, int]]:
    return [(problem.chain, problem.seq) for problem in journal_check(chain).problems]


def events(chain: AuditChain, **where: Any) -> Any:
    return AuditEvent.objects.filter(chain=chain, **where)


def removed(chain: AuditChain, **where: Any) -> None:
    AuditValue.objects.filter(event__in=events(chain, **where)).delete()
    events(chain, **where)._raw_delete("default")


def renumbered(chain: AuditChain, since: int, by: int) -> None:
    for event in sorted(events(chain, seq__gte=since), key=lambda event: -by * event.seq):
        AuditEvent.objects.filter(pk=event.pk).update(seq=event.seq + by)


def forged(chain: AuditChain, seq: int, **fields: Any) -> AuditEvent:
    """An event with a correct hash, as an attacker who read our code would write it."""
    before = events(chain, seq=seq - 1).first()
    event = AuditEvent(chain=chain, seq=seq, kind="note.added", actor_role="system", prev_hash=before.hash)
    event.at = before.at
    for name, value in fields.items():
        setattr(event, name, value)
    event.hash = event_hash(event, chain.key)
    return event


@pytest.mark.parametrize("seq", [1, 7, 20])
@pytest.mark.parametrize(
    "change",
    [
        {"kind": "case.closed"},
        {"at": "2026-01-01T00:00:00Z"},
        {"actor_role": "dpo"},
        {"facts": {"n": 99}},
        {"facts": "no facts"},
        {"facts": {"n": 10**20}},
        {"digests": {}},
        {"digests": []},
        {"prev_hash": "0" * 64},
        {"hash": "0" * 64},
    ],
)
def test_changed_field(chain: AuditChain, seq: int, change: dict[str, Any]) -> None:
    events(chain, seq=seq).update(**change)
    assert found() == [(A, seq)]
    assert found(A) == [(A, seq)]
    assert found("case:B") == []


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite takes any text in any column")
@pytest.mark.parametrize(("column", "seqs"), [("at", [7]), ("seq", [7, 21]), ("actor_id", [7])])
def test_field_changed_to_what_cannot_be_read(chain: AuditChain, column: str, seqs: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE core_auditevent SET {column} = 'x' WHERE chain_id = %s AND seq = 7", [chain.pk])  # noqa: S608
    assert found() == [(A, seq) for seq in seqs]
    connection.cursor().execute("UPDATE core_auditevent SET actor_id = NULL")  # foreign keys are checked at the end


def test_two_changed_fields_are_two_problems(chain: AuditChain) -> None:
    events(chain, seq__in=[3, 9]).update(kind="case.closed")
    assert found() == [(A, 3), (A, 9)]


@pytest.mark.parametrize(("first", "last"), [(1, 1), (7, 7), (7, 9)])
def test_removed_middle_event(chain: AuditChain, first: int, last: int) -> None:
    removed(chain, seq__range=(first, last))
    assert found() == [(A, first)]


def test_removed_middle_event_and_the_rest_renumbered(chain: AuditChain) -> None:
    removed(chain, seq=7)
    renumbered(chain, 8, -1)
    assert found() == [(A, 7)]


def test_removed_last_event(chain: AuditChain) -> None:
    removed(chain, seq__gte=19)
    assert found() == [(A, 19)]


def test_removed_last_event_with_the_head_row_set_back(chain: AuditChain) -> None:
    removed(chain, seq=20)
    AuditChain.objects.filter(pk=chain.pk).update(seq=19, head=events(chain, seq=19).get().hash)
    assert found() == [(A, 20)]
    assert found(A) == [(A, 20)]


def test_removed_last_record_of_heads(chain: AuditChain) -> None:
    installation = AuditChain.objects.get(key=INSTALLATION)
    removed(installation, seq=1)
    assert found() == [(INSTALLATION, 1)]
    AuditChain.objects.filter(pk=installation.pk).update(seq=0, head="")
    assert found() == [(INSTALLATION, 1)]
    AuditChain.objects.filter(pk=installation.pk).delete()
    assert found() == [(INSTALLATION, 1)]


def test_removed_chain(chain: AuditChain) -> None:
    removed(chain)
    assert found() == [(A, 1)]
    AuditChain.objects.filter(pk=chain.pk).delete()
    assert found() == [(A, 1)]


@pytest.mark.parametrize(("one", "other"), [(6, 7), (3, 15)])
def test_swapped_events(chain: AuditChain, one: int, other: int) -> None:
    ids = {event.seq: event.pk for event in events(chain)}
    for seq, new in ((one, 1000), (other, one), (1000, other)):
        events(chain, seq=seq).update(seq=new)
    assert events(chain, seq=one).get().pk == ids[other]
    seqs = [seq for _, seq in found()]
    assert seqs == ([one] if other == one + 1 else [one, other])


def test_swapped_contents(chain: AuditChain) -> None:
    one, other = events(chain, seq=4).get(), events(chain, seq=5).get()
    events(chain, seq=4).update(facts=other.facts, digests=other.digests)
    events(chain, seq=5).update(facts=one.facts, digests=one.digests)
    assert found() == [(A, 4)]


def test_inserted_event(chain: AuditChain) -> None:
    renumbered(chain, 7, 1)
    forged(chain, 7).save()
    AuditChain.objects.filter(pk=chain.pk).update(seq=21)
    assert found() == [(A, 7)]


def test_inserted_event_with_a_false_hash(chain: AuditChain) -> None:
    renumbered(chain, 7, 1)
    event = forged(chain, 7)
    event.hash = "f" * 64
    event.save()
    assert found() == [(A, 7)]


def test_appended_event_without_the_head_row(chain: AuditChain) -> None:
    forged(chain, 21).save()
    assert found() == [(A, 21)]


def test_event_before_the_first(chain: AuditChain) -> None:
    event = forged(chain, 21)
    event.seq = 0
    event.save()
    assert found() == [(A, 0)]


def test_replaced_event_with_a_correct_hash(chain: AuditChain) -> None:
    for seq in (7, 20):
        event = forged(chain, seq, facts={"n": "other"})
        removed(chain, seq=seq)
        event.save()
    assert found() == [(A, 7), (A, 20)]


def test_chain_rewritten_to_its_end_and_head_row(chain: AuditChain) -> None:
    for seq in range(7, 21):
        event = forged(chain, seq, facts={"n": "other"})
        removed(chain, seq=seq)
        event.save()
    AuditChain.objects.filter(pk=chain.pk).update(head=event.hash)
    assert found() == [(A, 20)]


def test_changed_head_row(chain: AuditChain) -> None:
    AuditChain.objects.filter(pk=chain.pk).update(head="0" * 64)
    assert found() == [(A, 20)]


def test_changed_record_of_heads_accuses_nobody_else(chain: AuditChain) -> None:
    installation = AuditChain.objects.get(key=INSTALLATION)
    events(installation, seq=1).update(facts={"heads": [[A, 20, "0" * 64], ["case:B", 99, "0" * 64]]})
    assert found() == [(INSTALLATION, 1)]


def test_changed_value(chain: AuditChain) -> None:
    AuditValue.objects.filter(event__chain=chain, event__seq=7).update(value="other text")
    assert found() == [(A, 7)]


def test_changed_salt_and_added_value(chain: AuditChain) -> None:
    AuditValue.objects.filter(event__chain=chain, event__seq=7).update(salt="0" * 32)
    AuditValue.objects.create(event=events(chain, seq=9).get(), field="extra", salt="", value="text")
    assert found() == [(A, 7), (A, 9)]


def test_purged_values_are_counted_and_no_problem(chain: AuditChain) -> None:
    AuditValue.objects.filter(event__chain=chain, event__seq__lte=5).delete()
    report = journal_check()
    assert (report.problems, report.chains, report.events, report.purged) == ([], 3, 24, 5)


def test_a_desk_that_goes_on_writing_is_not_accused(chain: AuditChain, monkeypatch: pytest.MonkeyPatch) -> None:
    """Events written after a head row was read look like an inserted end, until they are looked at again."""
    heads: Callable[..., Any] = __import__("dsar.core.journal_check", fromlist=["_heads"])._heads

    def slow_heads(chain_key: str | None) -> Any:
        for batch in heads(chain_key):
            write(chain.organisation, 2)  # type: ignore[arg-type]
            yield batch

    monkeypatch.setattr("dsar.core.journal_check._heads", slow_heads)
    report = journal_check()
    assert (report.problems, report.events) == ([], 26)


def test_a_thousand_events_take_few_queries(
    chain: AuditChain, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    write(chain.organisation, 1000)  # type: ignore[arg-type]
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        assert journal_check().events == 1024


# ---- the command ----------------------------------------------------------------------------------------------------


def verified(*arguments: str) -> tuple[int, list[str]]:
    """Exit code and printed lines."""
    output = StringIO()
    try:
        call_command("journal_verify", *arguments, stdout=output)
    except SystemExit as exit_:
        return int(str(exit_.code)), output.getvalue().splitlines()
    return 0, output.getvalue().splitlines()


@pytest.fixture
def case() -> Case:
    case = a_case()
    database_guards_lift(connection)
    if connection.vendor == "postgresql":
        connection.cursor().execute("SET LOCAL session_replication_role = replica")
    else:
        connection.cursor().execute("PRAGMA defer_foreign_keys = ON")
    return case


def test_command_prints_counts_and_succeeds(case: Case) -> None:
    code, lines = verified()
    assert (code, lines) == (0, [f"0 problems, 1 chain, {AuditEvent.objects.count()} events, 0 purged values"])
    assert verified(case.reference.lower())[0] == 0


def test_command_names_chain_and_seq(case: Case) -> None:
    AuditEvent.objects.filter(chain__key=case.chain, seq=2).update(actor_role="dpo")
    for arguments in ((), (case.reference,)):
        code, lines = verified(*arguments)
        assert code == 1
        assert lines[0].startswith(f"{case.chain} 2: changed")
        assert lines[1].startswith("1 problem, ")


def test_command_misses_a_removed_chain(case: Case) -> None:
    head = AuditChain.objects.get(key=case.chain)
    removed(head)
    head.delete()
    for arguments in ((), (case.reference,)):
        code, lines = verified(*arguments)
        assert (code, lines[0]) == (1, f"{case.chain} 1: missing: the whole chain; the case has no journal")


def test_command_misses_a_removed_case(case: Case) -> None:
    Case.objects.filter(pk=case.pk)._raw_delete("default")
    for arguments in ((), (case.reference,)):
        code, lines = verified(*arguments)
        assert (code, lines[0]) == (1, f"{case.chain} 1: missing: the case; only its journal is left")
    Case.objects.bulk_create([case])  # the foreign keys are checked at the end of the test


def test_command_does_not_know_a_case_that_never_was(case: Case) -> None:
    with pytest.raises(CommandError, match="There is no case with the reference DSR-NONE"):
        call_command("journal_verify", "DSR-NONE")
