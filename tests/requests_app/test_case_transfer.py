"""A request for another organisation of this desk: opened there with its day, its files and the person's own key."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from dsar.core.errors import DomainError
from dsar.core.files import file_read, file_store
from dsar.core.models import AuditEvent, Organisation
from requests_app.models import Case, CaseRight, Forwarding, Outgoing, PartyAddress
from requests_app.services import address_add, case_transfer, files_offered, message_receive, messages_offered
from requests_app.tracking import tracking_key_hash
from requests_app.vocabulary import Capacity, Direction, Outcome
from tests.factories import RECEIVED_AT, OrganisationFactory, a_case, actor_for, member, opened_case, right_of

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def transferred(case: Case, target: Organisation, *codes: str, **fields: Any) -> Case:
    rights = [right_of(case, code) for code in codes or ("access",)]
    given: dict[str, Any] = {
        "rights": rights, "text": case.text, "because": "agreed", "why": "The shop belongs to the sister company.",
    }  # fmt: skip
    return case_transfer(
        case=case,
        organisation=target,
        actor=actor_for(member(case.organisation), case.organisation),
        **{**given, **fields},
    )


def test_a_case_is_opened_there_with_the_day_of_arrival_here() -> None:
    opened, target = opened_case(), OrganisationFactory.create(name="Virelune Éditions")
    case = opened.case
    there = transferred(case, target)
    assert (there.organisation, there.received_at) == (target, RECEIVED_AT)
    assert [right.right for right in there.rights.all()] == ["access"]
    assert there.rights.get().due_on == right_of(case, "access").due_on
    assert there.tracking_key_hash == tracking_key_hash(opened.tracking_key), "the person's own key opens it"
    assert there.requester is not None and there.requester.name == "Camille Estève"
    right = right_of(case, "access")
    assert right.outcome == Outcome.FORWARDED
    assert right_of(case, "marketing_objection").outcome == ""
    forwarding = Forwarding.objects.get()
    assert (forwarding.reference_there, forwarding.because) == (there.reference, "agreed")
    assert there.reference in case.messages.get(author__isnull=False).body


def test_files_are_copied_and_open_with_the_other_key() -> None:
    case, target = a_case(), OrganisationFactory.create()
    stored = file_store(key=case.key, name="carte.txt", content_type="text/plain", content=b"numero 77")
    case.messages.get(direction=Direction.INBOUND).files.add(stored)
    with time_machine.travel(RECEIVED_AT + timedelta(days=1), tick=False):
        message_receive(case=case, body="Et mon adresse a change.")
    there = transferred(case, target, messages=messages_offered(case), attached=files_offered(case))
    request, later = there.messages.filter(direction=Direction.INBOUND)
    copied = request.files.get()
    assert (copied.key, file_read(copied), copied.pk == stored.pk) == (there.key, b"numero 77", False)
    assert (later.body, later.at) == ("Et mon adresse a change.", RECEIVED_AT + timedelta(days=1))
    stored.refresh_from_db()
    assert stored.key == case.key


def test_somebody_acting_for_another_is_so_there_too() -> None:
    case = a_case(
        capacity=Capacity.PARENT, subject_name="Élio Estève", subject_email="elio@example.org", identifier="K-77"
    )
    target = OrganisationFactory.create()
    there = transferred(case, target)
    assert there.requester is not None and there.data_subject is not None
    assert (there.requester.capacity, there.data_subject.name) == (Capacity.PARENT, "Élio Estève")
    assert {address.value for address in there.data_subject.addresses.all()} == {"elio@example.org", "K-77"}


def test_each_right_keeps_its_own_day() -> None:
    case, target = a_case(rights=("access", "erasure")), OrganisationFactory.create()
    later = RECEIVED_AT + timedelta(days=2)
    CaseRight.objects.filter(case=case, right="erasure").update(received_at=later)
    there = transferred(case, target, "access", "erasure")
    assert {right.right: right.received_at for right in there.rights.all()} == {
        "access": RECEIVED_AT, "erasure": later,
    }  # fmt: skip


def test_an_address_that_nobody_confirmed_goes_nowhere() -> None:
    case, target = a_case(email=""), OrganisationFactory.create()
    address_add(case=case, kind="email", value="typo@stranger.example", replace=False, second_channel=True)
    there = transferred(case, target)
    assert not PartyAddress.objects.filter(party__case=there).exists()
    assert not Outgoing.objects.filter(case=there).exists()


def test_what_was_reopened_is_told_with_the_day_from_which_it_counts() -> None:
    case, target = a_case(), OrganisationFactory.create()
    again = RECEIVED_AT + timedelta(days=1)
    CaseRight.objects.filter(case=case, right="access").update(reopened_at=again)
    there = transferred(case, target)
    taken = AuditEvent.objects.get(chain__key=there.chain, kind="case.taken_over")
    assert taken.facts["received_at"] == again.isoformat()
    assert "6\u00a0mars 2026" in case.messages.get(author__isnull=False).body


def test_both_journals_tell_it() -> None:
    case, target = a_case(), OrganisationFactory.create()
    there = transferred(case, target)
    given = AuditEvent.objects.get(chain__key=case.chain, kind="case.transferred")
    taken = AuditEvent.objects.get(chain__key=there.chain, kind="case.taken_over")
    assert given.facts["reference"] == there.reference
    assert (taken.facts["reference"], taken.facts["organisation"]) == (case.reference, case.organisation.slug)
    assert taken.facts["received_at"] == RECEIVED_AT.isoformat()
    assert given.values.get(field="why").value == "The shop belongs to the sister company."


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"because": ""}, "hand_over_missing"), ({"why": ""}, "why_missing"), ({"rights": []}, "rights_missing")],
)
def test_data_are_handed_on_only_with_a_reason_and_a_right_to_it(fields: dict[str, Any], code: str) -> None:
    case, target = a_case(), OrganisationFactory.create()
    with pytest.raises(DomainError) as refused:
        transferred(case, target, **fields)
    assert refused.value.code == code
    assert not Case.objects.filter(organisation=target).exists()


def test_nor_to_itself_nor_to_one_that_takes_nothing() -> None:
    case = a_case()
    with pytest.raises(DomainError) as refused:
        transferred(case, case.organisation)
    assert refused.value.code == "organisation_same"
    with pytest.raises(DomainError) as refused:
        transferred(case, OrganisationFactory.create(is_active=False))
    assert refused.value.code == "organisation_unknown"
    with pytest.raises(DomainError) as refused:
        transferred(a_case(rights=("directives",)), OrganisationFactory.create(country="DE"), "directives")
    assert refused.value.code == "right_not_here"


def test_the_page(client: Client) -> None:
    case, target = a_case(language="en"), OrganisationFactory.create(name="Virelune Éditions")
    client.force_login(member(case.organisation))
    page = reverse("case-transfer", args=[case.reference])
    assert "Virelune Éditions" in client.get(page).content.decode()
    typed = {"version": case.version, "rights": ["access"], "organisation": target.slug, "why": "Theirs.", "text": ""}
    assert client.post(page, typed).status_code == 422, "what allows it must be said"
    assert client.post(page, {**typed, "because": "joint"}).status_code == 302
    there = Case.objects.get(organisation=target)
    assert client.get(reverse("case-detail", args=[there.reference])).status_code == 404, "theirs alone from now on"
    shown = client.get(reverse("case-detail", args=[case.reference])).content.decode()
    assert there.reference in shown


def test_what_was_taken_up_again_is_given_again_with_its_own_day_and_all_that_was_written() -> None:
    case, target = a_case(), OrganisationFactory.create()
    first = transferred(case, target)
    message_receive(case=first, body="A second message there.")
    right = right_of(case, "access")
    right.stage, right.outcome, right.answered_at, right.reopened_at = "in_progress", "", None, NOW
    right.save()
    Case.objects.filter(pk=case.pk).update(closed_at=None)
    message_receive(case=case, body="Something is missing.")
    again = transferred(case, target, messages=messages_offered(case))
    assert again.pk != first.pk
    assert again.rights.get().received_at == NOW
    assert "Something is missing." in [message.body for message in again.messages.all()]


def a_case_written_to_later(**fields: Any) -> tuple[Case, Any]:
    """A request with a file, and a later message with another one."""
    case = a_case(text="Mes commandes, et plus de publicité.", **fields)
    first = file_store(key=case.key, name="commande.txt", content_type="text/plain", content=b"77")
    case.messages.get(direction=Direction.INBOUND).files.add(first)
    second = file_store(key=case.key, name="publicite.txt", content_type="text/plain", content=b"88")
    with time_machine.travel(RECEIVED_AT + timedelta(days=1), tick=False):
        message_receive(case=case, body="Encore de la publicité hier.", files=[second])
    return case, (first, second)


def test_no_more_leaves_than_was_chosen() -> None:
    case, (first, _second) = a_case_written_to_later()
    there = transferred(case, OrganisationFactory.create(), text="Mes commandes.", attached=[first])
    assert there.text == "Mes commandes."
    message = there.messages.get(direction=Direction.INBOUND)
    assert message.body == "Mes commandes."
    assert [stored.name for stored in message.files.all()] == ["commande.txt"]
    assert "publicité" not in there.search_text


def test_what_left_is_kept_and_journaled() -> None:
    case, (first, _second) = a_case_written_to_later()
    later = messages_offered(case)
    transferred(case, OrganisationFactory.create(), text="Mes commandes.", messages=later, attached=[first])
    forwarding = Forwarding.objects.get()
    assert (forwarding.text, list(forwarding.messages.all()), list(forwarding.files.all())) == (
        "Mes commandes.", later, [first],
    )  # fmt: skip
    given = AuditEvent.objects.get(chain__key=case.chain, kind="case.transferred")
    assert given.values.get(field="text").value == "Mes commandes."
    assert (given.facts["messages_handed"], given.facts["files"]) == ([later[0].pk], [first.sha256])


def test_a_file_whose_message_stays_goes_with_the_request() -> None:
    case, (_first, second) = a_case_written_to_later()
    there = transferred(case, OrganisationFactory.create(), attached=[second])
    assert [stored.name for stored in there.messages.get(direction=Direction.INBOUND).files.all()] == ["publicite.txt"]


def test_the_words_may_be_cut_and_not_away() -> None:
    case, _files = a_case_written_to_later()
    with pytest.raises(DomainError) as refused:
        transferred(case, OrganisationFactory.create(), text=" ")
    assert refused.value.code == "text_missing"


def test_nothing_of_another_case_leaves() -> None:
    case, other = a_case(), a_case()
    stored = file_store(key=other.key, name="autre.txt", content_type="text/plain", content=b"1")
    other.messages.get(direction=Direction.INBOUND).files.add(stored)
    message = other.messages.get(direction=Direction.INBOUND)
    there = transferred(case, OrganisationFactory.create(), messages=[message], attached=[stored])
    assert there.messages.filter(direction=Direction.INBOUND).count() == 1
    assert not there.messages.get(direction=Direction.INBOUND).files.exists()


@pytest.mark.parametrize(("rights", "is_ticked"), [(("access",), True), (("access", "marketing_objection"), False)])
def test_the_page_ticks_what_was_written_later_only_where_all_of_it_goes(
    client: Client, rights: tuple[str, ...], is_ticked: bool
) -> None:
    case, (first, second) = a_case_written_to_later(rights=rights)
    target = OrganisationFactory.create()
    client.force_login(member(case.organisation))
    page = reverse("case-transfer", args=[case.reference])
    answer = client.get(page)
    form, html = answer.context["form"], answer.content.decode()
    assert form["text"].value() == case.text
    later = messages_offered(case)[0]
    assert form["messages"].value() == ([str(later.pk)] if is_ticked else None)
    assert form["attached"].value() == ([str(first.pk), str(second.pk)] if is_ticked else None)
    assert "Encore de la publicité hier." in html
    assert ("cut what is about the others" in html) is not is_ticked
    typed = {
        "version": case.version, "rights": ["access"], "organisation": target.slug, "because": "joint",
        "why": "Theirs.", "text": "Mes commandes.\r\nMerci.", "attached": [first.pk],
    }  # fmt: skip
    assert client.post(page, {**typed, "text": ""}).status_code == 422
    assert client.post(page, typed).status_code == 302
    there = Case.objects.get(organisation=target)
    assert there.text == "Mes commandes.\nMerci."
    assert [stored.name for stored in there.messages.get(direction=Direction.INBOUND).files.all()] == ["commande.txt"]
