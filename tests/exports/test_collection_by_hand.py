"""What a colleague finds: files as they are, or nothing; within limits, for their own task, and into the package."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from dsar.core.files import file_read
from dsar.core.models import Organisation
from dsar.core.roles import Role
from dsar.core.uploads import STAFF, content_kind, uploads_check
from exports.models import Collection
from exports.services import collection_plan
from requests_app.models import CaseRight, CaseTask
from requests_app.vocabulary import TaskState
from tests.exports.sources import built, manual_source, shop, sql_source, started
from tests.exports.test_package_build import opened
from tests.factories import OrganisationFactory, TeamFactory, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def organisation() -> Organisation:
    made: Organisation = OrganisationFactory.create()
    manual_source(made)
    return made


@pytest.fixture
def case_right(organisation: Organisation) -> CaseRight:
    planned = started(organisation)
    collection_plan(case_right=planned)
    return planned


@pytest.fixture
def task(case_right: CaseRight) -> CaseTask:
    found: CaseTask = CaseTask.objects.get(case_right=case_right, kind="collect_by_hand")
    return found


def answer(client: Client, user: Any, task: CaseTask, **values: Any) -> Any:
    client.force_login(user)
    return client.post(reverse("collection-by-hand", args=[task.pk]), values)


def pdf(name: str = "contrat.pdf", content: bytes = b"%PDF-1.7 contract") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="text/html")


def test_files_are_kept_as_they_are_and_travel_in_the_package(
    client: Client, organisation: Organisation, case_right: CaseRight, task: CaseTask
) -> None:
    files = [pdf("../../Lettre n° 1.pdf"), pdf("LETTRE n° 1.PDF", b"%PDF-1.7 other"), pdf("con", b"hello")]
    response = answer(client, member(organisation), task, documents=files, note="Blue cupboard")
    assert response.status_code == 302
    collection = Collection.objects.get()
    stored = list(collection.files.order_by("pk"))
    assert [file.content_type for file in stored] == ["application/pdf", "application/pdf", "text/plain"]
    assert file_read(stored[0]) == b"%PDF-1.7 contract"
    assert stored[0].key == case_right.case.key
    task.refresh_from_db()
    assert (task.state, task.result, task.note) == (TaskState.DONE, {"files": 3}, "Blue cupboard")
    package = opened(built(case_right))
    documents = [name for name in package.namelist() if name.startswith("files/")]
    assert documents == [
        "files/archive/Lettre n_ 1.pdf", "files/archive/LETTRE n_ 1 (2).PDF", "files/archive/_con",
    ]
    assert package.read(documents[1]) == b"%PDF-1.7 other"
    assert "Blue cupboard" not in package.read("index.html").decode() + package.read("manifest.json").decode()


def test_nothing_found_is_recorded(client: Client, organisation: Organisation, task: CaseTask) -> None:
    assert answer(client, member(organisation), task, nothing_found="on").status_code == 302
    task.refresh_from_db()
    assert task.result == {"nothing_found": True}


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({}, "Add at least one file"),
        ({"documents": "one", "nothing_found": "on"}, "Keep one of the two"),
        ({"documents": "many"}, "at most 20 files"),
        ({"documents": "large"}, "A file may have"),
        ({"documents": "empty"}, "is empty"),
    ],
)
def test_what_cannot_be_recorded_is_said_and_nothing_is_kept(
    client: Client, organisation: Organisation, task: CaseTask, monkeypatch: pytest.MonkeyPatch, values: Any, says: str
) -> None:
    small = partial(uploads_check, limits=replace(STAFF, file_bytes=100))
    monkeypatch.setattr("exports.services.by_hand.uploads_check", small)
    files = {"one": [pdf()], "many": [pdf()] * 21, "large": [pdf(content=b"x" * 101)], "empty": [pdf(content=b"")]}
    if "documents" in values:
        values = {**values, "documents": files[values["documents"]]}
    response = answer(client, member(organisation), task, **values)
    assert response.status_code == 422
    assert says in response.content.decode()
    assert Collection.objects.get().state == "waiting"


def test_too_much_is_refused_before_it_is_read(
    client: Client, organisation: Organisation, task: CaseTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exports.views.STAFF", replace(STAFF, read_bytes=0))

    def reads(*_arguments: Any) -> None:
        raise AssertionError("the body was read")

    monkeypatch.setattr("django.http.request.HttpRequest._load_post_and_files", reads)
    response = answer(client, member(organisation), task, documents=[pdf()])
    assert response.status_code == 413
    assert "all together 200 MB" in response.content.decode()


def test_the_form_is_safe_from_other_sites(organisation: Organisation, task: CaseTask) -> None:
    careful = Client(enforce_csrf_checks=True)
    assert answer(careful, member(organisation), task, nothing_found="on").status_code == 403


def test_a_contributor_answers_for_their_own_task_and_sees_no_other(
    client: Client, organisation: Organisation, task: CaseTask
) -> None:
    team = TeamFactory.create(organisation=organisation)
    colleague = member(organisation, Role.CONTRIBUTOR, team=team)
    client.force_login(colleague)
    page = reverse("collection-by-hand", args=[task.pk])
    assert client.get(page).status_code == 404
    CaseTask.objects.filter(pk=task.pk).update(team=team)
    shown = client.get(page)
    assert shown.status_code == 200
    assert "Camille Estève" in shown.content.decode()
    assert answer(client, colleague, task, nothing_found="on").url == reverse("desk-tasks")
    assert client.get(reverse("package-preview", args=[task.case.reference, "access"])).status_code == 404


def test_a_member_of_another_organisation_sees_nothing(client: Client, task: CaseTask) -> None:
    client.force_login(member(OrganisationFactory.create()))
    assert client.get(reverse("collection-by-hand", args=[task.pk])).status_code == 404
    assert client.get(reverse("package-preview", args=[task.case.reference, "access"])).status_code == 404


def test_a_database_is_answered_by_hand_only_after_it_failed(
    client: Client, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    organisation = OrganisationFactory.create()
    sql_source(organisation, shop(tmp_path / "shop.sqlite3", []), monkeypatch)
    case_right = started(organisation)
    collection_plan(case_right=case_right)
    task = CaseTask.objects.get(case_right=case_right, kind="collect")
    handler = member(organisation)
    assert answer(client, handler, task, nothing_found="on").status_code == 422
    Collection.objects.update(state="failed", error="OperationalError", attempts=5)
    assert "You may answer for it" in client.get(reverse("collection-by-hand", args=[task.pk])).content.decode()
    assert answer(client, handler, task, nothing_found="on").status_code == 302
    task.refresh_from_db()
    assert task.state == TaskState.DONE


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 20, "image/png"),
        ("Bonjour é".encode(), "text/plain"),
        (b"\xc3\x28\x01\x02", "application/octet-stream"),
        (b"", "text/plain"),
    ],
)
def test_the_kind_of_a_file_is_what_its_content_shows(content: bytes, kind: str) -> None:
    assert content_kind(content) == kind
