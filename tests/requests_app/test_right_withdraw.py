"""The person takes a request back, at whatever stage it is; nothing prepared leaves, nobody waits for anything."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dsar.core.errors import DomainError
from dsar.core.models import AuditEvent
from dsar.core.roles import Role
from requests_app import services
from requests_app.models import CaseRight, Deliverable, Message, Outgoing, Suspension
from requests_app.portal import WITHDRAWALS
from requests_app.services import decision_approve
from requests_app.services.suspensions import suspension_begin
from tests.factories import actor_for, member, right_of
from tests.requests_app.desk import decision_of, work_done
from tests.requests_app.tracking import CASE, Person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock", "code_worker")]
WITHDRAW = "/virelune/track/withdraw/"


def withdraw(person: Person, *codes: str) -> Message:
    rights = [right_of(person.case, code) for code in codes]
    return services.right_withdraw(case=person.case, rights=rights)


def test_one_request_is_taken_back_and_the_other_goes_on(person: Person) -> None:
    message = withdraw(person, "access")
    access, objection = right_of(person.case, "access"), right_of(person.case, "marketing_objection")
    assert (access.stage, access.outcome) == ("answered", "withdrawn")
    assert access.answered_at is not None
    assert objection.stage == "to_do"
    assert not access.decisions.exists()
    assert message.direction == "inbound"
    assert "Voir" in message.body
    event = AuditEvent.objects.get(kind="right.withdrawn")
    assert (event.actor_role, event.facts["rights"]) == ("data_subject", ["access"])
    mail = Outgoing.objects.get(key__startswith="withdrawn:")
    assert person.case.reference in mail.subject
    assert "Camille" not in mail.body_text  # the mailbox is not confirmed
    assert access not in CaseRight.objects.awaited()


@pytest.mark.parametrize("stage", ["to_do", "in_progress", "awaiting_person", "in_review", "decided"])
def test_it_works_at_every_stage(person: Person, stage: str) -> None:
    case = person.case
    author = member(case.organisation)
    actor = actor_for(author, case.organisation)
    if stage == "in_progress":
        work_done(case, author)
    if stage == "awaiting_person":
        services.case_suspend(
            case=case, rights=[right_of(case, "access")], reason="clarify", why="Much.", body="Which?", actor=actor
        )
        suspension_begin(suspension=Suspension.objects.get(), asked_at=case.received_at + timedelta(hours=3))
    if stage in ("in_review", "decided"):
        decision = decision_of(case, author)
    if stage == "decided":
        reviewer = member(case.organisation, Role.DPO)
        decision_approve(decision=decision, actor=actor_for(reviewer, case.organisation))
    assert right_of(case, "access").stage == stage
    withdraw(person, "access")
    right = right_of(case, "access")
    assert (right.stage, right.outcome) == ("answered", "withdrawn")
    assert not right.tasks.open().exists()
    assert not Deliverable.objects.filter(rights=right, state="prepared").exists()
    assert not right.suspensions.open().exists()
    assert not right.decisions.filter(review="waiting").exists()


def test_a_question_on_two_rights_goes_on_for_the_other(person: Person) -> None:
    case = person.case
    actor = actor_for(member(case.organisation), case.organisation)
    services.case_right_add(case=case, right="erasure", detail="", received_at=case.received_at, actor=actor)
    rights = [right_of(case, "access"), right_of(case, "erasure")]
    services.case_suspend(
        case=case, rights=rights, reason="clarify", why="Much.", body="Which?", actor=actor
    )
    withdraw(person, "access")
    assert Suspension.objects.open().count() == 1
    withdraw(person, "erasure")
    assert Suspension.objects.open().count() == 0
    assert Outgoing.objects.get(key__startswith="question:").state == "stopped"


def test_what_is_answered_is_not_withdrawn(person: Person) -> None:
    withdraw(person, "access")
    for rights in ([right_of(person.case, "access")], []):
        with pytest.raises(DomainError):
            services.right_withdraw(case=person.case, rights=rights)


# The page


def test_the_page_takes_back_what_is_ticked(person: Person) -> None:
    person.sign_in()
    assert WITHDRAW in person.get(CASE).content.decode()
    assert "You lose no right" in person.get(WITHDRAW).content.decode()
    refused = person.post(WITHDRAW, go="withdraw").content.decode()
    assert 'href="#right-access"' in refused
    assert "Tick what you withdraw." in refused
    assert 'value="access" checked' in person.post(WITHDRAW, right="access", lang="en").content.decode()
    assert person.post(WITHDRAW, right="access", go="withdraw").headers["Location"] == CASE
    page = person.get(CASE).content.decode()
    assert "You withdrew this request." in page
    assert WITHDRAW in page
    person.post(WITHDRAW, right=["marketing_objection"], go="withdraw")
    page = person.get(CASE).content.decode()
    assert "<h1>You withdrew your request</h1>" in page
    assert WITHDRAW not in page
    assert person.get(WITHDRAW).headers["Location"] == CASE


def test_an_unknown_right_is_refused(person: Person) -> None:
    person.sign_in()
    assert "Tick one of the requests" in person.post(WITHDRAW, right="erasure", go="withdraw").content.decode()


def test_without_a_session_nothing_is_withdrawn(person: Person) -> None:
    assert person.post(WITHDRAW, right="access", go="withdraw").headers["Location"] == "/virelune/track/"
    assert right_of(person.case, "access").stage == "to_do"


def test_it_cannot_be_tried_for_ever(person: Person, monkeypatch: Any) -> None:
    monkeypatch.setattr("requests_app.portal_act_views.WITHDRAWALS", replace(WITHDRAWALS, most=0))
    person.sign_in()
    response = person.post(WITHDRAW, right="access", go="withdraw")
    assert (response.status_code, response.headers["Retry-After"]) == (429, "1080")
    assert 'value="access" checked' in response.content.decode()
    assert right_of(person.case, "access").stage == "to_do"


def test_the_case_page_shows_it(person: Person, client: Any) -> None:
    withdraw(person, "access", "marketing_objection")
    client.force_login(member(person.case.organisation))
    page = client.get(f"/desk/cases/{person.case.reference}/").content.decode()
    assert "Withdrawn by the person" in page
    assert "Close the case" in page
