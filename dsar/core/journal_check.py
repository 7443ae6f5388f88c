"""Whether the journal is what was written: verification for somebody who does not trust us (GDPR art. 5(2)).

Three things vouch for a chain: each event's hash, the head row that counts them, and the records of heads in the
installation's chain. The first wrong event of each tampering is named once, without the hundred that follow from it.

What nobody can notice here: the end of a chain cut together with its head row before that end was recorded
(`journal_anchor`, hourly); and the end of the installation's own chain when every head row that it vouches for was
adapted too, which is why its hash also goes to the log.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from itertools import groupby
from operator import or_
from typing import Any

from django.db import transaction
from django.db.models import Exists, Max, Min, OuterRef, Q

from dsar.core.canonical import event_hash, value_digest
from dsar.core.models import AuditChain, AuditEvent

INSTALLATION = "installation"  # key of the chain that records the heads of the others
ANCHORED = "journal.anchored"
CHAINS_AT_ONCE = 200
EVENTS_AT_ONCE = 1000
HEADS_AT_ONCE = 100
UNREADABLE = (
    ValueError,
    TypeError,
    AttributeError,
)  # SQLite keeps any text in any column, Django then fails to read it


@dataclass(frozen=True)
class JournalProblem:
    """One sign of tampering: the chain, the first event concerned and what is wrong, in plain English."""

    chain: str
    seq: int
    what: str


@dataclass(frozen=True)
class JournalReport:
    """What a verification found. `purged` counts personal values that were erased, which is no problem."""

    problems: list[JournalProblem]
    chains: int
    events: int
    purged: int


def journal_check(chain: str | None = None) -> JournalReport:
    """Verify all chains, or one and the installation's chain, which vouches for it.

    Constant memory. The desk may go on writing: a chain that looks wrong is read again with its head row locked.
    """
    problems: list[JournalProblem] = []
    suspects: dict[str, set[int]] = {}
    chains = events = purged = recorded_in = 0
    for head in _heads(chain):
        for walk in _walks(head):
            chains, events, purged = chains + 1, events + walk.events, purged + walk.purged
            recorded_in = max(recorded_in, walk.head.anchored_in)
            if walk.problems:
                problems += walk.problems
                suspects[walk.head.key] = walk.suspect
    problems += _installation_end_problems(recorded_in, suspects)
    problems += _recorded_head_problems(chain, suspects)
    if chain is None:
        problems += _headless_problems()
    return JournalReport(problems, chains, events, purged)


def _heads(chain: str | None) -> Iterator[list[AuditChain]]:
    """The head rows in batches, in the order of their ids."""
    heads = AuditChain.objects.order_by("pk")
    if chain is not None:
        heads = heads.filter(key__in=[chain, INSTALLATION])
    last = 0
    while batch := list(heads.filter(pk__gt=last)[:CHAINS_AT_ONCE]):
        yield batch
        last = batch[-1].pk


def _walks(heads: list[AuditChain]) -> Iterator["_Walk"]:
    """Each chain walked to its end; one that looks wrong a second time, while nobody can write to it."""
    for walk in _walked(heads):
        if not walk.problems:
            yield walk
            continue
        with transaction.atomic():
            locked = AuditChain.objects.select_for_update(no_key=True).filter(pk=walk.head.pk)
            again = _walked(list(locked) or [walk.head])
        yield from again


def _walked(heads: list[AuditChain]) -> list["_Walk"]:
    """The chains walked together or, where an event cannot even be read, each event by itself."""
    try:
        return list(_walks_once(heads))
    except UNREADABLE:
        return [_walk_singly(head) for head in heads]


def _walk_singly(head: AuditChain) -> "_Walk":
    walk = _Walk(head)
    for pk, seq in AuditEvent.objects.filter(chain=head).order_by("seq").values_list("pk", "seq").iterator():
        try:
            walk.step(AuditEvent.objects.prefetch_related("values").get(pk=pk))
        except UNREADABLE:
            walk.step_unreadable(seq)
    walk.end()
    return walk


def _walks_once(heads: list[AuditChain]) -> Iterator["_Walk"]:
    events = (
        AuditEvent.objects.filter(chain__in=[head.pk for head in heads])
        .order_by("chain_id", "seq")
        .prefetch_related("values")
        .iterator(chunk_size=EVENTS_AT_ONCE)
    )
    groups = groupby(events, key=lambda event: event.chain_id)
    group = next(groups, None)
    for head in heads:
        walk = _Walk(head)
        if group is not None and group[0] == head.pk:
            for event in group[1]:
                walk.step(event)
            group = next(groups, None)
        walk.end()
        yield walk


class _Walk:
    """Follows one chain from its first event to its head row."""

    def __init__(self, head: AuditChain) -> None:
        self.head = head
        self.problems: list[JournalProblem] = []
        self.suspect: set[int] = set()  # seqs of events whose content is not to be believed
        self.events = self.purged = 0
        self._seq = 0  # of the last event seen
        self._hash: str | None = ""  # of the last event seen; None where it cannot be trusted to vouch for the next
        self._wrong_since = 0  # first of a run of events that do not give their hashes, 0 outside a run

    def step(self, event: AuditEvent) -> None:
        """Take the next event."""
        self.events += 1
        if event.seq == 0:
            self._report(0, "inserted: event 0, before the first")
            return
        if event.seq > self._seq + 1:
            self._run_close()
            self._report(self._seq + 1, f"missing: {_events(self._seq + 1, event.seq - 1)}")
            self._hash = None
        follows = self._hash is None or event.prev_hash == self._hash
        if _gives_hash(event, self.head.key):
            self._run_close()
            if not follows:
                # This event is intact and remembers another one before it: that one is not the original.
                before = max(event.seq - 1, 1)
                self._report(before, f"replaced: event {before}; event {event.seq} follows another one")
                self.suspect.add(before)
            self._values_check(event)
            self._hash = event.hash
        else:
            if not self._wrong_since:
                # Intact but for its number: the event before it was put in, and the rest pushed back by one.
                was_pushed = not follows and _gives_hash(event, self.head.key, event.seq - 1)
                self._wrong_since = event.seq - 1 if was_pushed else event.seq
            self._hash = None
            self.suspect |= {self._wrong_since, event.seq}
        self._seq = event.seq

    def step_unreadable(self, seq: object) -> None:
        """Pass over an event that holds what no column of that name can hold."""
        self._run_close()
        number = seq if isinstance(seq, int) else self._seq + 1
        self.suspect.add(number)
        self._report(number, f"changed: event {number} cannot be read")
        self._seq, self._hash = (number if number == seq else self._seq), None

    def end(self) -> None:
        """Compare with the head row, unless the last events are wrong already."""
        if self._wrong_since:
            self._run_close()
        elif self._seq < self.head.seq:
            self._report(self._seq + 1, f"missing: {_events(self._seq + 1, self.head.seq)}, the end of the chain")
        elif self._seq > self.head.seq:
            first = self.head.seq + 1
            self._report(first, f"inserted: {_events(first, self._seq)}, after the end that the head row records")
        elif self._hash is not None and self._hash != self.head.head:
            self._report(self._seq, f"replaced: event {self._seq}; the head row of the chain records another hash")

    def _run_close(self) -> None:
        if self._wrong_since:
            wrong = _events(self._wrong_since, self._seq)
            self._report(self._wrong_since, f"changed, moved or inserted: {wrong}; the content does not give the hash")
        self._wrong_since = 0

    def _values_check(self, event: AuditEvent) -> None:
        values = {value.field: value for value in event.values.all()}
        self.purged += len(event.digests.keys() - values.keys())
        for name, value in values.items():
            if name not in event.digests:
                self._report(event.seq, f"inserted: the value {name!r} of event {event.seq}")
            elif event.digests[name] != _digest(value.salt, value.value):
                self._report(event.seq, f"changed: the value {name!r} of event {event.seq}")

    def _report(self, seq: int, what: str) -> None:
        self.problems.append(JournalProblem(self.head.key, seq, what))


def _gives_hash(event: AuditEvent, chain: str, seq: int | None = None) -> bool:
    """Whether the event's content gives the hash it bears; content that cannot be hashed does not."""
    try:
        return isinstance(event.digests, dict) and event_hash(event, chain, seq) == event.hash
    except (ValueError, TypeError):
        return False


