"""Data leave only to the person they are about: name of one, mailbox of another, and nothing leaves."""

import io
import json
import zipfile
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import pyzipper
import time_machine
from django.core.management import call_command
from django.urls import reverse

from exports.sample_company import sample_people
from requests_app.models import Case, Deliverable, Download
from requests_app.vocabulary import CERTIFICATE_KINDS, DeliverableState, Stage
from tests.journeys.site import ACCESS, DataSubject, Site, Staff, access_decided, release

VICTIM = sample_people()[8]
pytestmark = pytest.mark.usefixtures("clock")


def worked_on(site: Site, subject: DataSubject) -> Staff:
    """All the work is done on the request: it could leave, if identity were established. Returns the handler."""
    handler = Staff(site, "handler")
    access_decided(subject.case, handler, Staff(site, "dpo"), Staff(site, "contributor"))
    return handler


def test_the_name_of_one_and_the_mailbox_of_another_gets_nothing(site: Site) -> None:
    impostor = DataSubject(site, VICTIM.name, "quelqu.un@example.net")
    impostor.ask(ACCESS)
    impostor.confirm()
    handler = worked_on(site, impostor)
    case = impostor.case
    assert case.identity_established_at is None
    before = handler.open(case)
    assert "Identity is not established: somebody reads the address given" in before.text
    refused = release(case, handler, expect=422)
    assert "no data source holds it for this person" in refused.text
    assert case.rights.get().stage == Stage.DECIDED
    released = Deliverable.objects.filter(case=case, state=DeliverableState.RELEASED)
    assert not released.exclude(kind__in=CERTIFICATE_KINDS).exists()
    event = next(event for event in site.events(case) if event.kind == "release.refused")
    assert event.facts == {"rights": [ACCESS], "reasons": ["identity_not_established"]}
    single = release(
        case, handler, expect=422, delivery="single_channel", single_channel_reason="Pressé.",
        passphrase_by="phone",
    )  # fmt: skip
    assert "no data source holds it for this person" in single.text
    impostor.open_by_key()
    certificates = set(Deliverable.objects.filter(case=case, kind__in=CERTIFICATE_KINDS).values_list("pk", flat=True))
    assert {int(link.rstrip("/").rpartition("/")[2]) for link in impostor.files()} <= certificates
    assert VICTIM.number not in "".join(str(message.body) for message in site.mails(impostor.email))


def test_a_customer_number_that_somebody_else_types_opens_nothing(site: Site) -> None:
    """Found by the victim's number, under the victim's name: the records say another address, so they do not count."""
    impostor = DataSubject(site, VICTIM.name, "quelqu.un@example.net")
    impostor.ask(ACCESS, identifier=VICTIM.number)
    impostor.confirm()
    handler = worked_on(site, impostor)
    release(impostor.case, handler, expect=422)
    package = Deliverable.objects.get(case=impostor.case, kind="package", state="prepared")
    content = handler.browser.download(reverse("file-download", args=[package.stored_file_id]))[1]
    names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert not [name for name in names if name.startswith("data/")]


def test_their_own_address_on_file_opens_it(site: Site) -> None:
    subject = DataSubject(site, VICTIM.name, VICTIM.email)
    subject.ask(ACCESS)
    subject.confirm()
    handler = worked_on(site, subject)
    release(subject.case, handler)
    assert subject.case.rights.get().stage == Stage.ANSWERED
    assert subject.case.identity_basis["code"] == "address_on_file"
    subject.open_by_key()
    subject.unlock_by_code()
    files = subject.files()
    assert files and all(subject.browser.download(link)[1] for link in files)


def test_a_handler_who_saw_a_proof_opens_it(site: Site) -> None:
    subject = DataSubject(site, VICTIM.name, "nouvelle.adresse@example.net")
    subject.ask(ACCESS)
    subject.confirm()
    handler = worked_on(site, subject)
    release(subject.case, handler, expect=422)
    handler.browser.get(reverse("identity-check-add", args=[subject.reference]))
    handler.browser.submit(
        reverse("identity-check-add", args=[subject.reference]), method="call_back", where="CRM, C-10297",
        motive="L’adresse est nouvelle ; rappel au numéro du dossier.", result="established",
    )  # fmt: skip
    release(subject.case, handler)
    assert subject.case.rights.get().stage == Stage.ANSWERED


def mail_file(folder: Path, name: str, sender: str, recipient: str) -> Path:
    """A request by e-mail, as the mail server keeps it."""
    message = EmailMessage()
    message["From"], message["To"] = f"{name} <{sender}>", recipient
    message["Subject"] = "Mes données personnelles"
    message["Date"] = "Thu, 05 Mar 2026 18:40:00 +0100"
    message["Message-ID"] = "<demande-1@example.org>"
    message.set_content(
        "Bonjour,\n\nJe souhaite recevoir une copie de toutes les données que vous détenez sur moi.\n\n" + name
    )
    path = folder / "request.eml"
    path.write_bytes(message.as_bytes())
    return path


def test_by_mail_only_the_answer_leaves_locked_and_its_passphrase_by_another_way(
    site: Site, tmp_path: Path, clock: time_machine.Traveller
) -> None:
    subject = DataSubject(site, VICTIM.name, VICTIM.email)
    path = mail_file(tmp_path, subject.name, subject.email, site.organisation.privacy_email)
    call_command("mail_import", str(path), stdout=io.StringIO())
    subject.reference = Case.objects.get().reference
    subject.confirm()
    clock.move_to(datetime(2026, 3, 9, 9, 0, tzinfo=UTC))
    handler = worked_on(site, subject)
    page = release(subject.case, handler, expect=422)
    assert "one channel only" in page.text
    locked: dict[str, Any] = {"delivery": "single_channel", "passphrase_by": "phone"}
    assert "Write why one channel" in release(subject.case, handler, expect=422, **locked).text
    told = release(subject.case, handler, single_channel_reason="Seule adresse connue.", **locked)
    passphrase = told.html.partition('id="passphrase">')[2].partition("<")[0].strip()
    assert len(passphrase) == 24
    assert passphrase not in handler.open(subject.case).text
    mails = site.mails(subject.email)
    assert mails and all(passphrase not in str(message.body) for message in mails)
    subject.open_by_mail()
    (link,) = subject.files()
    sealed = subject.browser.download(link)[1]
    _opened(sealed, passphrase)
    download = Download.objects.get()
    assert (download.opened_by, download.second_channel) == ("code", "")
    released = next(event for event in site.events(subject.case) if event.kind == "right.answered")
    assert (released.facts["delivery"], released.facts["passphrase_by"]) == ("single_channel", "phone")


def _opened(sealed: bytes, passphrase: str) -> None:
    """The archive shows nothing but one name, opens with the passphrase alone, and holds letter and package."""
    outer = pyzipper.AESZipFile(io.BytesIO(sealed))
    assert outer.namelist() == ["answer.zip"]
    with pytest.raises(RuntimeError, match=r"[Pp]assword"):
        outer.read("answer.zip")
    outer.setpassword(passphrase.encode())
    inner = zipfile.ZipFile(io.BytesIO(outer.read("answer.zip")))
    assert inner.testzip() is None
    assert {"manifest.json", "SHA256SUMS", "data/crm/customers.json"} <= set(inner.namelist())
    assert any(name.endswith(".html") and name.startswith("DSR-") for name in inner.namelist())
    assert [row["number"] for row in json.loads(inner.read("data/crm/customers.json"))] == [VICTIM.number]
