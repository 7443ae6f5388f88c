"""Files of the form: kept encrypted until it is sent, carried through every page, each once, and gone after a day."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from dsar.core.files import file_read
from dsar.core.models import EncryptionKey, Organisation, StoredFile
from requests_app import tasks
from requests_app.models import Case, FormFile, Message
from requests_app.services import form_files_sweep
from tests.requests_app.test_public_request import fields_of

pytestmark = pytest.mark.django_db

TOKEN = "0123456789abcdef0123456789abcdef"
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


def pdf(name: str = "lettre.pdf", content: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="text/html")


def form(client: Client, **fields: Any) -> Any:
    typed = {"submission": TOKEN, "right": "access", "page": "want", **fields}
    return client.post(reverse("public-request", args=["virelune"]), typed, headers={"Accept-Language": "en"})


def attach(client: Client, *files: SimpleUploadedFile, **fields: Any) -> str:
    page: str = form(client, files=list(files), **{"go": "attach", **fields}).content.decode()
    return page


def names() -> list[str]:
    return list(FormFile.objects.order_by("pk").values_list("stored_file__name", flat=True))


def test_a_file_is_kept_encrypted_and_listed_with_its_button(organisation: Organisation, client: Client) -> None:
    page = attach(client, pdf(), text="Two words")
    row = FormFile.objects.get()
    assert row.organisation == organisation
    assert row.stored_file.key == organisation.intake_key
    assert file_read(row.stored_file) == PDF
    assert PDF not in Path(default_storage.path(row.stored_file.path)).read_bytes()
    assert TOKEN not in row.submission_hash
    assert "lettre.pdf" in page
    assert f'name="remove" value="{row.pk}"' in page
    assert fields_of(page)["text"] == ["Two words"]
    assert "No identity document: we do not need one." in page


def test_the_kind_comes_from_the_content(organisation: Organisation, client: Client) -> None:
    attach(client, pdf("photo.jpg"))
    assert StoredFile.objects.get().content_type == "application/pdf"


def test_files_are_kept_whatever_button_is_pressed(organisation: Organisation, client: Client) -> None:
    page = form(client, files=[pdf()], go="next").content.decode()
    assert "Who are you?" in page
    assert names() == ["lettre.pdf"]


def test_files_are_carried_through_back_language_errors_and_reload(organisation: Organisation, client: Client) -> None:
    attach(client, pdf(), pdf("deux.pdf", PDF + b"2"))
    for fields in (
        {"page": "who", "go": "want"},
        {"page": "want", "lang": "fr"},
        {"page": "want", "right": [], "go": "next"},
        {"page": "check", "go": "want"},
    ):
        page = form(client, **fields).content.decode()
        assert "lettre.pdf" in page and "deux.pdf" in page, fields
        assert fields_of(page)["attached"] == ["2"]
    check = form(Client(), key_only="on", page="reach", go="next").content.decode()  # a session that has ended
    assert "lettre.pdf" in check and "deux.pdf" in check


def test_the_same_file_twice_is_one(organisation: Organisation, client: Client) -> None:
    attach(client, pdf())
    attach(client, pdf())
    attach(client, pdf(), pdf("deux.pdf", PDF + b"2"))
    assert names() == ["lettre.pdf", "deux.pdf"]
    assert StoredFile.objects.count() == 2


def test_two_tabs_add_to_one_form_and_another_form_sees_nothing(organisation: Organisation, client: Client) -> None:
    attach(client, pdf())
    assert "lettre.pdf" in attach(Client(), pdf("deux.pdf", PDF + b"2"))
    assert "lettre.pdf" not in form(client, submission="f" * 32, go="want").content.decode()


def test_a_file_is_removed_with_its_content(
    organisation: Organisation, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    attach(client, pdf())
    row = FormFile.objects.get()
    path = default_storage.path(row.stored_file.path)
    with django_capture_on_commit_callbacks(execute=True):
        page = form(client, remove=str(row.pk)).content.decode()
    assert "What do you want to ask?" in page
    assert "lettre.pdf" not in page
    assert not Path(path).exists()
    assert StoredFile.objects.count() == 0
    form(client, remove=str(row.pk))  # again, from another tab


@pytest.mark.parametrize("remove", ["", "x", "-1", "٣", "9" * 40])
def test_a_strange_button_removes_nothing(organisation: Organisation, client: Client, remove: str) -> None:
    attach(client, pdf())
    assert form(client, remove=remove).status_code == 200
    assert names() == ["lettre.pdf"]


def test_a_form_removes_no_file_of_another(organisation: Organisation, client: Client) -> None:
    attach(client, pdf())
    form(client, submission="f" * 32, remove=str(FormFile.objects.get().pk))
    assert names() == ["lettre.pdf"]


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ([pdf(content=b"")], "One of the files is empty."),
        ([pdf(content=b"x" * (1024 * 1024 + 1))], "A file may have 1 MB, all together 2 MB."),
        ([pdf(f"{n}.pdf", PDF + bytes([n])) for n in range(4)], "Add at most 3 files."),
    ],
)
def test_limits_are_said_and_nothing_typed_is_lost(
    organisation: Organisation, client: Client, settings: Any, files: list[SimpleUploadedFile], says: str
) -> None:
    settings.DSAR_FORM_FILES, settings.DSAR_FORM_FILE_MB, settings.DSAR_FORM_FILES_MB = 3, 1, 2
    page = attach(client, *files, text="Two words", go="next")
    assert says in page
    assert 'href="#files"' in page
    assert fields_of(page)["text"] == ["Two words"]
    assert FormFile.objects.count() == 0


def test_limits_hold_for_the_form_as_a_whole(organisation: Organisation, client: Client, settings: Any) -> None:
    settings.DSAR_FORM_FILES = 2
    attach(client, pdf(), pdf("deux.pdf", PDF + b"2"))
    assert "Add at most 2 files." in attach(client, pdf("trois.pdf", PDF + b"3"))
    assert len(names()) == 2


def test_of_a_body_that_is_too_large_no_file_is_kept_and_every_word_is(
    organisation: Organisation, client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DSAR_FORM_FILE_MB, settings.DSAR_FORM_FILES_MB = 1, 0

    def opens(*_arguments: Any, **_options: Any) -> None:
        raise AssertionError("a file was opened")

    monkeypatch.setattr("django.core.files.uploadhandler.MemoryFileUploadHandler.new_file", opens)
    monkeypatch.setattr("django.core.files.uploadhandler.TemporaryFileUploadHandler.new_file", opens)
    page = attach(client, pdf(content=b"x" * (1024 * 1024 + 10)), text="Two words")
    assert "A file may have" in page
    assert fields_of(page)["text"] == ["Two words"]


def test_an_absurd_body_is_not_read_at_all(
    organisation: Organisation, client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reads(*_arguments: Any) -> None:
        raise AssertionError("the body was read")

    monkeypatch.setattr("dsar.core.uploads.ABSURD", 0)
    monkeypatch.setattr("django.http.request.HttpRequest._load_post_and_files", reads)
    response = form(client, files=[pdf()])
    assert response.status_code == 413
    assert "what you typed is still in the form" in response.content.decode()


def test_sending_files_them_on_the_case_under_its_own_key(organisation: Organisation, client: Client) -> None:
    attach(client, pdf())
    response = form(client, key_only="on", page="check", go="send", attached="1")
    assert response.status_code == 302
    case = Case.objects.get()
    stored = Message.objects.get(case=case).files.get()
    assert stored.key == case.key
    assert file_read(stored) == PDF


def test_pressing_send_twice_makes_one_case_and_loses_no_file(organisation: Organisation, client: Client) -> None:
    attach(client, pdf())
    for browser in (client, client, Client()):
        assert form(browser, key_only="on", page="check", go="send", attached="1").status_code == 302
    assert Case.objects.count() == 1
    assert Message.objects.get().files.count() == 1
    assert StoredFile.objects.count() == 1


def test_a_file_added_after_sending_goes_with_a_request_of_its_own(organisation: Organisation, client: Client) -> None:
    attach(client, pdf())
    form(client, key_only="on", page="check", go="send", attached="1")
    attach(client, pdf("deux.pdf", PDF + b"2"))
    form(client, key_only="on", page="check", go="send", attached="2")
    first, second = Case.objects.order_by("pk")
    for case, expected in ((first, {"lettre.pdf"}), (second, {"lettre.pdf", "deux.pdf"})):
        files = list(Message.objects.get(case=case).files.all())
        assert {one.name for one in files} == expected
        assert {one.key for one in files} == {case.key}
        assert all(file_read(one) for one in files)


def test_a_file_that_is_gone_is_said_before_anything_is_sent(organisation: Organisation, client: Client) -> None:
    attach(client, pdf())
    FormFile.objects.all().delete()
    page = form(client, key_only="on", page="check", go="send", attached="1").content.decode()
    assert "A file is no longer attached." in page
    assert Case.objects.count() == 0
    assert form(client, key_only="on", page="check", go="send", attached=fields_of(page)["attached"]).status_code == 302


def test_what_nobody_sends_is_gone_after_a_day(
    organisation: Organisation, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    now = datetime(2026, 3, 5, 12, tzinfo=UTC)
    with time_machine.travel(now, tick=False):
        attach(client, pdf("lost.pdf"), submission="f" * 32)
        attach(client, pdf())
        form(client, key_only="on", page="check", go="send", attached="1")
    lost = StoredFile.objects.get(name="lost.pdf")
    path = Path(default_storage.path(lost.path))
    with time_machine.travel(now + timedelta(hours=23), tick=False):
        assert form_files_sweep() == 0
    with (
        time_machine.travel(now + timedelta(hours=25), tick=False),
        django_capture_on_commit_callbacks(execute=True),
    ):
        assert form_files_sweep() == 2
        assert form_files_sweep() == 0
    assert not path.exists()
    assert StoredFile.objects.get().key.purpose == EncryptionKey.Purpose.CASE
    assert file_read(Message.objects.get().files.get()) == PDF


def test_the_sweep_is_on_the_timetable() -> None:
    timetable = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert "requests_app.form_files_sweep" in timetable
    tasks.form_files_sweep()


def test_a_flood_of_files_is_told_to_come_later(organisation: Organisation, client: Client, settings: Any) -> None:
    settings.DSAR_FORM_FILES_REFUSE_AFTER = 1
    attach(client, pdf())
    page = attach(Client(), pdf("deux.pdf", PDF + b"2"), text="Two words")
    assert "Very many files come from your network" in page
    assert fields_of(page)["text"] == ["Two words"]
    assert names() == ["lettre.pdf"]
