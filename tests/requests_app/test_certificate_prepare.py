"""The certificate of receipt: asked for when the page opens, made by a worker, without a word about who asks."""

from datetime import timedelta
from typing import Any

import pytest

from dsar.core.files import file_read
from requests_app import services
from requests_app.models import Deliverable, Download
from requests_app.pdf import PdfUnavailable
from tests.factories import actor_for, member, opened_case, right_of
from tests.requests_app.tracking import CASE, CodeWorker, Person, download

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock", "code_worker")]


def text_of(person: Person) -> str:
    found = Deliverable.objects.select_related("stored_file__key").get(kind="receipt_html", state="released")
    return file_read(found.stored_file).decode()


def test_opening_the_page_asks_for_it(
    person: Person, code_worker: CodeWorker, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        person.sign_in()
    assert ("requests_app.certificate_prepare", person.case.pk) in code_worker.queued
    assert "is being prepared" in person.get(CASE).content.decode()
    made = services.certificate_prepare(case=person.case)
    assert {one.kind for one in made} == {"receipt", "receipt_html"}
    page = person.get(CASE).content.decode()
    assert "is being prepared" not in page
    assert f"/virelune/track/download/{made[0].pk}/" in page
    response = download(person, made[-1])
    assert response.read.startswith(b"%PDF")
    assert Download.objects.get().second_channel == ""
    assert services.certificate_prepare(case=person.case) == []


def test_the_sent_page_asks_for_it(
    person: Person, code_worker: CodeWorker, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        services.certificate_queue(person.case)
    assert code_worker.queued == [("requests_app.certificate_prepare", person.case.pk)]
    services.certificate_prepare(case=person.case)
    code_worker.queued.clear()
    with django_capture_on_commit_callbacks(execute=True):
        services.certificate_queue(person.case)
    assert code_worker.queued == []


def test_what_it_says_and_what_not(person: Person) -> None:
    case = opened_case(
        person.case.organisation, submission="f" * 32, language="en", text="I met you in Lyon.",
        phone="01 99 00 12 34", identifier="K-77",
    ).case  # fmt: skip
    services.certificate_prepare(case=case)
    text = text_of(person)
    for wanted in (
        case.reference, "Certificate of receipt", "18:42", "Europe/Paris", "form", "Tuesday 7 April 2026",
        "Librairies Virelune", "article 15",
    ):  # fmt: skip
        assert wanted in text, wanted
    for hidden in ("Camille", "Estève", "camille.esteve", "Lyon", "01 99", "K-77"):
        assert hidden not in text, hidden


def test_without_the_libraries_of_pdf_the_web_page_is_there(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_html: str) -> bytes:
        raise PdfUnavailable

    monkeypatch.setattr("requests_app.services.documents.pdf_render", missing)
    assert [one.kind for one in services.certificate_prepare(case=person.case)] == ["receipt_html"]
    person.sign_in()
    assert "Certificate of receipt (web page)" in person.get(CASE).content.decode()


def test_a_corrected_day_or_another_right_makes_a_new_one(person: Person, clock: Any) -> None:
    case, acting = person.case, actor_for(member(person.case.organisation), person.case.organisation)
    first = services.certificate_prepare(case=case)
    clock.shift(timedelta(hours=1))
    services.case_right_add(case=case, right="erasure", detail="", received_at=case.received_at, actor=acting)
    assert services.certificate_valid(case) == []
    services.certificate_prepare(case=case)
    assert Deliverable.objects.get(pk=first[0].pk).state == "superseded"
    clock.shift(timedelta(hours=1))
    services.receipt_correct(
        case=case, rights=[right_of(case, "access")], received_at=case.received_at - timedelta(days=1),
        reason="The stamp.", actor=acting,
    )  # fmt: skip
    assert services.certificate_valid(case) == []
