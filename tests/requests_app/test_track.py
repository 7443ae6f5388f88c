"""The tracking page: one channel to look, two for data, and nothing of anybody else's."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache

from dsar.core.actors import Actor
from dsar.core.cache import Outage
from dsar.core.files import key_destroy
from dsar.core.models import AuditEvent
from dsar.settings import CACHES
from requests_app import services
from requests_app.models import Download, Message, Outgoing, PartyAddress
from requests_app.vocabulary import Channel, DeliverableKind, DeliverableState, Delivery
from tests.factories import OrganisationFactory, actor_for, member, opened_case
from tests.requests_app.tracking import CASE, CODE, EMAIL, NOW, TRACK, Person, download, released

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock", "code_worker")]


def opened_events() -> list[str]:
    return [event.facts["opened_by"] for event in AuditEvent.objects.filter(kind="portal.opened")]


# Sign in with the key


def test_reference_and_key_open_the_page(person: Person) -> None:
    typed = person.case.reference.lower().replace("-", " ")
    assert person.sign_in(reference=typed, key=person.key.lower().replace("-", "")).headers["Location"] == CASE
    page = person.get(CASE).content.decode()
    assert person.case.reference in page
    assert "Tuesday 7 April 2026" in page
    assert "Our own target: Mon 9 March." in page
    assert opened_events() == ["key"]


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"reference": "DSR-2026-7K3F9-QX4TC-1"}, "This is not a reference."),
        ({"key": "R4QK"}, "A tracking key has sixteen letters and digits."),
        ({"key": "0000-0000-0000-0000"}, "do not belong together"),
    ],
)
def test_a_wrong_key_opens_nothing(person: Person, typed: dict[str, str], message: str) -> None:
    page = person.sign_in(**typed).content.decode()
    assert message in page
    assert 'role="alert"' in page
    assert person.get(CASE).headers["Location"] == TRACK
    assert opened_events() == []


def test_the_key_of_one_organisation_opens_nothing_at_another(person: Person) -> None:
    OrganisationFactory.create(slug="other")
    typed = {"reference": person.case.reference, "key": person.key, "go": "key"}
    assert "do not belong together" in person.post("/other/track/", **typed).content.decode()
    person.sign_in()
    assert person.get("/other/track/request/").headers["Location"] == "/other/track/"


def test_keys_cannot_be_tried_for_long(person: Person) -> None:
    for _ in range(10):
        person.sign_in(key="0000-0000-0000-0000")
    refused = person.sign_in()
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "180")
    assert "Too many wrong keys." in refused.content.decode()
    cache.clear()
    assert person.sign_in().status_code == 302


@pytest.mark.loopback
def test_without_the_cache_the_page_opens_all_the_same(
    person: Person, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dsar.core.cache.outage", Outage())
    settings.CACHES = {"default": {**CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    assert person.sign_in().status_code == 302


def test_opening_changes_the_session_and_closing_ends_it(person: Person) -> None:
    person.client.get(TRACK)
    person.client.session.save()
    before = person.client.session.session_key
    person.sign_in()
    opened = person.client.session.session_key
    assert opened != before
    person.post(CASE, go="close")
    assert person.client.session.session_key != opened
    assert person.get(CASE).headers["Location"] == TRACK


def test_a_page_left_alone_closes(person: Person, clock: Any) -> None:
    person.sign_in()
    clock.shift(timedelta(minutes=29))
    assert person.get(CASE).status_code == 200
    clock.shift(timedelta(minutes=29))
    assert person.get(CASE).status_code == 200
    clock.shift(timedelta(minutes=31))
    assert person.get(CASE).headers["Location"] == TRACK


# Sign in by mail


def test_a_code_opens_the_page_and_confirms_the_address(person: Person) -> None:
    before = person.is_confirmed
    assert person.sign_in_by_mail().headers["Location"] == CASE
    assert person.get(CASE).status_code == 200
    assert (before, person.is_confirmed) == (False, True)
    assert opened_events() == ["code"]


def test_a_stranger_sees_the_same_pages(person: Person) -> None:
    def seen(email: str) -> list[str]:
        browser = Person(person.case, "")
        asked = browser.post(TRACK, reference=person.case.reference, email=email, go="code")
        pages = [browser.get(CODE), browser.post(CODE, code="000000", go="try"), browser.post(CODE, go="again")]
        texts = [re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page.content.decode()) for page in pages]
        return [f"{asked.status_code} {asked.headers['Location']}", *texts]

    mails = Outgoing.objects.count()
    stranger = seen("stranger@example.org")
    assert Outgoing.objects.count() == mails
    assert stranger == seen(EMAIL.upper())
    assert Outgoing.objects.count() == mails + 2


def test_the_code_of_another_case_opens_nothing(person: Person) -> None:
    other = opened_case(person.case.organisation, submission="f" * 32).case
    person.post(TRACK, reference=other.reference, email=EMAIL, go="code")
    code = Person(other, "").mailed_code()
    stranger = Person(person.case, "")
    stranger.post(TRACK, reference=person.case.reference, email=EMAIL, go="code")
    assert code != person.mailed_code()
    assert stranger.post(CODE, code=code, go="try").status_code == 200
    assert opened_events() == []


def test_codes_cannot_be_tried_for_long(person: Person) -> None:
    person.post(TRACK, reference=person.case.reference, email=EMAIL, go="code")
    code = person.mailed_code()
    for _ in range(5):
        person.post(CODE, code=f"{(int(code) + 1) % 10**6:06}", go="try")
    assert "wrong or no longer valid" in person.post(CODE, code=code, go="try").content.decode()


# What one sees


def test_before_release_nothing_of_the_answer_is_seen(person: Person) -> None:
    deliverable = released(person.case, state=DeliverableState.PREPARED, expires_at=None)
    person.sign_in()
    assert "Download" not in person.get(CASE).content.decode()
    assert download(person, deliverable).status_code == 404


def test_notes_and_automatic_mails_are_not_seen(person: Person) -> None:
    handler = actor_for(member(person.case.organisation), person.case.organisation)
    services.note_add(case=person.case, body="Careful with this one", actor=handler)
    services.message_send(case=person.case, body="Which shop was it?", actor=handler)
    person.sign_in()
    page = person.get(CASE).content.decode()
    assert "Which shop was it?" in page
    assert "Careful" not in page
    assert "Confirm my address" not in page


def test_the_person_writes_to_us(person: Person) -> None:
    person.sign_in()
    assert person.post(CASE, body="The one <b>in</b> town.\r\n", go="message").headers["Location"] == f"{CASE}#messages"
    assert Message.objects.filter(case=person.case, direction="inbound").latest("pk").body == "The one <b>in</b> town."
    assert "The one &lt;b&gt;in&lt;/b&gt; town." in person.get(CASE).content.decode()
    page = person.post(CASE, body=" ", go="message").content.decode()
    assert "Write something first." in page
    assert "x" * 5001 in person.post(CASE, body="x" * 5001, go="message").content.decode()
    assert "half a thought" in person.post(CASE, body="half a thought", lang="fr").content.decode()


def test_the_page_asks_the_database_little(person: Person, django_assert_max_num_queries: Any) -> None:
    person.sign_in()
    for _ in range(3):
        released(person.case)
        services.message_receive(case=person.case, body="Hello")
    with django_assert_max_num_queries(14):
        person.get(CASE)


# Download


def test_data_leave_after_the_key_and_a_mailed_code(person: Person) -> None:
    services.address_confirm(address=person.address)
    deliverable = released(person.case)
    person.sign_in()
    assert download(person, deliverable).headers["Location"] == CODE
    assert "Send me the code" in person.get(CODE).content.decode()
    person.post(CODE, go="send")
    assert person.post(CODE, code="nonsense", go="try").status_code == 200
    assert download(person, deliverable).status_code == 302
    assert person.post(CODE, code=person.mailed_code(), go="try").headers["Location"] == f"{CASE}#ready"
    response = download(person, deliverable)
    assert response.read == b"PK secret"
    assert response.headers["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response.headers["Cache-Control"]
    seen = Download.objects.get()
    assert (seen.opened_by, seen.second_channel) == ("key", "code")
    assert AuditEvent.objects.filter(kind="deliverable.downloaded").count() == 1


def test_data_leave_after_a_mailed_code_and_the_key(person: Person) -> None:
    deliverable = released(person.case)
    person.sign_in_by_mail()
    assert "tracking key of your receipt" in person.get(CODE).content.decode()
    assert "This is not the key" in person.post(CODE, key="0000-0000-0000-0000").content.decode()
    assert download(person, deliverable).status_code == 302
    person.post(CODE, key=person.key.lower())
    assert download(person, deliverable).read == b"PK secret"
    assert Download.objects.get().second_channel == "key"


def test_one_channel_twice_is_not_two(person: Person) -> None:
    """Whoever reads the mailbox gets no further with codes, whoever has the receipt no further with the key."""
    deliverable = released(person.case)
    person.sign_in_by_mail()
    person.post(CODE, go="send")
    person.post(CODE, code="123456", go="try")
    assert download(person, deliverable).headers["Location"] == CODE
    assert Outgoing.objects.filter(key__startswith="access_code:").count() == 1
    finder = Person(person.case, person.key)
    finder.sign_in()
    finder.post(CODE, key=person.key, go="try")
    assert download(finder, deliverable).headers["Location"] == CODE


def test_no_download_code_goes_to_an_address_nobody_confirmed(person: Person) -> None:
    released(person.case)
    person.sign_in()
    assert "is not confirmed yet" in person.get(CODE).content.decode()
    person.post(CODE, go="send")
    mail = Outgoing.objects.filter(key__startswith="access_code:").get()
    assert "/confirm/" in mail.body_text
    person.post(CODE, code=person.mailed_code(), go="try")
    assert person.get(CODE).status_code == 200  # that code confirms the address, it unlocks nothing


def test_the_code_goes_to_the_address_that_is_on_file(person: Person) -> None:
    services.address_confirm(address=person.address)
    second = PartyAddress.objects.create(
        party=person.address.party,
        kind="email",
        value="known@x.example",
        normalised="known@x.example",
        confirmed_at=NOW,
        on_file_at=NOW,
    )
    person.sign_in()
    person.post(CODE, go="send")
    assert Outgoing.objects.latest("pk").recipient == second.value


def test_the_second_channel_lasts_half_an_hour(person: Person, clock: Any) -> None:
    deliverable = released(person.case)
    person.sign_in_by_mail()
    person.post(CODE, key=person.key)
    clock.shift(timedelta(minutes=20))
    assert download(person, deliverable).status_code == 200
    clock.shift(timedelta(minutes=20))
    assert download(person, deliverable).status_code == 302


def test_a_locked_archive_needs_the_page_alone(person: Person) -> None:
    deliverable = released(person.case, delivery=Delivery.SINGLE_CHANNEL)
    person.sign_in_by_mail()
    assert "by phone or by post, never by e-mail" in person.get(CASE).content.decode()
    assert download(person, deliverable).status_code == 200
    assert Download.objects.get().second_channel == ""


def test_a_letter_without_data_needs_the_page_alone(person: Person) -> None:
    deliverable = released(person.case, kind=DeliverableKind.LETTER, bears_data=False, delivery="")
    person.sign_in()
    assert download(person, deliverable).status_code == 200


@pytest.mark.parametrize("state", [DeliverableState.PREPARED, DeliverableState.SUPERSEDED, DeliverableState.REVOKED])
def test_only_what_is_released_leaves(person: Person, state: str) -> None:
    deliverable = released(person.case, delivery=Delivery.SINGLE_CHANNEL, state=state)
    person.sign_in()
    assert download(person, deliverable).status_code == 404


def test_after_its_time_a_file_is_gone(person: Person, clock: Any) -> None:
    deliverable = released(person.case, delivery=Delivery.SINGLE_CHANNEL)
    clock.shift(timedelta(days=30))
    person.sign_in()
    assert download(person, deliverable).headers["Location"] == CASE
    page = person.get(CASE).content.decode()
    assert "no longer available here" in page
    assert "/download/" not in page


def test_a_file_that_cannot_be_read_is_said_and_not_counted(person: Person) -> None:
    deliverable = released(person.case, delivery=Delivery.SINGLE_CHANNEL)
    key_destroy(person.case.key)
    person.sign_in()
    response = download(person, deliverable)
    assert response.status_code == 410
    assert 'role="alert"' in response.content.decode()
    assert Download.objects.count() == 0


def test_the_files_of_others_do_not_exist(person: Person) -> None:
    other = opened_case(person.case.organisation, submission="f" * 32).case
    deliverable = released(other, delivery=Delivery.SINGLE_CHANNEL)
    person.sign_in()
    assert download(person, deliverable).status_code == 404
    assert Person(person.case, "").get(f"/virelune/track/download/{deliverable.pk}/").headers["Location"] == TRACK


def test_a_case_without_a_key_opens_by_code_only(person: Person) -> None:
    case = opened_case(person.case.organisation, submission="a" * 64, channel=Channel.EMAIL).case
    writer = Person(case, "")
    assert "do not belong together" in writer.sign_in(key=person.key).content.decode()
    assert writer.sign_in_by_mail().headers["Location"] == CASE
    assert Actor.DATA_SUBJECT.role == AuditEvent.objects.filter(kind="portal.opened").get().actor_role


def test_a_message_that_comes_after_the_half_hour_is_given_back(person: Person, clock: Any) -> None:
    person.sign_in()
    clock.shift(timedelta(minutes=31))
    page = person.post(CASE, body="A long <story>.").content.decode()
    assert "Your message was not sent" in page
    assert "A long &lt;story&gt;." in page
    assert 'name="reference"' in page
    assert person.case.messages.filter(body__contains="story").count() == 0
