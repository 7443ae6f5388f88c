"""Scheduler and workers that were away, that die half-way, or that are too many: nobody misses a date, or hears twice.

Real PostgreSQL, Redis, mail server and processes, on clocks that the tests set.
"""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction

from requests_app.models import Case, Digest, Extension, Reminder
from requests_app.services import case_clock_refresh
from requests_app.services.digests import message_id
from requests_app.vocabulary import ClockCause, DigestState, Review
from tests.kill.conftest import Site
from tests.kill.processes import Process
from tests.requests_app.reminding import Desk, ledger, paris

pytestmark = [pytest.mark.postgres, pytest.mark.redis]

WORKERS, BEATS, SWEEPS = 4, 2, 12  # sweeps that must have run at once before we count the mails


def sweeps_done(*workers: Process) -> list[int]:
    """How many sweeps each worker says that it has finished."""
    return [len(re.findall(r"reminders_sweep\[.*succeeded", worker.output.read_text())) for worker in workers]


@contextmanager
def ledger_held() -> Iterator[None]:
    """Keep every sweep from looking into the ledger, so that afterwards all of them go on at the same moment."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE requests_app_reminder IN ACCESS EXCLUSIVE MODE")
        yield


def sweeps_held() -> int:
    """How many wait for that."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
        return int(cursor.fetchone()[0])


def work_is_done() -> bool:
    return not Digest.objects.filter(state__in=[DigestState.WAITING, DigestState.CLAIMED]).exists()


def morning(site: Site, now: datetime) -> None:
    """A worker starts at that instant: it sweeps at once, then sends what it has queued."""
    with site.worker_on(now) as worker:
        worker.until(lambda: all(sweeps_done(worker)) and work_is_done(), "the reminders are swept and sent")


def mails(site: Site, desk: Desk) -> list[tuple[str, str]]:
    """Who of a desk got what since we last looked, in any order; each of them once."""
    found = [mail for mail in site.mailbox.accepted if desk.reads(str(mail["To"]))]
    site.mailbox.accepted[:] = [mail for mail in site.mailbox.accepted if mail not in found]
    assert max(Counter(str(mail["Message-ID"]) for mail in found).values(), default=1) == 1
    return sorted((desk.reads(str(mail["To"])), str(mail["Subject"])) for mail in found)


def test_three_days_without_a_scheduler_then_two_of_them_and_four_workers(site: Site) -> None:
    desk = Desk()
    due, coming = desk.case(), desk.case(received_at=paris(3, 14))  # due on 7 April; prudent on 14 April
    morning(site, paris(4, 2, 8, 5))
    assert mails(site, desk) == [("handler", "2 dates to watch")]

    back = paris(4, 7, 7, 30)  # Good Friday to Easter Monday passed; the digest of the day is still to come
    with ExitStack() as running:
        with ledger_held():
            workers = [running.enter_context(site.worker_on(back)) for _ in range(WORKERS)]
            for _ in range(BEATS):
                running.enter_context(site.beat_on(back))
            workers[0].until(lambda: sweeps_held() == WORKERS, "every worker has begun to sweep")
        workers[0].until(
            lambda: all(sweeps_done(*workers)) and sum(sweeps_done(*workers)) >= SWEEPS and work_is_done(),
            "every worker has swept, all together many times",
        )
    assert mails(site, desk) == [
        ("dpo", f"Due today: {due.reference}"), ("handler", f"Due today: {due.reference}"),
    ]  # fmt: skip
    assert ledger(due, desk.handler) == {
        ("extension_notice", 3, "sent", ""), ("due", 0, "sent", ""),
        ("prudent", 14, "more_urgent", "extension_notice 3"), ("prudent", 7, "more_urgent", "extension_notice 3"),
        ("prudent", 3, "more_urgent", "extension_notice 3"), ("prudent", 1, "more_urgent", "due 0"),
        ("due", 1, "more_urgent", "due 0"),
    }  # fmt: skip
    assert ledger(due, desk.dpo) == {("due", 0, "sent", "")}
    assert ledger(coming) == {("prudent", 14, "sent", ""), ("prudent", 7, "waiting", "")}

    morning(site, paris(4, 7, 8))
    assert mails(site, desk) == [("handler", "1 date to watch")]
    assert ("prudent", 7, "sent", "") in ledger(coming)
    slots = Digest.objects.filter(user__in=[desk.handler, desk.dpo]).values_list("user", "slot_on", "is_urgent")
    assert set(Counter(slots).values()) == {1}


def test_a_worker_that_dies_while_a_digest_is_made_or_sent_loses_no_line(site: Site) -> None:
    desk = Desk()
    case = desk.case()
    monday = paris(3, 23, 8)
    digests = Digest.objects.filter(user=desk.handler)
    with site.worker_on(monday, point="while_digest_is_made") as worker:
        worker.until_killed()
    assert ledger(case) == {("prudent", 14, "waiting", "")}
    assert not digests.exists()

    with site.worker_on(monday, point="after_digest_is_claimed") as worker:
        worker.until_killed()
    claimed = digests.get()
    assert claimed.state == DigestState.CLAIMED

    with site.worker_on(monday + timedelta(minutes=5)) as worker:
        lost = digests.filter(state=DigestState.LOST)
        worker.until(lambda: all(sweeps_done(worker)) and lost.exists(), "the claim is given up")
    assert mails(site, desk) == []  # it may have left: the same slot is never told twice

    morning(site, monday + timedelta(days=1))
    second = digests.exclude(pk=claimed.pk).get()
    assert ledger(case) == {("prudent", 14, "sent", "")}
    assert site.mailbox.message_ids == [message_id(second)]
    assert mails(site, desk) == [("handler", "1 date to watch")]


def extended(case: Case, desk: Desk, sent_at: datetime) -> None:
    """As the services leave an extension whose notice has left."""
    Extension.objects.create(
        case_right=case.rights.get(), reason="volume", reasoning="Forty boxes.", author=desk.handler,
        written_at=sent_at, review=Review.APPROVED, sent_at=sent_at,
    )  # fmt: skip
    case_clock_refresh(case=case, cause=ClockCause.EXTENDED)


def test_an_extension_silences_the_old_date_and_the_new_one_is_told(site: Site) -> None:
    desk = Desk()
    case = desk.case()
    morning(site, paris(3, 29, 12))  # Sunday: the line of that day waits for Monday
    assert ("prudent", 7, "waiting", "") in ledger(case)
    extended(case, desk, paris(3, 29, 18))

    morning(site, paris(3, 30, 8))
    assert mails(site, desk) == []
    assert ("prudent", 7, "date_changed", "") in ledger(case)

    morning(site, paris(5, 22, 8))  # fourteen days before 5 June
    assert mails(site, desk) == [("handler", "1 date to watch")]
    told = Reminder.objects.get(case_right__case=case, digest__state=DigestState.SENT)
    assert (told.kind, told.threshold, told.target_on.isoformat()) == ("prudent", 14, "2026-06-05")
