"""The package: what leaves, what does not, and that anybody can check it with the tools of their system."""

import csv
import hashlib
import io
import json
import shutil
import subprocess
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest

from dsar.core.files import file_read, file_stream
from dsar.core.models import AuditEvent, StoredFile
from exports.contents import contents_of
from exports.models import Collection
from exports.package import package_stream
from exports.services import building, collection_admit, package_build
from requests_app.models import CaseTask, ChecklistItem, Deliverable
from tests.exports.sources import NASTY, TABLES, activity, built, collected, shop, sql_source, started
from tests.factories import RECEIVED_AT, OrganisationFactory, actor_for, member, right_of

pytestmark = pytest.mark.django_db

CAMILLE = ("C-1", "Camille Estève", "camille.esteve@example.org")


def opened(deliverable: Deliverable) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(file_read(deliverable.stored_file)))


def a_package(
    tmp_path: Path, monkeypatch: Any, customers: Any = (CAMILLE,), *, orders: int = 2, **request: Any
) -> zipfile.ZipFile:
    organisation = OrganisationFactory.create()
    activity(organisation, "orders", purpose={"fr": "Livrer", "en": "Deliver"}, automated_decisions=False)
    activity(organisation, "unrelated")
    sql_source(organisation, shop(tmp_path / "shop.sqlite3", list(customers), orders), monkeypatch)
    case_right = started(organisation, **request)
    collected(case_right)
    return opened(built(case_right))


def test_it_holds_pages_data_manifest_and_sums_in_a_fixed_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = a_package(tmp_path, monkeypatch)
    names = [name for name in package.namelist() if name != "information.pdf"]
    assert names == [
        "index.html", "information.html", "assets/package.css",
        "tables/shop/customers-1.html", "data/shop/customers.json", "data/shop/customers.csv",
        "tables/shop/orders-1.html", "data/shop/orders.json", "data/shop/orders.csv",
        "manifest.json", "SHA256SUMS",
    ]
    assert json.loads(package.read("data/shop/customers.json")) == [
        {"number": "C-1", "name": "Camille Estève", "email": "camille.esteve@example.org"}
    ]
    index = package.read("index.html").decode()
    assert '<html lang="fr">' in index
    assert "Customer record (fr)" in index


def test_only_disclosed_fields_leave_and_what_is_withheld_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = a_package(tmp_path, monkeypatch)
    everything = b"".join(package.read(name) for name in package.namelist())
    assert b"TOP-SECRET-HASH" not in everything
    assert b"UNMAPPED-VALUE" not in everything
    assert b"forgotten" not in everything
    manifest = json.loads(package.read("manifest.json"))
    [customers, orders, calls] = manifest["sources"][0]["tables"]
    assert customers["withheld"] == [
        {"column": "password_hash", "meaning": "The password_hash (fr)", "reason": "Security of the shop (fr)"}
    ]
    assert [table["records"] for table in (customers, orders, calls)] == [1, 2, 0]
    assert customers["fields"][0]["origin"] == "provided"
    assert "Security of the shop (fr)" in package.read("index.html").decode()
    assert {gap["code"] for gap in manifest["gaps"]} == {"not_searched", "fact_unknown"}
    assert {gap["article"] for gap in manifest["gaps"] if gap["code"] == "fact_unknown"} == {
        "15(1)(b)", "15(1)(g)", "15(2)",
    }


def test_the_sheet_tells_the_uses_of_this_person_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sheet = a_package(tmp_path, monkeypatch).read("information.html").decode()
    assert "Activity orders (fr)" in sheet
    assert "Transports Alguère" in sheet
    assert "Activity unrelated (fr)" not in sheet
    assert "CNIL" in sheet


def test_the_sums_cover_every_other_file_and_the_tool_of_the_system_agrees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = a_package(tmp_path, monkeypatch)
    sums = (line.split("  ") for line in package.read("SHA256SUMS").decode().splitlines())
    listed = {path: sha256 for sha256, path in sums}
    assert set(listed) == set(package.namelist()) - {"SHA256SUMS"}
    assert all(hashlib.sha256(package.read(name)).hexdigest() == sha256 for name, sha256 in listed.items())
    manifest = json.loads(package.read("manifest.json"))
    assert {file["path"]: file["sha256"] for file in manifest["files"]} == {
        name: sha256 for name, sha256 in listed.items() if name != "manifest.json"
    }
    assert all(file["size"] == package.getinfo(file["path"]).file_size for file in manifest["files"])
    tool = shutil.which("sha256sum")
    if tool is None:
        pytest.skip("sha256sum is not on this machine")
    package.extractall(tmp_path / "out")
    check = [tool, "--strict", "-c", "SHA256SUMS"]
    assert subprocess.run(check, cwd=tmp_path / "out", capture_output=True, check=False).returncode == 0  # noqa: S603
    (tmp_path / "out" / "index.html").write_text("changed")
    assert subprocess.run(check, cwd=tmp_path / "out", capture_output=True, check=False).returncode == 1  # noqa: S603


