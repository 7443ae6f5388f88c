"""What a source answers: kept, counted, journaled; and whose it is, which is never taken for granted."""

import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dsar.core.files import file_read
from dsar.core.models import AuditEvent
from exports.models import Collection
from exports.services import collecting, collection_plan, collection_retry, collection_run, package_build, work_left
from requests_app.models import CaseRight, CaseTask, PartyAddress
from requests_app.services import address_confirm
from requests_app.vocabulary import TaskState
from tests.exports.sources import collected, shop, sql_source, started
from tests.factories import OrganisationFactory, actor_for, member

pytestmark = pytest.mark.django_db

CAMILLE = ("C-1", "ESTEVE Camille", "Camille.Esteve@example.org")
BRUNO = ("C-2", "Bruno Kermadiou", "bruno@example.org")
SHOP = [CAMILLE, BRUNO]


def asked(tmp_path: Path, monkeypatch: Any, customers: Any = SHOP, **request: Any) -> Collection:
    organisation = OrganisationFactory.create()
    sql_source(organisation, shop(tmp_path / "shop.sqlite3", customers), monkeypatch)
    return collected(started(organisation, **request))


def established(case_right: CaseRight) -> bool:
    case_right.case.refresh_from_db()
    return case_right.case.identity_established_at is not None


def confirm(case_right: CaseRight) -> None:
    address_confirm(address=PartyAddress.objects.get(party__case=case_right.case, kind="email"))


