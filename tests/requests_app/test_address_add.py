"""How the person is reached, changed by them: never by somebody who holds one channel alone."""

import re
from datetime import timedelta
from typing import Any

import pytest

from dsar.core.errors import DomainError
from dsar.core.models import AuditEvent
from requests_app import services
from requests_app.models import Case, Outgoing, PartyAddress
from tests.factories import actor_for, member, opened_case
from tests.requests_app.tracking import CASE, CODE, EMAIL, NOW, TRACK, Person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock", "code_worker")]
ADDRESS, NEW = "/virelune/track/address/", "camille@new.example"


def first(person: Person) -> PartyAddress:
    found: PartyAddress = PartyAddress.objects.select_related("party__case__organisation").get(
        party__case=person.case, normalised=EMAIL
    )
    return found


def mailboxes(person: Person) -> list[str]:
    return list(PartyAddress.objects.mailboxes(person.case).values_list("value", flat=True))


def change(person: Person, **fields: str) -> Any:
    return person.post(ADDRESS, **{"kind": "email", "value": NEW, "replace": "on", "go": "add", **fields})


def both_channels(person: Person) -> None:
    services.address_confirm(address=first(person))
    person.sign_in()
    person.get(ADDRESS)
    person.post(CODE, go="send")
    assert person.post(CODE, code=person.mailed_code(), go="try").headers["Location"] == ADDRESS


def test_a_new_mailbox_counts_once_its_code_is_typed(person: Person) -> None:
    both_channels(person)
    assert change(person).headers["Location"] == ADDRESS
    assert mailboxes(person) == [EMAIL]
    page = person.get(ADDRESS).content.decode()
    assert "c•••••@new.example" in page
    assert NEW not in page
    assert "This is not the code" in person.post(ADDRESS, code="000000", go="code").content.decode()
    assert mailboxes(person) == [EMAIL]
    person.post(ADDRESS, code=person.mailed_code(), go="code")
    assert mailboxes(person) == [NEW]
    assert first(person).ended_at is not None
    assert [event.kind for event in AuditEvent.objects.filter(kind__startswith="address.").order_by("pk")] == [
        "address.confirmed", "address.added", "address.confirmed", "address.ended",
    ]  # fmt: skip
    warning = Outgoing.objects.get(key__startswith="address_changed:")
    assert warning.recipient == EMAIL
    assert "new.example" not in warning.body_text + warning.body_html + warning.subject
    assert Case.objects.search("new.example").filter(pk=person.case.pk).exists()


def test_the_link_of_the_mail_does_it_too(person: Person) -> None:
    both_channels(person)
    change(person)
    mail = Outgoing.objects.filter(recipient=NEW).latest("pk")
    link = re.findall(r"(/virelune/confirm/\S+/)", mail.body_text)[0]
    person.post(link, code=person.mailed_code(), go="try")
    assert mailboxes(person) == [NEW]


def test_it_may_be_added_beside_the_old_one(person: Person) -> None:
    both_channels(person)
    change(person, replace="")
    person.post(ADDRESS, code=person.mailed_code(), go="code")
    assert mailboxes(person) == [EMAIL, NEW]


def test_a_number_counts_at_once_and_the_mailbox_is_warned(person: Person) -> None:
    both_channels(person)
    change(person, kind="phone", value="01 99 00 12 34")
    assert PartyAddress.objects.get(kind="phone").normalised == "+33199001234"
    assert Outgoing.objects.get(key__startswith="address_changed:").recipient == EMAIL
    assert "••••••34" in person.get(ADDRESS).content.decode()
    change(person, kind="phone", value="01 99 00 99 99")
    assert PartyAddress.objects.in_use(person.case).get(kind="phone").value == "01 99 00 99 99"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"value": "nobody"}, "Write a complete e-mail address"),
        ({"value": EMAIL.upper()}, "We have this already."),
        ({"value": " "}, "Write the address or the number."),
        ({"kind": ""}, "Choose what you change."),
        ({"kind": "identifier"}, "Choose what you change."),
        ({"kind": "phone", "value": "none"}, "Write a phone number"),
    ],
)
def test_what_is_no_address_is_said_and_kept(person: Person, fields: dict[str, str], says: str) -> None:
    both_channels(person)
    page = change(person, **fields).content.decode()
    assert says in page
    assert 'role="alert"' in page
    assert fields.get("value", NEW).strip() in page
    assert mailboxes(person) == [EMAIL]