def _digest(salt: str, value: Any) -> str:
    """The digest, or nothing for a value that was never written by us."""
    try:
        return value_digest(salt, value)
    except ValueError:
        return ""


def _events(first: int, last: int) -> str:
    return f"event {first}" if first >= last else f"events {first} to {last}"


def _installation_end_problems(recorded_in: int, suspects: dict[str, set[int]]) -> Iterator[JournalProblem]:
    """The head rows of other chains say in which event they are recorded: the installation's chain reaches that far."""
    if INSTALLATION in suspects:
        return
    # Read after the head rows, so that a record written meanwhile is counted.
    seq = AuditChain.objects.filter(key=INSTALLATION).values_list("seq", flat=True).first() or 0
    if recorded_in > seq:
        what = f"missing: {_events(seq + 1, recorded_in)}, where other chains are recorded"
        yield JournalProblem(INSTALLATION, seq + 1, what)


def _recorded_head_problems(chain: str | None, suspects: dict[str, set[int]]) -> Iterator[JournalProblem]:
    """Every head ever recorded is still the event of that number; one problem a chain, none for one already named."""
    records = AuditEvent.objects.filter(chain__key=INSTALLATION, kind=ANCHORED).order_by("seq")
    named = {key for key in suspects if key != INSTALLATION}
    for record in records.iterator(chunk_size=EVENTS_AT_ONCE):
        if record.seq in suspects.get(INSTALLATION, ()):
            continue
        heads = [
            (key, seq, digest)
            for key, seq, digest in record.facts["heads"]
            if key not in named and chain in (None, key)
        ]
        for start in range(0, len(heads), HEADS_AT_ONCE):
            for problem in _heads_compared(heads[start : start + HEADS_AT_ONCE], f"{record.at:%Y-%m-%d}"):
                named.add(problem.chain)
                yield problem


