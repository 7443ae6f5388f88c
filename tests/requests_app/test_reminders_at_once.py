"""Several sweeps at the same moment: one mail for each reader, and all that is due in it."""


import pytest

from requests_app.models import Digest, Reminder
from requests_app.services import digests, reminders
from tests.databases import at_once
from tests.requests_app.reminding import Desk, paris

pytestmark = pytest.mark.django_db(transaction=True)

SWEEPS, CASES = 4, 12


def test_sweeps_at_once_make_one_digest_of_all_that_is_due(
    either_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk()
    for _ in range(CASES):
        desk.case()
    monkeypatch.setattr(reminders, "BATCH", 1)  # so that each sweep comes back to the ledger many times
    monkeypatch.setattr(digests, "task_queue", lambda _name, _pk: True)

    at_once(SWEEPS, lambda _number: reminders.reminders_sweep(paris(3, 23)), either_database)

    (digest,) = Digest.objects.all()
    assert digest.user == desk.handler
    assert Reminder.objects.filter(digest=digest).count() == Reminder.objects.count() == CASES
