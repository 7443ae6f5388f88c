"""What was understood wrongly at intake, corrected: people in their places, addresses that prove nothing yet."""

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from dsar.core.errors import Conflict, DomainError
from dsar.core.models import AuditEvent
from requests_app.models import AccessCode, Case, PartyAddress
from requests_app.services import (
    IntakeFacts,
    address_confirm,
    code_send,
    identity_establish,
    intake_correct,
)
from requests_app.services.parties import address_found_on_file
from requests_app.vocabulary import AddressKind, Capacity, Channel
from tests.factories import a_case, actor_for, member

pytestmark = pytest.mark.django_db


def facts_of(case: Case, **changes: Any) -> IntakeFacts:
    """What the case says now, with some changes."""
    requester, subject = case.requester, case.data_subject
    assert requester is not None
    return replace(
        IntakeFacts(
            name=requester.name,
            capacity=requester.capacity,
            language=case.language,
            channel=case.channel,
            country=case.country,
            subject_name=subject.name if subject and subject != requester else "",
        ),
        **changes,
    )


def corrected(case: Case, **changes: Any) -> Case:
    """The case after a handler's correction."""
    actor = actor_for(member(case.organisation), case.organisation)
    intake_correct(case=case, facts=facts_of(case, **changes), actor=actor)
    return Case.objects.get(pk=case.pk)


def email_of(case: Case) -> PartyAddress:
    return PartyAddress.objects.get(party__case=case, kind=AddressKind.EMAIL, ended_at=None)


def established(case: Case) -> PartyAddress:
    """Identity by the address: confirmed, and on file."""
    address = email_of(case)
    address_confirm(address=address)
    address_found_on_file(address=address, source_name="CRM")
    case.refresh_from_db()
    assert case.identity_basis["code"] == "address_on_file"
    return address


def test_old_and_new_stand_in_the_journal_and_the_new_words_are_found() -> None:
    case = corrected(a_case(), name="Camille Estève-Roux", country="BE", channel=Channel.POST, language="en")
    event = AuditEvent.objects.get(chain__key=case.chain, kind="intake.corrected")
    values = {value.field: value.value for value in event.values.all()}
    assert (values["name_before"], values["name_after"]) == ("Camille Estève", "Camille Estève-Roux")
    assert values["country_after"] == "BE"
    assert "Camille" not in str(event.facts), "personal values stay out of what can never be erased"
    assert (event.facts["channel_before"], event.facts["channel_after"]) == ("form", "post")
    assert (case.channel, case.language, case.country) == ("post", "en", "BE")
    assert Case.objects.search("esteve-roux").get() == case


def test_a_corrected_address_is_another_one_that_proves_nothing_yet() -> None:
    case = a_case()
    before = established(case)
    code = AccessCode.objects.create(address=before, purpose="portal", code_hash="x", expires_at=case.received_at)
    case = corrected(case, addresses={before.pk: "c.esteve@example.org"})
    before.refresh_from_db()
    after = email_of(case)
    assert before.ended_at is not None
    assert (after.value, after.confirmed_at, after.on_file_at) == ("c.esteve@example.org", None, None)
    code.refresh_from_db()
    assert code.used_at is not None, "a code that went to the old mailbox opens nothing"
    with pytest.raises(DomainError) as refused:
        code_send(address=before, purpose="portal")
    assert refused.value.code == "address_ended"
    assert case.identity_established_at is not None, "who asks is still the same person"
    assert Case.objects.search("c.esteve@example.org").exists()
    assert not Case.objects.search("camille.esteve@example.org").exists()


def test_the_requester_turns_out_to_act_for_somebody_else() -> None:
    case = a_case(identifier="K-77")
    address = established(case)
    case = corrected(
        case, capacity=Capacity.PARENT, subject_name="Élio Estève", subject_email="elio@example.org"
    )
    requester, subject = case.requester, case.data_subject
    assert requester is not None and subject is not None
    assert (requester.name, requester.capacity, subject.name) == ("Camille Estève", Capacity.PARENT, "Élio Estève")
    assert {found.value for found in subject.addresses.all()} == {"K-77", "elio@example.org"}
    assert case.identity_established_at is None, "the address of a parent establishes nobody's identity"
    assert AuditEvent.objects.filter(chain__key=case.chain, kind="identity.withdrawn").exists()
    address.refresh_from_db()
    assert address.on_file_at is None
    address_found_on_file(address=address, source_name="CRM")
    case.refresh_from_db()
    assert case.identity_established_at is None


