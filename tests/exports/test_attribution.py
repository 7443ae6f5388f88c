"""Whose records they are, when several sources answer: the same in every order, and never what one source doubts."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from dsar.core.models import AuditEvent, Organisation
from exports.models import Collection, DataSource, SourceMap
from exports.services import collection_by_hand, collection_plan, collection_run
from requests_app.models import CaseRight, CaseTask, PartyAddress
from requests_app.services import address_confirm
from tests.exports.sources import field, started, texts
from tests.factories import OrganisationFactory, actor_for, member

pytestmark = pytest.mark.django_db

MINE = ("C-1", "Camille Estève", "camille@example.org")
OPENED_IN_MY_NAME = ("C-9", "Camille Estève", "evil@example.org")
PEOPLE = {
    "name": "people",
    "title": texts("People"),
    "query": "SELECT * FROM people WHERE email = :email OR replace(number, '-', '') = upper(:identifier)",
    "subject": {"name": "name", "email": "email", "identifier": "number"},
    "fields": [field("number"), field("name"), field("email")],
}
POINTS = {
    "name": "points",
    "title": texts("Points"),
    "query": "SELECT number, 7 AS points FROM people WHERE replace(number, '-', '') = upper(:identifier)",
    "subject": {},
    "fields": [field("number"), field("points")],
}
CAMILLE = {"name": "Camille Estève", "email": "camille@example.org", "identifier": "C-1"}
EVIL = {**CAMILLE, "email": "evil@example.org"}
NOBODY = {"name": "", "email": "shared@example.org", "identifier": ""}
MARIE = ("C-1", "Marie Durand", "shared@example.org")
PAUL = ("C-2", "Paul Martin", "shared@example.org")

Rows = list[tuple[str, str, str]]
Setting = dict[str, tuple[dict[str, Any], Rows]]  # by code of the source: its table, and what stands in it


class Answered:
    """A request whose e-mail address is confirmed, and what the sources answered, asked in that order."""

    def __init__(
        self, folder: Path, monkeypatch: Any, setting: Setting, order: tuple[str, ...], **request: Any
    ) -> None:
        self.organisation = OrganisationFactory.create()
        for position, (code, (table, rows)) in enumerate(setting.items()):
            source(self.organisation, folder, monkeypatch, code, table, rows, position)
        self.case_right: CaseRight = started(self.organisation, **request)
        address_confirm(address=PartyAddress.objects.get(party__case=self.case_right.case, kind="email"))
        collection_plan(case_right=self.case_right)
        for code in order:
            collection_run(collection=Collection.objects.get(case_right=self.case_right, source__code=code))

    @property
    def doubts(self) -> dict[str, str]:
        found = Collection.objects.filter(case_right=self.case_right)
        return dict(found.values_list("source__code", "doubt"))

    @property
    def on_file(self) -> dict[str, str]:
        found = PartyAddress.objects.filter(party__case=self.case_right.case).exclude(on_file_at=None)
        return dict(found.values_list("kind", "on_file_in"))

    @property
    def established(self) -> bool:
        self.case_right.case.refresh_from_db()
        return self.case_right.case.identity_established_at is not None


def source(
    organisation: Organisation, folder: Path, monkeypatch: Any, code: str, table: Any, rows: Rows, position: int
) -> None:
    path = folder / f"{organisation.pk}-{code}.sqlite3"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE people (number TEXT, name TEXT, email TEXT)")
        database.executemany("INSERT INTO people VALUES (?, ?, ?)", rows)
    variable = f"{code.upper()}_URL"
    monkeypatch.setenv(variable, f"sqlite:///{path}")
    made = DataSource.objects.create(
        organisation=organisation, code=code, name=texts(code), kind="sql", collect_url=variable, position=position
    )
    SourceMap.objects.create(source=made, version=1, tables=[table], approved_at=datetime(2026, 3, 1, tzinfo=UTC))


def in_every_order(folder: Path, monkeypatch: Any, setting: Setting, **request: Any) -> list[Answered]:
    return [Answered(folder, monkeypatch, setting, order, **request) for order in permutations(setting)]


def test_what_one_source_doubts_vouches_for_nothing_in_another(tmp_path: Path, monkeypatch: Any) -> None:
    setting: Setting = {"shop": (PEOPLE, [MINE, OPENED_IN_MY_NAME]), "loyalty": (POINTS, [MINE])}
    for answered in in_every_order(tmp_path, monkeypatch, setting, **EVIL):
        assert answered.doubts == {"shop": "address_differs", "loyalty": "not_tied"}
        assert answered.on_file == {}
        assert not answered.established


def test_a_number_in_doubt_anywhere_is_vouched_for_nowhere(tmp_path: Path, monkeypatch: Any) -> None:
    """The help desk keeps the number that its writer typed, beside the writer's own mailbox."""
    typed = ("C-1", "Camille Estève", "evil@example.org")
    setting: Setting = {"shop": (PEOPLE, [MINE]), "help": (PEOPLE, [typed]), "loyalty": (POINTS, [MINE])}
    for answered in in_every_order(tmp_path, monkeypatch, setting, **EVIL):
        assert answered.doubts == {"shop": "address_differs", "help": "", "loyalty": "not_tied"}


