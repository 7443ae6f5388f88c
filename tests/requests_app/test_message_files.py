"""Files with messages, both ways: within limits, by content, and out again only after a second channel."""

from dataclasses import replace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from dsar.core.files import file_read, file_store
from dsar.core.models import AuditEvent, StoredFile
from dsar.core.uploads import MEBIBYTE
from requests_app import services
from requests_app.models import Message
from requests_app.portal import MESSAGES
from tests.factories import actor_for, member, opened_case
from tests.requests_app.tracking import CASE, CODE, Person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock", "code_worker")]


def pdf(name: str = "../contrat “2019”.exe", content: bytes = b"%PDF-1.7 x") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="application/x-msdownload")


def newest(person: Person) -> Message:
    found: Message = Message.objects.filter(case=person.case).latest("pk")
    return found


def take(person: Person, stored: StoredFile) -> Any:
    response = person.get(f"/virelune/track/files/{stored.pk}/")
    response.read = b"".join(response.streaming_content) if response.streaming else b""
    return response


@pytest.fixture
def small(settings: Any) -> None:
    """Limits that a test can pass."""
    settings.DSAR_FORM_FILES, settings.DSAR_FORM_FILE_MB, settings.DSAR_FORM_FILES_MB = 2, 1, 1


def test_the_person_adds_files(person: Person) -> None:
    person.sign_in()
    assert 'enctype="multipart/form-data"' in person.get(CASE).content.decode()
    person.post(CASE, body="Voici.", go="message", documents=[pdf(), pdf("b.txt", "é".encode())])
    message = newest(person)
    first, second = message.files.order_by("pk")
    assert (first.content_type, second.content_type) == ("application/pdf", "text/plain")
    assert "/" not in first.name
    assert file_read(first) == b"%PDF-1.7 x"
    assert first.key == person.case.key
    page = person.get(CASE).content.decode()
    assert f"/virelune/track/files/{first.pk}/" in page
    person.post(CASE, body="", go="message", documents=[pdf()])
    assert newest(person).body == ""
    assert newest(person).files.count() == 1


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ([pdf()] * 3, "Add at most 2 files."),
        ([pdf(content=b"")], "One of the files is empty"),
        ([pdf(content=b"%PDF" + bytes(MEBIBYTE))], "A file may have 1 MB"),
        ([pdf(content=bytes(600_000)), pdf(content=bytes(600_000))], "all together 1 MB"),
        ([pdf(content=bytes(2 * MEBIBYTE))], "A file may have 1 MB"),
    ],
)
@pytest.mark.usefixtures("small")
def test_a_refusal_keeps_what_was_typed(person: Person, files: list[Any], says: str) -> None:
    for file in files:
        file.seek(0)
    person.sign_in()
    before = Message.objects.count(), StoredFile.objects.count()
    page = person.post(CASE, body="half a thought", go="message", documents=files).content.decode()
    assert says in page
    assert 'href="#id_documents"' in page
    assert "half a thought" in page
    assert (Message.objects.count(), StoredFile.objects.count()) == before


def test_a_body_far_over_the_limit_is_not_read(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    person.sign_in()
    stored = StoredFile.objects.count()
    environment: dict[str, Any] = {"CONTENT_LENGTH": str(105 * MEBIBYTE)}

    def reads(*_arguments: Any) -> None:
        raise AssertionError("the body was read")

    monkeypatch.setattr("django.http.request.HttpRequest._load_post_and_files", reads)
    response = person.client.post(CASE, {"body": "x"}, headers={"Accept-Language": "en"}, **environment)
    assert response.status_code == 413
    assert "what you typed is still in the form" in response.content.decode()
    assert StoredFile.objects.count() == stored


def test_the_form_is_safe_from_other_sites(person: Person) -> None:
    careful = Person(person.case, person.key, Client(enforce_csrf_checks=True))
    careful.client.cookies = person.client.cookies
    person.sign_in()
    assert careful.post(CASE, body="x", go="message").status_code == 403


def test_files_leave_after_a_second_channel_only(person: Person) -> None:
    handler = actor_for(member(person.case.organisation), person.case.organisation)
    stored = file_store(key=person.case.key, name="plan.html", content_type="text/html", content=b"<script>")
    services.message_send(case=person.case, body="See the file.", files=[stored], actor=handler)
    own = file_store(key=person.case.key, name="mine.pdf", content_type="application/pdf", content=b"%PDF")
    services.message_receive(case=person.case, body="Mine", files=[own])
    person.sign_in_by_mail()
    for file in (stored, own):
        assert take(person, file).headers["Location"] == CODE
    person.post(CODE, key=person.key)
    response = take(person, stored)
    assert response.read == b"<script>"
    assert response.headers["Content-Type"] == "application/octet-stream"
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response.headers["Content-Security-Policy"]
    event = AuditEvent.objects.get(kind="message_file.downloaded")
    assert (event.facts["opened_by"], event.facts["second_channel"]) == ("code", "key")


def test_no_other_file_leaves(person: Person) -> None:
    other = opened_case(person.case.organisation, submission="f" * 32).case
    handler = actor_for(member(person.case.organisation), person.case.organisation)
    stored = file_store(key=other.key, name="a", content_type="text/plain", content=b"a")
    services.message_receive(case=other, body="x", files=[stored])
    loose = file_store(key=person.case.key, name="a", content_type="text/plain", content=b"a")
    note = services.note_add(case=person.case, body="Careful", actor=handler)
    note.files.set([loose])
    person.sign_in_by_mail()
    person.post(CODE, key=person.key)
    assert take(person, stored).status_code == 404
    assert take(person, loose).status_code == 404


def test_the_desk_sends_files(person: Person, client: Client) -> None:
    client.force_login(member(person.case.organisation))
    address = f"/desk/cases/{person.case.reference}/messages/"
    assert client.post(address, {"body": ""}).status_code == 422
    client.post(address, {"body": "Le contrat.", "documents": [pdf(), pdf()]})
    sent = Message.objects.get(author__isnull=False)
    assert (sent.direction, sent.files.count()) == ("outbound", 2)
    response = client.post(address, {"body": "Encore", "documents": [pdf()] * 21})
    assert response.status_code == 422
    assert "Encore" in response.content.decode()


def test_writing_has_a_limit_that_keeps_the_text(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("requests_app.portal_case_views.MESSAGES", replace(MESSAGES, most=1))
    person.sign_in()
    assert person.post(CASE, body="one", go="message").status_code == 302
    refused = person.post(CASE, body="the second", go="message")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1080")
    assert "the second" in refused.content.decode()
    assert "You have written very often." in refused.content.decode()
    assert [message.body for message in Message.objects.filter(case=person.case, direction="inbound")][-1] == "one"
    person.post(CASE, go="close")
    person.sign_in()
    assert person.post(CASE, body="the third", go="message").status_code == 429
