"""The sample company: always the same, and every query of the demo profiles returns exactly the fields they map."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from dsar.core.actors import Actor
from dsar.management.commands.organisation_import import profile_import
from exports.models import SourceMap
from exports.sample_company import FILE_NAME, sample_company_create, sample_company_environment, sample_people
from requests_app.addresses import address_normalise
from requests_app.vocabulary import AddressKind

CAMILLE = sample_people()[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sample database."""
    path = tmp_path_factory.mktemp("company")
    sample_company_create(path / FILE_NAME)
    return path


@pytest.fixture
def maps(folder: Path, monkeypatch: pytest.MonkeyPatch, db: None) -> list[SourceMap]:
    """The maps of all demo profiles; their environment variables lead to the sample database."""
    for variable, url in sample_company_environment(folder).items():
        monkeypatch.setenv(variable, url)
    for path in sorted((settings.BASE_DIR / "dsar" / "profiles").glob("*.toml")):
        profile_import(path.read_bytes(), actor=Actor.SYSTEM)
    return list(SourceMap.objects.select_related("source").order_by("source__code"))


def found(source_map: SourceMap, **known: str) -> dict[str, list[dict[str, Any]]]:
    """The rows of each table for one person."""
    path = os.environ[source_map.source.collect_url].removeprefix("sqlite:///")
    values = {"email": None, "identifier": None, "phone": None, **known}
    with closing(sqlite3.connect(path)) as database:
        database.row_factory = sqlite3.Row
        return {
            table["name"]: [dict(row) for row in database.execute(table["query"], values)]
            for table in source_map.tables
        }


def test_the_same_content_each_time(folder: Path, tmp_path: Path) -> None:
    again = tmp_path / "deeper" / FILE_NAME
    for _turn in range(2):
        sample_company_create(again)
    dumps = []
    for path in (folder / FILE_NAME, again):
        with closing(sqlite3.connect(path)) as database:
            dumps.append(list(database.iterdump()))
    assert dumps[0] == dumps[1]
    assert [path.name for path in again.parent.iterdir()] == [FILE_NAME]


def test_the_people_are_invented_and_differ() -> None:
    people = sample_people()
    assert len(people) == 40
    for values in zip(*((one.number, one.name, one.email, one.phone) for one in people), strict=True):
        assert len(set(values)) == 40
    assert all(one.email.endswith(("@example.org", "@example.com")) and one.email.isascii() for one in people)
    assert {one.language for one in people} == {"fr", "en"}


def test_every_query_returns_exactly_the_fields_of_its_map(maps: list[SourceMap]) -> None:
    seen = 0
    for source_map in maps:
        by_table: dict[str, list[dict[str, Any]]] = {}
        for person in sample_people():
            for name, rows in found(source_map, email=person.email).items():
                by_table.setdefault(name, []).extend(rows)
        for table in source_map.tables:
            rows = by_table[table["name"]]
            assert rows, f"nobody has rows in {table['name']}"
            assert {tuple(row) for row in rows} == {tuple(field["column"] for field in table["fields"])}
            assert set(table["subject"].values()) <= set(rows[0])
            seen += 1
    assert seen == 20


@pytest.mark.parametrize("by", [AddressKind.EMAIL, AddressKind.IDENTIFIER, AddressKind.PHONE])
@pytest.mark.parametrize("spell", ["as typed", "normalised"])
def test_one_person_is_found_by_each_address_and_nobody_else(
    maps: list[SourceMap], by: AddressKind, spell: str
) -> None:
    value = {"email": CAMILLE.email.title(), "identifier": CAMILLE.number, "phone": CAMILLE.phone}[by]
    if spell == "normalised":
        value = address_normalise(by, value)
    rows = found(maps[0], **{by.value: value})
    assert [row["name"] for row in rows.pop("customers")] == ["Camille Estève"]
    assert {row["customer_email"] for table in rows.values() for row in table} == {CAMILLE.email}


def test_a_stranger_has_nothing(maps: list[SourceMap]) -> None:
    for source_map in maps:
        rows = found(source_map, email="nobody@example.net", identifier="C-1", phone="+33199000000")
        assert rows and not any(rows.values())


def test_the_name_of_somebody_else_is_masked_and_its_column_withheld(maps: list[SourceMap]) -> None:
    crm = next(one for one in maps if one.source.code == "crm")
    table = next(table for table in crm.tables if table["name"] == "messages")
    withheld = [field["column"] for field in table["fields"] if not field["disclosed"]]
    assert withheld == ["mentioned_person"]
    rows = [row for person in sample_people() for row in found(crm, email=person.email)["messages"]]
    named = [row for row in rows if row["mentioned_person"]]
    assert named
    for row in named:
        shown = {column: value for column, value in row.items() if column not in withheld}
        assert not any("Monique" in str(value) for value in shown.values())
        assert "[…]" in row["body"]


def test_inferred_data_are_there_and_marked(maps: list[SourceMap]) -> None:
    origins = {
        field["column"]: field["origin"]
        for source_map in maps
        for table in source_map.tables
        for field in table["fields"]
    }
    assert origins["segment"] == origins["loyalty_score"] == origins["fraud_score"] == "inferred"
    assert origins["visited_at"] == "observed"
    assert origins["name"] == "provided"