def test_a_source_that_ends_in_doubt_establishes_nothing(tmp_path: Path, monkeypatch: Any) -> None:
    """What its own records say is sound, until another source doubts the number that some were found by."""
    nameless = ("C-1", "", "")
    typed = ("C-1", "Camille Estève", "evil@example.org")
    setting: Setting = {"help": (PEOPLE, [typed, nameless]), "shop": (PEOPLE, [MINE])}
    for answered in in_every_order(tmp_path, monkeypatch, setting, **EVIL):
        assert answered.doubts == {"help": "not_tied", "shop": "address_differs"}
        assert answered.on_file == {}
        assert not answered.established


def test_a_number_of_the_same_record_as_the_mailbox_vouches_in_every_source(tmp_path: Path, monkeypatch: Any) -> None:
    setting: Setting = {"shop": (PEOPLE, [MINE]), "loyalty": (POINTS, [MINE])}
    for answered in in_every_order(tmp_path, monkeypatch, setting, **CAMILLE):
        assert answered.doubts == {"shop": "", "loyalty": ""}
        assert answered.on_file == {"email": "shop (fr)", "identifier": "shop (fr)"}
        assert answered.established


def test_a_number_that_no_record_ties_to_the_mailbox_is_in_doubt(tmp_path: Path, monkeypatch: Any) -> None:
    own = ("C-9", "Camille Estève", "evil@example.org")
    setting: Setting = {"shop": (PEOPLE, [own]), "loyalty": (POINTS, [MINE])}
    for answered in in_every_order(tmp_path, monkeypatch, setting, **EVIL):
        assert answered.doubts == {"shop": "", "loyalty": "not_tied"}
        assert answered.on_file == {"email": "shop (fr)"}
    doubted = AuditEvent.objects.filter(kind="collection.doubted").values_list("facts", flat=True)
    assert list(doubted) == [{"source": "loyalty", "doubt": "not_tied"}] * 2


@pytest.mark.parametrize("name", ["", "-"])
def test_a_mailbox_of_two_people_gives_neither_ones_data(tmp_path: Path, monkeypatch: Any, name: str) -> None:
    together: Setting = {"shop": (PEOPLE, [MARIE, PAUL])}
    apart: Setting = {"shop": (PEOPLE, [MARIE]), "crm": (PEOPLE, [PAUL])}
    for setting in (together, apart):
        for answered in in_every_order(tmp_path, monkeypatch, setting, **{**NOBODY, "name": name}):
            assert set(answered.doubts.values()) == {"several_persons"}
            assert answered.on_file == {}
            assert not answered.established


def test_one_person_spelled_differently_is_one_person(tmp_path: Path, monkeypatch: Any) -> None:
    setting: Setting = {"shop": (PEOPLE, [MARIE]), "crm": (PEOPLE, [("C-1", "DURAND Marie-Ève", "shared@example.org")])}
    for answered in in_every_order(tmp_path, monkeypatch, setting, **NOBODY):
        assert set(answered.doubts.values()) == {""}
        assert answered.established
    kept = str(list(Collection.objects.values_list("tables", flat=True))).casefold()
    assert "durand" not in kept


def test_a_database_that_has_not_answered_may_still_doubt(tmp_path: Path, monkeypatch: Any) -> None:
    """Nothing establishes identity before the last database, or a person in its place, has answered."""
    setting: Setting = {"shop": (PEOPLE, [MINE]), "away": ({**POINTS, "query": "SELECT :email FROM nowhere"}, [])}
    answered = Answered(tmp_path, monkeypatch, setting, ("shop", "away"), **CAMILLE)
    assert not answered.established
    task = CaseTask.objects.get(subject_key="source:away")
    actor = actor_for(member(answered.organisation), answered.organisation)
    collection_by_hand(task=task, files=[], nothing_found=True, actor=actor)
    assert answered.established