def test_the_answer_is_kept_under_the_key_of_the_case_without_what_is_withheld(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection = asked(tmp_path, monkeypatch)
    assert (collection.state, collection.record_count, collection.map.version) == ("done", 3, 1)  # type: ignore[union-attr]
    own = PartyAddress.objects.get(kind="email").pk
    assert collection.tables == [
        {"name": "customers", "records": 1, "searched": True, "seen": {"on_file": [own], "tied": [own]}},
        {"name": "orders", "records": 2, "searched": True, "seen": {}},
        {"name": "calls", "records": 0, "searched": False, "seen": {}},
    ]
    assert collection.stored_file is not None
    assert collection.stored_file.key == collection.case_right.case.key
    kept = file_read(collection.stored_file)
    assert json.loads(kept.splitlines()[0]) == {
        "table": "customers",
        "record": {"number": "C-1", "name": "ESTEVE Camille", "email": "Camille.Esteve@example.org"},
    }
    assert b"TOP-SECRET-HASH" not in kept
    assert b"UNMAPPED-VALUE" not in kept
    task = CaseTask.objects.get(case_right=collection.case_right, kind="collect")
    assert (task.state, task.result) == (TaskState.DONE, {"records": 3})
    facts = AuditEvent.objects.get(kind="collection.finished").facts
    assert (facts["source"], facts["records"], facts["map_version"]) == ("shop", 3, 1)


def test_nothing_found_is_an_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    collection = asked(tmp_path, monkeypatch, [BRUNO])
    assert CaseTask.objects.get(kind="collect").result == {"nothing_found": True}
    assert not collection.doubt


def test_an_address_on_file_for_this_name_establishes_once_it_is_confirmed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_right = asked(tmp_path, monkeypatch).case_right
    assert not established(case_right)  # on file, and nobody has shown that they read it
    confirm(case_right)
    assert established(case_right)
    assert case_right.case.identity_basis == {"code": "address_on_file", "source": "Shop (fr)"}


def test_somebody_elses_mailbox_is_not_on_file_for_the_name_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection = asked(tmp_path, monkeypatch, name="Camille Estève", email="bruno@example.org")
    confirm(collection.case_right)
    assert not established(collection.case_right)
    assert (collection.record_count, collection.doubt, collection.is_left_out) == (3, "name_differs", True)
    assert CaseTask.objects.get(kind="collect").result == {"records": 3, "name_differs": True}


def test_without_a_name_the_address_alone_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    collection = asked(tmp_path, monkeypatch, name="", email="bruno@example.org")
    confirm(collection.case_right)
    assert established(collection.case_right)
    assert not collection.doubt


def test_a_known_customer_cannot_have_somebody_elses_records_by_their_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bruno may be who he says; but the customer number that he typed is Camille's, so a person looks at it."""
    collection = asked(tmp_path, monkeypatch, name="Bruno Kermadiou", email="bruno@example.org", identifier="C-1")
    confirm(collection.case_right)
    assert not established(collection.case_right)
    assert collection.is_left_out


def test_an_account_opened_in_somebody_elses_name_gives_nothing_of_theirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    impostor = ("C-3", "Camille Estève", "impostor@example.org")
    collection = asked(
        tmp_path, monkeypatch, [*SHOP, impostor], name="Camille Estève", email="impostor@example.org", identifier="C-1"
    )
    assert collection.doubt == "address_differs"
    assert collection.is_left_out


def test_records_that_only_a_typed_number_found_are_in_doubt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nameless = ("C-9", "", "")
    collection = asked(tmp_path, monkeypatch, [nameless], identifier="C-9")
    assert collection.doubt == "not_tied"
    own = ("C-8", "Camille Estève", "camille.esteve@example.org")
    (tmp_path / "shop.sqlite3").unlink()
    assert asked(tmp_path, monkeypatch, [own], identifier="C-8").doubt == ""


def test_a_map_without_approval_is_not_used_and_the_failure_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    organisation = OrganisationFactory.create()
    sql_source(organisation, shop(tmp_path / "shop.sqlite3", SHOP), monkeypatch, approved=False)
    with caplog.at_level(logging.WARNING):
        collection = collected(started(organisation))
    assert (collection.state, collection.error) == ("failed", "source_map_not_approved")
    assert CaseTask.objects.get(kind="collect").state == TaskState.OPEN
    assert AuditEvent.objects.get(kind="collection.failed").facts["error"] == "source_map_not_approved"
    assert "camille" not in caplog.text.casefold()


def test_a_failed_source_is_asked_again_a_limited_number_of_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    organisation = OrganisationFactory.create()
    sql_source(organisation, tmp_path / "away.sqlite3", monkeypatch)
    collection = collected(started(organisation))
    later = datetime.now(UTC) + timedelta(days=1)
    for attempt in range(1, collecting.ATTEMPTS + 1):
        assert (collection.state, collection.attempts, collection.error) == ("failed", attempt, "OperationalError")
        due = work_left(later)
        assert due == ([("exports.collection_run", collection.pk)] if attempt < collecting.ATTEMPTS else [])
        collection_run(collection=collection)
        collection.refresh_from_db()
    assert work_left(datetime.now(UTC)) == []

    shop(tmp_path / "away.sqlite3", SHOP)
    collection_retry(collection=collection, actor=actor_for(member(organisation), organisation))
    collection.refresh_from_db()
    assert collection_run(collection=collection)
    collection.refresh_from_db()
    assert (collection.state, collection.record_count, collection.error) == ("done", 3, "")


def test_of_two_runs_at_once_one_answer_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    organisation = OrganisationFactory.create()
    sql_source(organisation, shop(tmp_path / "shop.sqlite3", SHOP), monkeypatch)
    case_right = started(organisation)
    collection_plan(case_right=case_right)
    collection = Collection.objects.get()
    ask = collecting._source_ask

    def ask_while_another_takes_over(slow: Collection) -> Any:
        monkeypatch.setattr(collecting, "_source_ask", ask)
        answer = ask(slow)
        assert collection_run(collection=Collection.objects.get())
        return answer

    monkeypatch.setattr(collecting, "_source_ask", ask_while_another_takes_over)
    assert not collection_run(collection=collection)
    assert AuditEvent.objects.filter(kind="collection.finished").count() == 1
    assert not collection_run(collection=Collection.objects.get())  # a message that comes twice
    assert package_build(case_right=case_right) is not None