# One channel alone


def test_whoever_reads_the_mailbox_proves_the_key_first(person: Person) -> None:
    person.sign_in_by_mail()
    assert person.get(ADDRESS).headers["Location"] == CODE
    assert change(person).headers["Location"] == CODE
    assert mailboxes(person) == [EMAIL]
    assert "To change how we reach you" in person.get(CODE).content.decode()
    assert person.post(CODE, key=person.key).headers["Location"] == ADDRESS
    assert person.get(ADDRESS).status_code == 200


def test_whoever_has_the_receipt_proves_the_mailbox_first(person: Person) -> None:
    services.address_confirm(address=first(person))
    person.sign_in()
    assert change(person).headers["Location"] == CODE
    assert PartyAddress.objects.filter(party__case=person.case).count() == 1


def test_a_mistyped_mailbox_is_mended_with_the_key(person: Person) -> None:
    """Nobody has confirmed it, so there is no second channel to prove, and identity is still to be established."""
    person.sign_in()
    change(person)
    assert mailboxes(person) == [EMAIL]
    person.post(ADDRESS, code=person.mailed_code(), go="code")
    assert mailboxes(person) == [NEW]
    person.case.refresh_from_db()
    assert person.case.identity_established_at is None


def test_once_identity_is_established_one_channel_changes_nothing(person: Person) -> None:
    services.identity_establish(
        case=person.case,
        basis={"code": "call_back", "where": "file"},
        actor=actor_for(member(person.case.organisation), person.case.organisation),
    )
    person.sign_in()
    assert "We know only one way to reach you" in change(person).content.decode()
    with pytest.raises(DomainError, match="only one way"):
        services.address_add(case=person.case, kind="email", value=NEW, replace=True, second_channel=False)
    assert PartyAddress.objects.filter(party__case=person.case).count() == 1


def test_what_waits_when_identity_is_established_is_given_up(person: Person) -> None:
    """Who was called back on the number on file did not vouch for a mailbox that somebody else is adding meanwhile."""
    person.sign_in()
    change(person)
    code = person.mailed_code()
    services.identity_establish(
        case=person.case,
        basis={"code": "call_back", "where": "file"},
        actor=actor_for(member(person.case.organisation), person.case.organisation),
    )
    waiting = PartyAddress.objects.select_related("party__case__organisation").get(value=NEW)
    services.address_confirm(address=waiting)
    assert code
    assert mailboxes(person) == [EMAIL]
    assert services.channels(person.case) == ["key"]


def test_a_waiting_mailbox_opens_nothing(person: Person) -> None:
    person.sign_in()
    change(person)
    mails = Outgoing.objects.count()
    stranger = Person(person.case, "")
    stranger.post("/virelune/track/", reference=person.case.reference, email=NEW, go="code")
    assert Outgoing.objects.count() == mails


def test_few_addresses_can_be_tried(person: Person) -> None:
    for number in range(5):
        services.address_add(
            case=person.case, kind="email", value=f"a{number}@x.example", replace=True, second_channel=False
        )
    with pytest.raises(DomainError, match="Too many addresses"):
        services.address_add(case=person.case, kind="email", value=NEW, replace=True, second_channel=False)


def test_a_case_that_came_by_mail_knows_one_channel(person: Person) -> None:
    case = opened_case(person.case.organisation, submission="a" * 64, channel="email").case
    writer = Person(case, "")
    writer.sign_in_by_mail()
    assert writer.get(ADDRESS).status_code == 200
    writer.post(ADDRESS, kind="email", value=NEW, replace="on", go="add")
    assert list(PartyAddress.objects.mailboxes(case).values_list("value", flat=True)) == [EMAIL]


