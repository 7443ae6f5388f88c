"""A copy of the safeguards of transfers, because the person asked (arts. 13(1)(f) and 46)."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from dsar.core.errors import DomainError
from dsar.core.files import file_read, file_store
from dsar.core.models import AuditEvent, Organisation, ProcessingActivity, User
from requests_app.models import Case, Message
from requests_app.services import safeguards_send
from tests.factories import a_case, actor_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(organisation: Organisation) -> Case:
    case = a_case(organisation, language="en")
    transfers = [{"country": "US", "safeguard": {"en": "Standard contractual clauses", "fr": "Clauses types"}}]
    made = [("controller", transfers), ("controller", None), ("processor", transfers)]
    for number, (capacity, stated) in enumerate(made):
        ProcessingActivity.objects.create(
            organisation=case.organisation, code=f"a{number}", name={"en": f"Activity {number}"}, capacity=capacity,
            transfers=stated,
        )  # fmt: skip
    return case


def test_the_message_names_the_safeguard_of_each_transfer_and_carries_the_documents(case: Case, handler: User) -> None:
    clauses = file_store(key=case.key, name="clauses.pdf", content_type="application/pdf", content=b"%PDF-1.7")
    message = safeguards_send(
        case=case, text="Prices are masked.", files=[clauses], actor=actor_for(handler, case.organisation)
    )
    assert "Activity 0, United States: Standard contractual clauses" in message.body
    assert "Activity 1" not in message.body
    assert "Activity 2" not in message.body, "as a processor we decide on no transfer"
    assert message.body.endswith("Prices are masked.")
    assert list(message.files.all()) == [clauses]
    event = AuditEvent.objects.get(chain__key=case.chain, kind="safeguards.sent")
    assert event.facts == {"files": [clauses.sha256], "stated": 1}


def test_nothing_is_sent_where_there_is_nothing_to_say(case: Case, handler: User) -> None:
    ProcessingActivity.objects.update(transfers=[])
    with pytest.raises(DomainError) as refused:
        safeguards_send(case=case, text=" ", actor=actor_for(handler, case.organisation))
    assert refused.value.code == "safeguards_missing"
    assert not Message.objects.filter(direction="outbound", channel="form").exists()


def test_the_page_shows_what_is_stated_and_sends_files(case: Case, handler: User, client: Client) -> None:
    client.force_login(handler)
    page = reverse("safeguards-send", args=[case.reference])
    assert "Standard contractual clauses" in client.get(page).content.decode()
    file = SimpleUploadedFile("../clauses.pdf", b"%PDF-1.7 clauses", content_type="text/html")
    sent = client.post(page, {"version": case.version, "text": "", "documents": [file]})
    assert sent.status_code == 302
    stored = Message.objects.get(direction="outbound", channel="form").files.get()
    assert (stored.name, stored.content_type, stored.key) == ("clauses.pdf", "application/pdf", case.key)
    assert file_read(stored) == b"%PDF-1.7 clauses"


def test_bad_files_and_an_old_version_lose_no_words(case: Case, handler: User, client: Client) -> None:
    client.force_login(handler)
    page = reverse("safeguards-send", args=[case.reference])
    empty = SimpleUploadedFile("empty.pdf", b"")
    refused = client.post(page, {"version": case.version, "text": "My words", "documents": [empty]})
    assert refused.status_code == 422
    assert "One of the files is empty." in refused.content.decode()
    assert "My words" in refused.content.decode()
    many = [SimpleUploadedFile(f"{number}.pdf", b"%PDF-") for number in range(21)]
    assert client.post(page, {"version": case.version, "text": "", "documents": many}).status_code == 422
    old = client.post(page, {"version": 99, "text": "My words", "documents": [SimpleUploadedFile("a.pdf", b"%PDF-")]})
    assert old.status_code == 409
    assert not Message.objects.filter(direction="outbound", channel="form").exists()
