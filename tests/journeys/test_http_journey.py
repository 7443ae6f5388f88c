"""One request the whole way over HTTP: asked, confirmed, worked on, reviewed, answered, downloaded, closed, proved."""

import hashlib
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from django.urls import reverse

from exports.sample_company import Person, sample_people
from requests_app.models import Case, Deliverable, PartyAddress
from requests_app.vocabulary import Stage
from tests.journeys.site import ACCESS, OBJECTION, TRACKING_KEY, DataSubject, Site, Staff, release

CAMILLE, HARRIET = sample_people()[0], sample_people()[26]


@pytest.mark.parametrize(("language", "person"), [("fr", CAMILLE), ("en", HARRIET)])
def test_a_request_goes_all_the_way(
    site: Site, clock: time_machine.Traveller, language: str, person: Person
) -> None:
    subject = DataSubject(site, person.name, person.email, language)
    _asked(subject)
    _confirmed(subject)
    clock.move_to(datetime(2026, 3, 6, 8, 0, tzinfo=UTC))
    handler, contributor = Staff(site, "handler", language), Staff(site, "contributor", language)
    case = subject.case
    _begun(site, case, handler)
    _objection_on_day_one(site, case, handler)
    _collected(site, case, handler, contributor)
    clock.move_to(datetime(2026, 3, 9, 8, 0, tzinfo=UTC))
    handler.sign_in()
    _decided_and_reviewed(site, case, handler, Staff(site, "dpo", language))
    release(case, handler)
    _answer_fetched(site, subject, person)
    handler.act("case-close", case)
    assert subject.case.closed_at is not None
    _proved(site, case)


def _asked(subject: DataSubject) -> None:
    receipt = subject.ask(ACCESS, OBJECTION, text="Tout ce que vous avez.", clicks=2)
    assert receipt.language == subject.language
    assert Case.objects.count() == 1
    assert subject.reference == Case.objects.get().reference
    assert "2026-04-07" in receipt.times  # the month's day is on Easter Monday's eve
    assert "2026-03-09" in receipt.times  # two working days for the objection
    assert "1182/71" in receipt.text  # the why of the date, with its source
    again = subject.browser.get(receipt.address)
    assert TRACKING_KEY.findall(again.text) == TRACKING_KEY.findall(receipt.text)


def _confirmed(subject: DataSubject) -> None:
    confirmed = PartyAddress.objects.filter(party__case=subject.case).exclude(confirmed_at=None)
    acknowledgement = subject.site.mails(subject.email)[0]
    assert subject.reference in str(acknowledgement.body)
    assert subject.key not in str(acknowledgement.body)
    for _scanner in range(3):
        subject.browser.get(subject.link_mailed())
        subject.browser.client.head(subject.link_mailed())
    assert not confirmed.exists()
    subject.confirm()
    assert confirmed.exists()
    assert subject.case.identity_established_at is None


def _begun(site: Site, case: Case, handler: Staff) -> None:
    queue = handler.browser.get(reverse("desk-queue"))
    assert case.reference in queue.text
    handler.browser.submit(reverse("case-take", args=[case.reference]))
    for right in (ACCESS, OBJECTION):
        handler.act("case-right-start", case, right)
    assert {task.kind for task in case.tasks.all()} == {"plan_collection", "stop_marketing"}
    site.worker.run()
    assert sorted(case.tasks.values_list("kind", "state")) == [
        ("build_package", "open"), ("collect", "done"), ("collect_by_hand", "open"), ("plan_collection", "done"),
        ("stop_marketing", "open"),
    ]  # fmt: skip
    page = handler.open(case)
    assert not page.has_form(reverse("case-close", args=[case.reference]))
    case.refresh_from_db()
    assert case.identity_established_at is not None  # the confirmed address stands in the customer file


def _objection_on_day_one(site: Site, case: Case, handler: Staff) -> None:
    handler.objection_answered(case)
    rights = {right.right: right for right in case.rights.all()}
    assert rights[OBJECTION].answered_at == datetime(2026, 3, 6, 8, 0, tzinfo=UTC)
    assert rights[ACCESS].stage == Stage.IN_PROGRESS
    assert not Deliverable.objects.filter(case=case, bears_data=True).exists()


def _collected(site: Site, case: Case, handler: Staff, contributor: Staff) -> None:
    task = case.tasks.get(kind="collect_by_hand")
    refused = contributor.browser.get(reverse("case-detail", args=[case.reference]))
    assert refused.status in (403, 404)
    contributor.nothing_found_by_hand(case)
    task.refresh_from_db()
    assert (task.state, task.result) == ("done", {"nothing_found": True})
    preview = handler.browser.get(reverse("package-preview", args=[case.reference, ACCESS]))
    assert preview.status == 200
    assert Deliverable.objects.get(case=case, kind="package").state == "prepared"