def test_hostile_values_harm_neither_page_nor_spreadsheet_and_stay_exact_in_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    formula, huge = '=cmd|"/c calc"!A1', "x" * 100_000
    values = [NASTY, formula, "+33 1", "-1.5", "a\x00b", "\u202egnp.exe", "🦀" * 5, huge, '"];\r\n,']
    customers = [("C-1", value, "camille.esteve@example.org") for value in values]
    monkeypatch.setitem(TABLES[0], "subject", {"email": "email"})  # else these would be names of several persons
    package = a_package(tmp_path, monkeypatch, customers, orders=0, name="")
    # SQLite ends a text at NUL for some functions; what it hands over is what must arrive.
    assert [row["name"] for row in json.loads(package.read("data/shop/customers.json"))] == values
    page = package.read("tables/shop/customers-1.html").decode()
    assert NASTY not in page
    assert "&lt;script&gt;" in page
    assert "\x00" not in page
    assert "\u202e" not in page
    assert "⟨U+202E⟩gnp.exe" in page
    content = package.read("data/shop/customers.csv")
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert [row["name"] for row in rows] == [
        NASTY, "'" + values[1], "'+33 1", "-1.5", "a\ufffdb", *values[5:],
    ]
    for name in package.namelist():
        if name.endswith(".html"):
            assert "<script" not in package.read(name).decode()
            assert "src=" not in package.read(name).decode()


def test_a_long_table_goes_over_several_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = a_package(tmp_path, monkeypatch, orders=1001)
    pages = [name for name in package.namelist() if name.startswith("tables/shop/orders")]
    assert pages == [f"tables/shop/orders-{number}.html" for number in (1, 2, 3)]
    rows = [package.read(page).decode().count('<tr><td dir="auto">') for page in pages]
    assert rows == [500, 500, 1]
    assert "orders-3.html" in package.read(pages[1]).decode()


def test_doubtful_records_stay_out_until_somebody_finds_that_they_are_the_persons(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    organisation = OrganisationFactory.create()
    maiden_name = ("C-1", "Camille Duval", "camille.esteve@example.org")
    sql_source(organisation, shop(tmp_path / "shop.sqlite3", [maiden_name]), monkeypatch)
    case_right = started(organisation)
    collection = collected(case_right)
    first = built(case_right)
    without = opened(first)
    assert b"Duval" not in b"".join(without.read(name) for name in without.namelist())
    assert json.loads(without.read("manifest.json"))["sources"][0]["result"] == "left_out"

    copy = ChecklistItem.objects.get(case_right=case_right, code="A10")
    assert copy.state == "open"
    assert copy.note.endswith("Shop (fr).")

    actor = actor_for(member(organisation), organisation)
    collection_admit(collection=collection, reason="Married in 2024, told by phone", actor=actor)
    assert CaseTask.objects.open().filter(case_right=case_right, kind="build_package").count() == 1
    second = built(case_right)
    assert json.loads(opened(second).read("data/shop/customers.json"))[0]["name"] == "Camille Duval"
    first.refresh_from_db()
    copy.refresh_from_db()
    assert (copy.state, copy.note) == ("done", "")
    assert (first.state, second.state) == ("superseded", "prepared")
    assert AuditEvent.objects.get(kind="collection.admitted").facts["doubt"] == "name_differs"


def test_a_build_that_dies_is_done_again_and_leaves_one_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    organisation = OrganisationFactory.create()
    sql_source(organisation, shop(tmp_path / "shop.sqlite3", [CAMILLE]), monkeypatch)
    case_right = started(organisation)
    collected(case_right)

    def dies(contents: Any) -> Any:
        pieces = package_stream(contents)
        yield next(pieces)
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(building, "package_stream", dies)
        with pytest.raises(KeyboardInterrupt):
            package_build(case_right=case_right)
    assert not Deliverable.objects.exists()
    assert package_build(case_right=case_right) is not None
    assert package_build(case_right=case_right) is None
    assert Deliverable.objects.count() == 1


def test_of_two_builds_at_once_one_is_registered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    organisation = OrganisationFactory.create()
    sql_source(organisation, shop(tmp_path / "shop.sqlite3", [CAMILLE]), monkeypatch)
    case_right = started(organisation)
    collected(case_right)
    store = building._package_store

    def store_while_another_builds(slow: Any) -> StoredFile:
        monkeypatch.setattr(building, "_package_store", store)
        assert package_build(case_right=right_of(case_right.case, "access")) is not None
        return store(slow)

    monkeypatch.setattr(building, "_package_store", store_while_another_builds)
    assert package_build(case_right=case_right) is None
    assert Deliverable.objects.count() == 1
    assert AuditEvent.objects.filter(kind="deliverable.registered").count() == 1


def test_the_same_contents_give_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exports.package._information_pdf", lambda _contents: None)
    organisation = OrganisationFactory.create()
    sql_source(organisation, shop(tmp_path / "shop.sqlite3", [CAMILLE]), monkeypatch)
    case_right = started(organisation)
    collected(case_right)
    contents = contents_of(case_right, created_at=RECEIVED_AT)
    assert b"".join(package_stream(contents)) == b"".join(package_stream(contents))


def test_memory_does_not_grow_with_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exports.package._information_pdf", lambda _contents: None)

    def peak(orders: int) -> int:
        organisation = OrganisationFactory.create()
        sql_source(organisation, shop(tmp_path / f"shop-{orders}.sqlite3", [CAMILLE], orders), monkeypatch)
        case_right = started(organisation)
        collected(case_right)
        contents = contents_of(case_right, created_at=RECEIVED_AT)
        tracemalloc.start()
        for _piece in package_stream(contents):
            pass
        _now, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    peak(10)  # what is loaded once
    small, large = peak(2_000), peak(10_000)
    assert large < small + 2_000_000  # bytes


def test_the_package_is_read_from_storage_piece_by_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_package(tmp_path, monkeypatch, orders=300)
    collection = Collection.objects.get()
    assert collection.stored_file is not None
    assert all(len(piece) <= 64 * 1024 for piece in file_stream(collection.stored_file))