# The warnings


def add(person: Person, kind: str, value: str, *, replace: bool = False) -> PartyAddress:
    return services.address_add(
        case=person.case, kind=kind, value=value, replace=replace, second_channel=True
    )


def warnings() -> list[str]:
    return list(Outgoing.objects.filter(key__startswith="address_changed:").values_list("recipient", flat=True))


def test_the_mailbox_is_warned_of_each_change_and_few_are_made_a_day(person: Person, clock: Any) -> None:
    services.address_confirm(address=first(person))
    for number in range(5):
        add(person, "phone", f"01 99 00 00 0{number}")
    assert warnings() == [EMAIL] * 5
    with pytest.raises(DomainError, match="Too many addresses"):
        add(person, "phone", "01 99 00 12 34")
    with pytest.raises(DomainError, match="Too many addresses"):
        add(person, "email", NEW)
    assert PartyAddress.objects.filter(party__case=person.case, kind="phone").count() == 5
    assert len(warnings()) == 5
    clock.shift(timedelta(days=1, minutes=1))
    add(person, "phone", "01 99 00 12 34")
    assert len(warnings()) == 6


def test_a_mailbox_that_nobody_confirmed_is_warned_once_for_all(person: Person) -> None:
    """It may be a stranger's. Or its person never clicked, and lost their key."""
    for number in range(3):
        add(person, "phone", f"01 99 00 00 0{number}")
    assert warnings() == [EMAIL]


def test_one_that_joined_without_being_confirmed_is_not_warned(person: Person) -> None:
    services.address_confirm(address=first(person))
    PartyAddress.objects.create(
        party=first(person).party, kind="email", value="joined@x.example", normalised="joined@x.example"
    )
    add(person, "phone", "01 99 00 00 01")
    assert warnings() == [EMAIL]


# A session by a code to an address that is not used any more


def ended(person: Person) -> None:
    PartyAddress.objects.filter(pk=first(person).pk).update(ended_at=NOW)


@pytest.mark.parametrize("path", [CASE, ADDRESS, "/virelune/track/withdraw/"])
def test_what_a_code_opened_ends_with_its_address(person: Person, path: str) -> None:
    person.sign_in_by_mail()
    assert person.get(CASE).status_code == 200
    ended(person)
    assert person.get(path).headers["Location"] == TRACK
    assert "by an e-mail address that we do not use for it any more" in person.get(TRACK).content.decode()
    assert "we do not use for it any more" not in person.get(TRACK).content.decode()
    assert "Your message was not sent" in person.post(CASE, body="Hello", go="message").content.decode()
    assert not person.case.messages.filter(body="Hello").exists()


def test_a_code_sent_before_opens_nothing_after(person: Person) -> None:
    person.post(TRACK, reference=person.case.reference, email=EMAIL, go="code")
    code = person.mailed_code()
    ended(person)
    assert "This code is wrong or no longer valid" in person.post(CODE, code=code, go="try").content.decode()


def test_as_a_second_channel_it_lapses_and_the_key_stays(person: Person) -> None:
    both_channels(person)
    PartyAddress.objects.create(
        party=first(person).party, kind="email", value=NEW, normalised=NEW, confirmed_at=NOW
    )
    ended(person)
    assert person.get(CASE).status_code == 200
    assert person.get(ADDRESS).headers["Location"] == CODE


def test_whoever_proves_the_new_address_stays_in(person: Person) -> None:
    person.sign_in_by_mail()
    person.get(ADDRESS)
    person.post(CODE, key=person.key)
    change(person)
    person.post(ADDRESS, code=person.mailed_code(), go="code")
    assert mailboxes(person) == [NEW]
    assert person.get(ADDRESS).status_code == 200