def _heads_compared(heads: list[tuple[str, int, str]], day: str) -> Iterator[JournalProblem]:
    """Two queries for the recorded heads of one batch, by index."""
    ids = dict(AuditChain.objects.filter(key__in=[key for key, _, _ in heads]).values_list("key", "pk"))
    places = [Q(chain_id=ids[key], seq=seq) for key, seq, _ in heads if key in ids]
    found = AuditEvent.objects.filter(reduce(or_, places)) if places else AuditEvent.objects.none()
    hashes = {(chain_id, seq): digest for chain_id, seq, digest in found.values_list("chain_id", "seq", "hash")}
    for key, seq, digest in heads:
        if key not in ids:
            yield JournalProblem(key, 1, f"missing: the whole chain; on {day} it had {seq} events")
        elif (ids[key], seq) not in hashes:
            last = AuditEvent.objects.filter(chain=ids[key]).aggregate(last=Max("seq"))["last"] or 0
            yield JournalProblem(key, last + 1, f"missing: {_events(last + 1, seq)}, recorded on {day}")
        elif hashes[ids[key], seq] != digest:
            what = f"replaced: event {seq}, or one before it; on {day} it had another hash"
            yield JournalProblem(key, seq, what)


def _headless_problems() -> Iterator[JournalProblem]:
    """Events whose head row is gone; the database's foreign key forbids it, so somebody switched that off."""
    orphans = AuditEvent.objects.filter(~Exists(AuditChain.objects.filter(pk=OuterRef("chain_id"))))
    for orphan in orphans.order_by("chain_id").values("chain_id").annotate(first=Min("seq")):
        yield JournalProblem(f"#{orphan['chain_id']}", orphan["first"], "missing: the head row of this chain")
