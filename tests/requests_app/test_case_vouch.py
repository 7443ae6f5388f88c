"""A person looks at what looked like a machine: the case goes on, its acknowledgement leaves, the journal says who."""

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from dsar.core.actors import Actor
from dsar.core.errors import Conflict, DomainError, NotAllowed
from dsar.core.models import AuditEvent, Organisation
from dsar.core.roles import Role
from requests_app.models import Case, Outgoing, PartyAddress
from requests_app.queue import QueueQuery, queue_page
from requests_app.references import reference_make
from requests_app.services import case_vouch, code_send
from requests_app.vocabulary import SpamSign
from tests.factories import a_case, actor_for, member

pytestmark = pytest.mark.django_db

BOTH = (SpamSign.HONEYPOT, SpamSign.NO_WORK)


@pytest.fixture
def case(organisation: Organisation) -> Case:
    return a_case(organisation, spam_signs=BOTH)


def vouched(case: Case) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(chain__key=case.chain, kind="case.vouched"))


def test_the_clock_runs_and_no_mail_has_left(case: Case) -> None:
    assert case.spam_signs == ["honeypot", "no_work"]
    assert {right.due_on is None for right in case.rights.all()} == {False}
    assert Outgoing.objects.count() == 0


def test_the_case_goes_on_and_its_acknowledgement_leaves(case: Case, organisation: Organisation) -> None:
    due = [right.due_on for right in case.rights.all()]
    handler = member(organisation)
    case_vouch(case=case, actor=actor_for(handler, organisation), version=case.version)
    case.refresh_from_db()
    assert case.spam_signs == []
    assert [right.due_on for right in case.rights.all()] == due
    mail = Outgoing.objects.get()
    assert mail.key == f"acknowledgement:{case.reference}"
    assert mail.recipient == "camille.esteve@example.org"
    assert "/confirm/" in mail.body_text
    event = vouched(case)[0]
    assert event.actor == handler
    assert event.facts["signs"] == ["honeypot", "no_work"]


def test_the_mail_goes_to_whoever_asked_and_not_to_whom_they_act_for(organisation: Organisation) -> None:
    case = a_case(
        organisation, spam_signs=BOTH, capacity="representative", email="sorel@cabinet.example",
        subject_email="camille.esteve@example.org",
    )  # fmt: skip
    case_vouch(case=case, actor=actor_for(member(organisation), organisation))
    assert [mail.recipient for mail in Outgoing.objects.all()] == ["sorel@cabinet.example"]


def test_without_an_address_nothing_leaves(organisation: Organisation) -> None:
    case = a_case(organisation, spam_signs=BOTH, email="")
    case_vouch(case=case, actor=actor_for(member(organisation), organisation))
    assert Outgoing.objects.count() == 0


def test_until_then_no_code_can_be_asked_for_either(case: Case, organisation: Organisation) -> None:
    address = PartyAddress.objects.mailboxes(case).get()
    with pytest.raises(DomainError) as refusal:
        code_send(address=address, purpose="portal")
    assert refusal.value.code == "looked_at_first"
    assert Outgoing.objects.count() == 0
    case_vouch(case=case, actor=actor_for(member(organisation), organisation))
    code_send(address=PartyAddress.objects.mailboxes(case).get(), purpose="portal")
    assert Outgoing.objects.count() == 2


def test_the_way_in_says_the_same_to_whoever_waits_for_a_look(client: Client, organisation: Organisation) -> None:
    case = a_case(organisation, spam_signs=BOTH)
    pages = []
    for reference in (case.reference, reference_make(2026)):
        asked = {"reference": reference, "email": "camille.esteve@example.org", "go": "code"}
        response = client.post(reverse("public-track", args=[organisation.slug]), asked)
        pages.append((response.status_code, response.headers.get("Location")))
    assert pages[0] == pages[1] == (302, reverse("track-code", args=[organisation.slug]))
    assert Outgoing.objects.count() == 0


def test_twice_is_refused_and_sends_nothing_again(case: Case, organisation: Organisation) -> None:
    actor = actor_for(member(organisation), organisation)
    case_vouch(case=case, actor=actor)
    with pytest.raises(DomainError) as refusal:
        case_vouch(case=case, actor=actor)
    assert refusal.value.code == "nothing_to_vouch"
    assert Outgoing.objects.count() == len(vouched(case)) == 1


def test_somebody_elses_change_comes_first(case: Case, organisation: Organisation) -> None:
    with pytest.raises(Conflict):
        case_vouch(case=case, actor=actor_for(member(organisation), organisation), version=case.version + 1)
    assert Outgoing.objects.count() == 0


def test_it_is_an_act_of_whoever_works_on_cases(case: Case, organisation: Organisation) -> None:
    with pytest.raises(NotAllowed):
        case_vouch(case=case, actor=actor_for(member(organisation, Role.AUDITOR), organisation))
    with pytest.raises(NotAllowed):
        case_vouch(case=case, actor=Actor.DATA_SUBJECT)


def test_the_page_says_it_first_and_has_the_button(client: Client, case: Case, organisation: Organisation) -> None:
    client.force_login(member(organisation))
    address = reverse("case-detail", args=[case.reference])
    page = client.get(address).content.decode()
    assert 'data-step="vouch"' in page
    assert "a field that people do not see was filled in" in page
    assert "To be looked at" in page
    response = client.post(reverse("case-vouch", args=[case.reference]), {"version": case.version}, follow=True)
    page = response.content.decode()
    assert "The request goes on, and its acknowledgement leaves now." in page
    assert 'data-step="take"' in page
    assert "Looked at: not written by a machine" in page


def test_the_queue_marks_it_and_has_a_view_of_its_own(client: Client, case: Case, organisation: Organisation) -> None:
    other = a_case(organisation, submission="f" * 32)
    handler = member(organisation)
    page = queue_page(handler, QueueQuery(view="look"), date(2026, 3, 6))
    assert [row.case.reference for row in page.rows] == [case.reference]
    client.force_login(handler)
    listed: Any = client.get(reverse("desk-queue"), {"view": "look"})
    assert listed.context["totals"]["look"] == 1
    assert other.reference not in listed.content.decode()
    assert "To be looked at</span>" in listed.content.decode()
    case_vouch(case=case, actor=actor_for(handler, organisation))
    assert not queue_page(handler, QueueQuery(view="look"), date(2026, 3, 6)).rows
