"""The sweep of the reminders: its cost follows what is due, not what exists (DESIGN §11: at most 1.5 times).

Two databases, each with the same 1,000 rights whose day has come, one of them with 999,000 more that are open and not
due. A round is a whole sweep: it finds them, writes the ledger, makes the mails and queues them.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from tests.benchmarks.installation import installation
from tests.benchmarks.measures import Measure, in_turn

if TYPE_CHECKING:
    from django.db.models import Model

DATABASE, LARGE = "dsar_benchmark_sweep", "dsar_benchmark_sweep_large"
REDIS_DATABASE = 12
FIRST = 1_001  # id of the first copy; below are the rows of the case that is copied
DUE, OPEN, ROUNDS = 1_000, int(os.environ.get("BENCHMARK_OPEN", "1000000")), 5
NOW = datetime(2026, 4, 8, 7, tzinfo=UTC)  # Wednesday, nine o'clock in Paris: the digest of the day is due, too
TODAY = NOW.date()
# Days from today to the due date of the rights that are due: about half of them urgent, a quarter overdue.
LEFT = (7, 3, 1, 0, -1, -3, 7, 3)


def run() -> Iterator[Measure]:
    """Raises RuntimeError when a part is missing or a sweep told less than was due; plans go to stderr."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as made:
        made.enter_context(installation(Path(folder), DATABASE, REDIS_DATABASE))
        from tests.databases import database_made, database_used

        small = os.environ["DATABASE_URL"]
        large = made.enter_context(database_made(small, LARGE))
        for url, count in ((small, DUE), (large, OPEN)):
            with database_used(url):
                _seed(count)

        def sweep(url: str) -> float:
            with database_used(url):
                return _sweep()

        yield in_turn(
            "sweep", "s", ours=lambda: sweep(large), limit=lambda: sweep(small), rounds=ROUNDS, digits=3
        )
        with database_used(large):
            _reset()
            _plans_print()


def _sweep() -> float:
    """Seconds of one whole sweep on the state before it."""
    from requests_app.models import Digest, Reminder
    from requests_app.services.reminders import reminders_sweep

    _reset()
    began = perf_counter()
    reminders_sweep(NOW)
    seconds = perf_counter() - began
    told = Reminder.objects.exclude(digest=None).values("case_right").distinct().count()
    unqueued = Digest.objects.filter(retry_at=None).count()
    if told != DUE or unqueued:
        raise RuntimeError(f"{told} of {DUE} rights were told, {unqueued} mails not queued")
    return seconds


def _reset() -> None:
    from django.db import connection

    from requests_app.models import CaseRight, Digest, Reminder

    CaseRight.objects.filter(pk__range=(FIRST, FIRST + DUE - 1)).update(remind_on=TODAY)
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {Reminder._meta.db_table}, {Digest._meta.db_table}")
        cursor.execute(f"VACUUM (ANALYZE) {CaseRight._meta.db_table}")


def _seed(count: int) -> None:
    """`count` open cases with one right each, of which the first DUE are due: copies of one that a service opened."""
    from django.db import connection

    from dsar.core.models import EncryptionKey, Membership
    from dsar.core.roles import Role
    from requests_app.models import Case, CaseRight, Message
    from requests_app.vocabulary import Stage
    from tests.factories import OrganisationFactory, a_case, member

    organisations = [OrganisationFactory.create() for _ in range(5)]
    for organisation in organisations:
        for role in (Role.HANDLER,) * 9 + (Role.DPO,):
            member(organisation, role)
    handlers = list(Membership.objects.filter(role=Role.HANDLER).values("organisation_id", "user_id").order_by("pk"))
    sample = a_case(organisations[0], rights=("access",))
    sample.rights.update(stage=Stage.ANSWERED)
    numbers = range(FIRST, FIRST + count)

    def handler(number: int) -> Mapping[str, Any]:
        return handlers[number % len(handlers)]

    _copy(EncryptionKey, ({"id": n, "organisation_id": handler(n)["organisation_id"]} for n in numbers))
    _copy(Case, (
        {
            "id": n, "key_id": n, "reference": f"DSR-2026-{n:010d}", "submission_hash": "", "next_on": _due_on(n),
            "organisation_id": handler(n)["organisation_id"], "assignee_id": handler(n)["user_id"],
        }
        for n in numbers
    ))  # fmt: skip
    _copy(CaseRight, (
        {
            "id": n, "case_id": n, "stage": Stage.TO_DO.value, "due_on": _due_on(n), "prudent_due_on": _due_on(n),
            "remind_on": _due_on(n) - timedelta(days=14),
            **dict.fromkeys(("extension_notice_due_on", "extension_notice_prudent_on"), _due_on(n)),
        }
        for n in numbers
    ))  # fmt: skip
    _copy(Message, ({"id": n, "case_id": n, "read_at": NOW, "message_id": ""} for n in numbers))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")


def _copy(model: type[Model], changes: Iterable[dict[str, Any]]) -> None:
    """Copies of the first row of a table, each with its changes, by COPY."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {model._meta.db_table} ORDER BY id DESC LIMIT 1")  # noqa: S608 - our own table
        generated = {field.column for field in model._meta.concrete_fields if field.generated}
        names = [column.name for column in cursor.description]
        sample = dict(zip(names, cursor.fetchone(), strict=True))
        sample = {name: value for name, value in sample.items() if name not in generated}
        columns = ", ".join(f'"{name}"' for name in sample)
        with cursor.copy(f"COPY {model._meta.db_table} ({columns}) FROM STDIN") as copy:
            for changed in changes:
                copy.write_row([changed.get(name, value) for name, value in sample.items()])


def _due_on(number: int) -> date:
    """Those that are due around today; the others from three weeks on, spread over a year."""
    return TODAY + timedelta(days=LEFT[number % len(LEFT)] if number < FIRST + DUE else 21 + number % 365)


def _plans_print() -> None:
    """How the large database finds what there is to look at."""
    from requests_app.services.reminders import looks

    for look in looks(NOW):
        print(look.explain(analyze=True, buffers=True), end="\n\n", file=sys.stderr)  # noqa: T201 - a command's output
