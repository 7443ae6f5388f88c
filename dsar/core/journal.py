"""The journal: what happened, in chains of events that nobody can change unseen (GDPR arts. 5(2) and 24).

Each event's hash covers what it says and the hash before it. Personal values and free text stand beside the event and
enter the hash as salted digests only, so that erasing them leaves the chain intact (DESIGN §7). There is one chain per
case, one per organisation and one for the installation, which records the heads of the others.
"""

import logging
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone

from dsar.core.actors import Actor
from dsar.core.canonical import event_hash, plain, value_digest
from dsar.core.events import EVENTS
from dsar.core.journal_check import ANCHORED, INSTALLATION, JournalProblem, JournalReport, journal_check
from dsar.core.models import AuditChain, AuditEvent, AuditValue, Organisation

__all__ = [
    "INSTALLATION", "Entry", "JournalProblem", "JournalReport", "journal_anchor", "journal_append",
    "journal_append_many", "journal_check", "journal_open",
]  # fmt: skip

ANCHOR_BATCH = 500  # heads in one event
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entry:
    """One event to write. `facts`: codes, dates, references and counts; `values`: personal values and free text."""

    kind: str
    actor: Actor
    facts: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)


def journal_append(
    *,
    chain: str,
    organisation: Organisation | None,
    kind: str,
    actor: Actor,
    facts: Mapping[str, Any] | None = None,
    values: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Write one event at the end of the chain, which is made on first use; see `journal_append_many`."""
    entry = Entry(kind, actor, facts or {}, values or {})
    return journal_append_many(chain=chain, organisation=organisation, entries=[entry])[0]


def journal_append_many(*, chain: str, organisation: Organisation | None, entries: Iterable[Entry]) -> list[AuditEvent]:
    """Write several events at once, in this order and with one instant, at the price of little more than one.

    Runs in the caller's transaction and holds the chain's lock until its end, so that what happened and its record
    stand or fall together. Values of None are left out. Raises ValueError for an unknown kind or another
    organisation's chain, TransactionManagementError outside a transaction.
    """
    head = _head_locked(chain, organisation)
    before = head.seq
    events, values = _drafted(head, entries)
    _written(events, values)
    moved = AuditChain.objects.filter(pk=head.pk, seq=before).update(seq=head.seq, head=head.head, anchored_in=0)
    if not moved:
        raise RuntimeError(f"the head of {chain} moved in spite of its lock")
    return events


def journal_open(*, chain: str, organisation: Organisation | None, entries: Iterable[Entry]) -> list[AuditEvent]:
    """Write the first events of a chain that nobody else can know yet: half the queries of `journal_append_many`.

    Raises IntegrityError when the chain exists, else like `journal_append_many`.
    """
    _transaction_demand()
    head = AuditChain(key=chain, organisation=organisation)
    events, values = _drafted(head, entries)
    head.save(force_insert=True)
    _written(events, values)
    return events


def journal_anchor() -> int:
    """Record key, count and head of every chain that moved since it was last recorded; returns how many.

    The records are events of the installation's chain: from then on neither the end of a chain nor a whole chain can
    be cut unseen. A day (UTC) on which nothing moved gets one empty record, which shows that the recording ran. Two at
    once do no harm: the installation's chain is locked meanwhile.
    """
    count = 0
    while True:
        with transaction.atomic():
            batch = _anchor_batch()
        count += batch
        if batch < ANCHOR_BATCH:
            return count


def _anchor_batch() -> int:
    installation = _head_locked(INSTALLATION, None)
    # Chains that are being written to are left for the next run: waiting for them here could end in a deadlock.
    moved = list(
        AuditChain.objects.select_for_update(skip_locked=True, no_key=True)
        .filter(anchored_in=0, seq__gt=0)
        .exclude(pk=installation.pk)
        .order_by("pk")[:ANCHOR_BATCH]
    )
    if not moved and _anchored_today(installation):
        return 0
    event = journal_append(
        chain=INSTALLATION,
        organisation=None,
        kind=ANCHORED,
        actor=Actor.SYSTEM,
        facts={"heads": [[head.key, head.seq, head.head] for head in moved]},
    )
    AuditChain.objects.filter(pk__in=[head.pk for head in moved]).update(anchored_in=event.seq)
    # Whoever keeps the logs elsewhere has a witness for the end of this chain, which no other chain records.
    logger.info("journal anchored: installation chain at %d, %s", event.seq, event.hash)
    return len(moved)


def _anchored_today(installation: AuditChain) -> bool:
    last = AuditEvent.objects.filter(chain=installation, kind=ANCHORED).order_by("-seq").values_list("at", flat=True)
    latest = last.first()
    return latest is not None and latest.date() == timezone.now().date()


def _transaction_demand() -> None:
    connection = transaction.get_connection()
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("an event is written in the transaction of what it records")


def _head_locked(key: str, organisation: Organisation | None) -> AuditChain:
    """The chain's head row, made if need be, locked until the transaction ends (on SQLite writers take turns)."""
    _transaction_demand()
    heads = AuditChain.objects.select_for_update(no_key=True).filter(key=key)
    head = heads.first()
    if head is None:
        # Of two that make the same chain at once the second waits here, inserts nothing and reads the first one's row.
        AuditChain.objects.bulk_create([AuditChain(key=key, organisation=organisation)], ignore_conflicts=True)
        head = heads.get()
    if head.organisation_id != (organisation.pk if organisation else None):
        raise ValueError(f"the chain {key} belongs to another organisation")
    return head


def _drafted(head: AuditChain, entries: Iterable[Entry]) -> tuple[list[AuditEvent], list[AuditValue]]:
    """The rows to write for the entries; moves `head` in memory to the last of them."""
    at = timezone.now()
    events: list[AuditEvent] = []
    values: list[AuditValue] = []
    for entry in entries:
        if entry.kind not in EVENTS:
            raise ValueError(f"unknown kind of event: {entry.kind}")
        own = [
            AuditValue(field=name, salt=secrets.token_hex(16), value=plain(value))
            for name, value in entry.values.items()
            if value is not None
        ]
        event = AuditEvent(
            chain=head,
            seq=head.seq + 1,
            kind=entry.kind,
            at=at,
            actor=entry.actor.user,
            actor_role=entry.actor.role,
            facts=plain(entry.facts),
            digests={value.field: value_digest(value.salt, value.value) for value in own},
            prev_hash=head.head,
        )
        event.hash = event_hash(event, head.key)
        for value in own:
            value.event = event
        head.seq, head.head = event.seq, event.hash
        events.append(event)
        values += own
    return events, values


def _written(events: list[AuditEvent], values: list[AuditValue]) -> None:
    AuditEvent.objects.bulk_create(events)
    AuditValue.objects.bulk_create(values)
