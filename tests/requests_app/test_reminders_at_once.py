"""Several sweeps at the same moment: one mail for each reader, and all that is due in it."""

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from requests_app.models import Digest, Reminder
from requests_app.services import digests, reminders
from tests import parts
from tests.databases import at_once, database_made, database_used
from tests.requests_app.reminding import Desk, paris

pytestmark = pytest.mark.django_db(transaction=True)

SWEEPS, CASES = 4, 12


@pytest.fixture(scope="module")
def postgres_database(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, _worker_number: int
) -> Iterator[str]:
    server, name = parts.part("postgres").where, f"dsar_test_sweeps_{_worker_number}"
    with django_db_blocker.unblock(), database_made(server, name) as made:
        yield made


@pytest.fixture(params=["suite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """URL of the database in which several sweep at once; empty for the one that the suite runs on."""
    if request.param == "suite":
        yield ""
        return
    made: str = request.getfixturevalue("postgres_database")
    with database_used(made):
        yield made


def test_sweeps_at_once_make_one_digest_of_all_that_is_due(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    for _ in range(CASES):
        desk.case()
    monkeypatch.setattr(reminders, "BATCH", 1)  # so that each sweep comes back to the ledger many times
    monkeypatch.setattr(digests, "task_queue", lambda _name, _pk: True)

    at_once(SWEEPS, lambda _number: reminders.reminders_sweep(paris(3, 23)), url)

    (digest,) = Digest.objects.all()
    assert digest.user == desk.handler
    assert Reminder.objects.filter(digest=digest).count() == Reminder.objects.count() == CASES