def test_who_acts_turns_out_to_be_the_person() -> None:
    case = a_case(
        capacity=Capacity.REPRESENTATIVE, subject_name="Nobody", subject_email="nobody@example.org", identifier="K-77"
    )
    case = corrected(case, capacity=Capacity.DATA_SUBJECT, subject_name="")
    assert case.requester == case.data_subject
    assert case.parties.count() == 1
    in_use = PartyAddress.objects.in_use(case)
    assert {found.value for found in in_use} == {"camille.esteve@example.org", "K-77"}


def test_another_name_makes_identity_one_to_look_at_again() -> None:
    case = a_case()
    identity_establish(case=case, basis={"code": "viewed", "where": "desk"}, actor=actor_for(
        member(case.organisation), case.organisation))  # fmt: skip
    case = corrected(case, name="Camille Estève-Roux")
    assert case.identity_established_at is not None
    assert case.identity_basis["look_again"] is True
    handler = actor_for(member(case.organisation), case.organisation)
    identity_establish(case=case, basis={"code": "call_back", "where": "CRM"}, actor=handler)
    case.refresh_from_db()
    assert case.identity_basis == {"code": "call_back", "where": "CRM"}
    identity_establish(case=case, basis={"code": "viewed"}, actor=handler)
    case.refresh_from_db()
    assert case.identity_basis["code"] == "call_back", "the first basis stays once nothing is doubted"


def test_addresses_are_added_and_ended() -> None:
    case = a_case(phone="01 02 03 04 05")
    phone = PartyAddress.objects.get(party__case=case, kind=AddressKind.PHONE)
    case = corrected(case, addresses={phone.pk: ""}, added=[("postal", "1 rue des Quais\n00000 Exempleville")])
    kinds = set(PartyAddress.objects.in_use(case).values_list("kind", flat=True))
    assert kinds == {AddressKind.EMAIL, AddressKind.POSTAL}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "nothing_changed"),
        ({"added": [("email", "not an address")]}, "address_malformed"),
        ({"added": [("phone", "call me")]}, "address_malformed"),
        ({"addresses": {0: "somebody@example.org"}}, "address_unknown"),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(DomainError) as refused:
        corrected(a_case(), **changes)
    assert refused.value.code == code


def test_the_last_way_to_reach_somebody_stays() -> None:
    case = a_case(channel=Channel.EMAIL)
    with pytest.raises(DomainError) as refused:
        corrected(case, addresses={email_of(case).pk: ""})
    assert refused.value.code == "no_way_left"
    assert email_of(case).ended_at is None


def test_of_two_corrections_the_second_is_told() -> None:
    case = a_case()
    corrected(case, name="Camille Roux")
    with pytest.raises(Conflict):
        intake_correct(
            case=case,
            facts=facts_of(case, name="Camille Blanc"),
            actor=actor_for(member(case.organisation), case.organisation),
            version=1,
        )


def test_the_page_shows_every_address_and_saves_what_was_typed(client: Client) -> None:
    case = a_case()
    address = email_of(case)
    client.force_login(member(case.organisation))
    page = reverse("intake-correct", args=[case.reference])
    shown = client.get(page).content.decode()
    assert "camille.esteve@example.org" in shown
    assert "Belgium" in shown
    typed = {
        "version": case.version, "name": "Camille Roux", "capacity": "data_subject", "language": "fr",
        "channel": "form", "country": "BE", f"address_{address.pk}": "camille.esteve@example.org",
    }  # fmt: skip
    for field, value, told in (
        ("added_email", "x", "Write a complete e-mail address"),
        ("added_phone", "call me", "Write a phone number with its digits"),
        (f"address_{address.pk}", "x", "Write a complete e-mail address"),
    ):
        wrong = client.post(page, {**typed, field: value})
        assert wrong.status_code == 422
        assert told in wrong.content.decode()
        assert f'href="#id_{field}"' in wrong.content.decode()  # the error leads to its own field
    assert client.post(page, typed).status_code == 302
    case.refresh_from_db()
    assert (case.requester.name if case.requester else "", case.country) == ("Camille Roux", "BE")
    shown = client.get(reverse("case-detail", args=[case.reference])).content.decode()
    assert "Camille Estève → Camille Roux" in shown