def _decided_and_reviewed(site: Site, case: Case, handler: Staff, reviewer: Staff) -> None:
    early = handler.act("decision-submit", case, ACCESS, expect=422, outcome="granted")
    assert "A3" in early.text  # recipients without a name stay open until somebody justifies it
    handler.items_set(case, ACCESS, "justified", note="Les noms manquent au registre ; la lettre le dit.")
    handler.act("decision-submit", case, ACCESS, outcome="granted")
    approve = reverse("decision-approve", args=[case.reference, ACCESS])
    assert not handler.open(case).has_form(approve)
    letter = reviewer.browser.get(reverse("letter-preview", args=[case.reference]) + f"?rights={ACCESS}")
    assert case.reference in letter.text
    reviewer.act("decision-approve", case, ACCESS)
    site.worker.run()
    kinds = Deliverable.objects.filter(case=case, state="prepared").values_list("kind", flat=True)
    assert "letter_html" in kinds and "package" in kinds


def _answer_fetched(site: Site, subject: DataSubject, person: Person) -> None:
    announcement = str(site.mails(subject.email)[-1].body)
    assert person.number not in announcement
    subject.open_by_key()
    package = _package_link(subject)
    before, _nothing = subject.browser.download(package)
    assert before.headers["Location"] == site.url("track-code")
    subject.unlock_by_code()
    files = {link: subject.browser.download(link)[1] for link in subject.files()}
    assert all(files.values())
    _package_proved(files[package], person)
    letters = [content for link, content in files.items() if link != package]
    assert any(subject.reference in content.decode(errors="ignore") for content in letters)


def _package_link(subject: DataSubject) -> str:
    deliverable = Deliverable.objects.get(case=subject.case, kind="package", state="released")
    link = subject.site.url("public-track") + f"download/{deliverable.pk}/"
    assert link in subject.files()
    return link


def _package_proved(content: bytes, person: Person) -> None:
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert archive.testzip() is None
    lines = archive.read("SHA256SUMS").decode().splitlines()
    sums = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    assert set(sums) == set(archive.namelist()) - {"SHA256SUMS"}
    assert all(hashlib.sha256(archive.read(name)).hexdigest() == digest for name, digest in sums.items())
    assert json.loads(archive.read("manifest.json"))["reference"]
    customers = json.loads(archive.read("data/crm/customers.json"))
    assert [row["number"] for row in customers] == [person.number]
    everything = b"".join(archive.read(name) for name in archive.namelist() if not name.endswith(".pdf")).decode()
    assert "montant et délai" not in everything  # the withheld rule of the fraud score
    strangers = [other for other in sample_people() if other.number != person.number]
    assert not [other.email for other in strangers if other.email in everything]


def _proved(site: Site, case: Case) -> None:
    out = StringIO()
    call_command("journal_verify", stdout=out)
    assert out.getvalue().startswith("0 problems")
    kinds = [event.kind for event in site.events(case)]
    assert kinds[0] == "case.opened"
    assert kinds[-1] == "case.closed"
    expected = (
        "address.confirmed case.assigned case_right.moved task.added task.taken task.finished "
        "collection.finished address.found_on_file identity.established checklist.set decision.submitted "
        "decision.approved deliverable.registered right.answered portal.opened deliverable.downloaded message.sent"
    )
    assert set(expected.split()) <= set(kinds)
    assert kinds.count("right.answered") == 2
    moves = [event.facts["target"] for event in site.events(case) if event.kind == "case_right.moved"]
    assert moves == ["in_progress", "in_progress", "decided", "answered", "in_review", "decided", "answered"]


def test_what_was_typed_survives_an_error_and_a_change_of_language(site: Site) -> None:
    subject = DataSubject(site, "Camille Estève", "camille.esteve@example.org", "fr")
    address = site.url("public-request")
    subject.browser.get(address)
    empty = subject.browser.submit(address, go="next")
    assert 'role="alert"' in empty.html
    subject.browser.submit(address, right=["access"], detail_access="Mes commandes", go="next")
    subject.browser.submit(address, name=subject.name, go="next")
    wrong = subject.browser.submit(address, email="camille.esteve", go="next")
    assert 'role="alert"' in wrong.html
    assert wrong.form(address, "email").values["email"] == ["camille.esteve"]
    check = subject.browser.submit(address, email=subject.email, go="next")
    assert "Mes commandes" in check.text and subject.name in check.text
    assert Case.objects.count() == 0


def test_a_session_that_ended_asks_to_sign_in_again(site: Site, clock: time_machine.Traveller) -> None:
    handler = Staff(site, "handler")
    clock.shift(timedelta(hours=13))
    assert handler.browser.get(reverse("desk-queue")).has_form(reverse("account_login"))
