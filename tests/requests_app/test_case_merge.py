"""Two requests of one person become one: the earlier clock stays, nothing is lost, and strangers stay strangers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.files import file_read, file_store
from dsar.core.models import AuditEvent, Organisation
from requests_app.models import Case, Outgoing, PartyAddress
from requests_app.services import (
    address_add,
    address_confirm,
    case_merge,
    case_right_start,
    hold_begin,
    identity_establish,
    mail,
    merge_candidates,
    message_receive,
    note_add,
    restriction_begin,
)
from requests_app.vocabulary import Capacity, Direction, MailOutcome, Outcome, Stage, TaskState
from tests.factories import RECEIVED_AT, OrganisationFactory, a_case, actor_for, member, right_of

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
LATER = RECEIVED_AT + timedelta(days=3)


@pytest.fixture(autouse=True)
def _now() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def twins(organisation: Organisation | None = None, **second: Any) -> tuple[Case, Case]:
    """An earlier request, and a later one of the same person."""
    first = a_case(organisation or OrganisationFactory.create(), rights=("access",), submission="a" * 32)
    given: dict[str, Any] = {"rights": ("access", "erasure"), "received_at": LATER, "submission": "b" * 32}
    return first, a_case(first.organisation, **{**given, **second})


def merged(case: Case, into: Case, **fields: Any) -> None:
    case_merge(case=case, into=into, actor=actor_for(member(case.organisation), case.organisation), **fields)
    case.refresh_from_db()
    into.refresh_from_db()


def test_the_earlier_clock_stays_and_what_is_new_joins_with_its_own() -> None:
    first, second = twins()
    merged(second, first)
    assert right_of(first, "access").received_at == RECEIVED_AT
    assert right_of(first, "erasure").received_at == LATER
    assert (second.merged_into, second.closed_at) == (first, NOW)
    assert {right.outcome for right in second.rights.all()} == {Outcome.MERGED}
    assert Case.objects.search(second.reference).filter(pk=first.pk).exists()
    assert not first.closed_at


def test_an_earlier_right_of_the_later_case_moves_the_clock_back() -> None:
    first, second = twins()
    right = right_of(first, "access")
    right.received_at = LATER + timedelta(days=1)  # asked for later, on the older case
    right.save()
    merged(second, first)
    assert right_of(first, "access").received_at == LATER


def test_the_older_request_is_never_the_one_that_ends() -> None:
    first, second = twins()
    with pytest.raises(DomainError) as refused:
        merged(first, second)
    assert refused.value.code == "merge_other_way"


def test_messages_notes_and_files_go_with_it_and_open_with_the_other_key() -> None:
    first, second = twins()
    stored = file_store(key=second.key, name="a.txt", content_type="text/plain", content=b"seventy-seven")
    second.messages.get(direction=Direction.INBOUND).files.add(stored)
    note_add(case=second, body="Called back.", actor=actor_for(member(second.organisation), second.organisation))
    merged(second, first)
    stored.refresh_from_db()
    assert (stored.key, file_read(stored)) == (first.key, b"seventy-seven")
    assert {message.direction for message in second.messages.all()} == {Direction.OUTBOUND}  # it tells of the merging
    assert first.messages.filter(body="Called back.", direction=Direction.NOTE).exists()


def test_work_under_way_on_the_later_one_ends() -> None:
    first, second = twins()
    handler = actor_for(member(second.organisation), second.organisation)
    case_right_start(case_right=right_of(second, "access"), actor=handler)
    merged(second, first)
    assert second.tasks.get().state == TaskState.CANCELLED
    assert right_of(second, "access").stage == Stage.ANSWERED


def test_another_mailbox_joins_only_with_a_tick_and_unconfirmed() -> None:
    first, second = twins(email="camille@other.example")
    address_confirm(address=PartyAddress.objects.get(value="camille@other.example"))
    identity_establish(case=first, basis={"code": "viewed", "where": "desk"}, actor=Actor.SYSTEM)
    with pytest.raises(DomainError) as refused:
        merged(second, first)
    assert refused.value.code == "persons_differ"
    merged(second, first, is_same_person=True)
    joined = PartyAddress.objects.get(value="camille@other.example")
    assert (joined.party.case, joined.confirmed_at) == (first, None)
    assert first.identity_basis["look_again"] is True


def test_two_persons_behind_one_mailbox_are_seen() -> None:
    first, second = twins(name="Noé Lacaze")
    with pytest.raises(DomainError) as refused:
        merged(second, first)
    assert refused.value.code == "persons_differ"
    with pytest.raises(DomainError) as refused:
        merged(twins(first.organisation, capacity=Capacity.PARENT, subject_name="Élio", submission="c" * 32)[1], first)
    assert refused.value.code == "persons_differ"


def test_what_was_answered_or_is_kept_or_elsewhere_is_refused() -> None:
    first, second = twins()
    first.rights.update(stage=Stage.ANSWERED, answered_at=NOW)
    with pytest.raises(DomainError) as refused:
        merged(second, first)
    assert refused.value.code == "answered_there"
    elsewhere = a_case(OrganisationFactory.create())
    with pytest.raises(DomainError) as refused:
        merged(second, elsewhere)
    assert refused.value.code == "merge_elsewhere"
    with pytest.raises(DomainError) as refused:
        merged(second, second)
    assert refused.value.code == "merge_same"
    first, second = twins()
    handler = actor_for(member(second.organisation), second.organisation)
    hold_begin(case=second, reason="A claim.", actor=handler)
    with pytest.raises(DomainError) as refused:
        merged(second, first)
    assert refused.value.code == "case_frozen"


def test_what_the_person_writes_to_the_old_reference_is_filed_where_the_work_goes_on() -> None:
    first, second = twins()
    merged(second, first)
    raw = (
        "From: camille.esteve@example.org\r\nTo: mes-donnees@x.example\r\nMessage-ID: <1@example.org>\r\n"
        f"Subject: Re: {second.reference}\r\n\r\nEt mes factures ?\r\n"
    ).encode()
    filed = mail.mail_file(organisation=first.organisation, raw=raw, received_at=NOW)
    assert (filed.outcome, filed.reference) == (MailOutcome.FILED, first.reference)
    message_receive(case=second, body="Par la page de suivi.")
    assert list(first.messages.filter(direction=Direction.INBOUND).values_list("body", flat=True)[2:]) == [
        "Et mes factures ?", "Par la page de suivi.",
    ]  # fmt: skip


def test_both_journals_tell_it() -> None:
    first, second = twins()
    merged(second, first)
    assert AuditEvent.objects.get(chain__key=second.chain, kind="case.merged").facts["reference"] == first.reference
    joined = AuditEvent.objects.get(chain__key=first.chain, kind="case.joined")
    assert joined.facts["reference"] == second.reference


def test_candidates_have_the_same_mailbox_number_or_name_and_cost_the_same(django_assert_num_queries: Any) -> None:
    first, second = twins(name="Autre Personne")
    same_name = a_case(first.organisation, email="c@other.example", name="ESTEVE Camille", submission="d" * 32)
    a_case(first.organisation, email="d@other.example", name="Noé Lacaze", submission="e" * 32)
    a_case(OrganisationFactory.create())
    loaded = Case.objects.prefetch_related("parties__addresses").get(pk=first.pk)
    with django_assert_num_queries(3):
        found = merge_candidates(loaded)
    assert {(one.case, tuple(one.because)) for one in found} == {(second, ("email",)), (same_name, ("name",))}
    for number in range(3):
        a_case(first.organisation, submission=f"{number}" * 32)
    with django_assert_num_queries(3):
        assert len(merge_candidates(loaded)) == 5


def test_a_person_who_gave_nothing_has_no_twin() -> None:
    first = a_case(name="", email="", submission="a" * 32)
    a_case(first.organisation, name="", email="", submission="b" * 32)
    assert merge_candidates(Case.objects.get(pk=first.pk)) == []


def test_the_page_compares_before_it_merges(client: Client) -> None:
    first, second = twins(name="Noé Lacaze")
    client.force_login(member(first.organisation))
    shown = client.get(reverse("case-detail", args=[first.reference])).content.decode()
    page = reverse("case-merge", args=[second.reference])
    assert f"{page}?into={first.reference}" in shown, "the later one joins the earlier one, from wherever one looks"
    compared = client.get(page, {"into": first.reference}).content.decode()
    assert "Noé Lacaze" in compared
    assert "Camille Estève" in compared
    typed = {"version": second.version, "into": first.reference}
    assert client.post(page, typed).status_code == 422
    elsewhere = a_case(OrganisationFactory.create())
    assert client.post(page, {**typed, "into": elsewhere.reference}).status_code == 422
    assert client.post(page, {**typed, "is_same_person": "on"}).status_code == 302
    assert first.reference in client.get(reverse("case-detail", args=[second.reference])).content.decode()
    assert second.reference in client.get(reverse("case-detail", args=[first.reference])).content.decode()


def test_nobody_is_asked_whether_it_is_one_person_before_both_cases_stand_side_by_side(client: Client) -> None:
    first, second = twins(name="Noé Lacaze")
    client.force_login(member(first.organisation))
    page = reverse("case-merge", args=[second.reference])
    asked = client.get(page).content.decode()
    assert 'method="get"' in asked
    assert "is_same_person" not in asked
    unknown = client.get(page, {"into": "DSR-2026-00000-00000-0"})
    assert unknown.status_code == 422
    assert "No case has this reference." in unknown.content.decode()
    compared = client.get(page, {"into": first.reference}).content.decode()
    assert f'<input type="hidden" name="into" value="{first.reference}"' in compared, "what is merged was compared"
    assert "is_same_person" in compared


def test_a_mailbox_that_only_the_later_request_gives_is_a_difference_and_identity_is_looked_at_again() -> None:
    organisation = OrganisationFactory.create()
    first, second = twins(organisation, email="somebody@example.net")
    PartyAddress.objects.filter(party__case=first, kind="email").update(ended_at=NOW)
    identity_establish(case=first, basis={"code": "on_file", "where": "CRM 4471"}, actor=Actor.SYSTEM)
    with pytest.raises(DomainError) as refused:
        merged(second, first)
    assert refused.value.code == "persons_differ"
    merged(second, first, is_same_person=True)
    assert first.identity_basis["look_again"]


def test_an_address_that_waited_for_its_code_settles_nothing_on_the_older_case() -> None:
    first, second = twins()
    waiting = address_add(case=second, kind="email", value="evil@example.net", replace=True, second_channel=True)
    assert waiting.pending_since is not None
    merged(second, first, is_same_person=True)
    waiting.refresh_from_db()
    assert waiting.ended_at is not None
    assert waiting.party.case == second
    assert [address.value for address in PartyAddress.objects.mailboxes(first)] == ["camille.esteve@example.org"]


def test_a_restriction_in_force_is_lifted_before_its_case_is_merged_away() -> None:
    first, second = twins(rights=("access", "rectification"))
    user = member(second.organisation)
    restriction_begin(
        case_right=right_of(second, "rectification"), ground="a", scope="Orders",
        review_on=NOW.date() + timedelta(days=30),
        actor=actor_for(user, second.organisation),
    )  # fmt: skip
    with pytest.raises(DomainError) as refused:
        merged(second, first)
    assert refused.value.code == "restriction_in_force"


def test_the_person_is_told_on_the_page_they_can_open_and_by_mail() -> None:
    first, second = twins(email="alix.morvan@example.org")
    merged(second, first, is_same_person=True)
    told = second.messages.get()
    assert (told.direction, first.reference in told.body) == (Direction.OUTBOUND, True)
    assert second.organisation.privacy_email in told.body
    assert Outgoing.objects.filter(case=second, key=f"message_posted:{second.reference}:{told.pk}").exists()


def test_on_a_merged_request_no_address_is_changed_where_nobody_would_read_it() -> None:
    first, second = twins()
    merged(second, first)
    with pytest.raises(DomainError) as refused:
        address_add(case=second, kind="postal", value="1 rue Neuve", replace=False, second_channel=True)
    assert refused.value.code == "case_joined"
    assert first.reference in str(refused.value.message)
