"""The case page: what it shows, to whom, and that it costs the same however much hangs on the case."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from dsar.core.actors import Actor
from dsar.core.models import User
from dsar.core.roles import Role
from requests_app import services
from requests_app.models import Case, PartyAddress
from tests.factories import RECEIVED_AT, a_case, actor_for, member, right_of
from tests.requests_app.desk import decision_of, work_done

pytestmark = pytest.mark.django_db


@pytest.fixture
def case() -> Case:
    return a_case(text="Je veux savoir ce que vous savez de moi.")


@pytest.fixture
def handler(case: Case) -> User:
    return member(case.organisation, user__name="Noor Haddad")


def page_of(client: Client, case: Case, user: User, **parameters: str) -> str:
    """The case page as that member reads it."""
    client.force_login(user)
    response = client.get(reverse("case-detail", args=[case.reference]), parameters)
    assert response.status_code == 200
    return response.content.decode()


def step_of(client: Client, case: Case, user: User) -> str:
    """The code of the next step that the page proposes to that member."""
    client.force_login(user)
    return str(client.get(reverse("case-detail", args=[case.reference])).context["page"].next.code)


def test_the_page_costs_the_same_however_much_hangs_on_the_case(
    client: Client, case: Case, handler: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    actor = actor_for(handler, case.organisation)
    decision_of(case, handler)
    decision_of(case, handler, "marketing_objection")
    services.note_add(case=case, body="First note", actor=actor)
    services.message_receive(case=case, body="Bonjour")
    page_of(client, case, handler)
    address = reverse("case-detail", args=[case.reference])
    with django_assert_num_queries(39):
        client.get(address)
    for number, code in enumerate(("erasure", "rectification", "portability", "objection")):
        services.case_right_add(
            case=case, right=code, detail="et aussi", received_at=RECEIVED_AT + timedelta(days=number), actor=actor
        )
        services.case_task_add(case_right=right_of(case, code), kind="other", subject_key=f"x:{number}")
        services.note_add(case=case, body=f"Note {number}", actor=actor)
        services.message_receive(case=case, body=f"Message {number}")
        work_done(case, handler, code)
    with django_assert_num_queries(39):
        client.get(address)


def test_the_page_says_who_asks_for_what_by_when_and_why(client: Client, case: Case, handler: User) -> None:
    with time_machine.travel(datetime(2026, 4, 2, 8, tzinfo=UTC), tick=False):
        page = page_of(client, case, handler)
    for words in (
        "Camille Estève", case.reference, "by form, Thu 5 March 2026, 18:42", "Tue 7 April · 5 days left",
        "Overdue since Mon 9 March · our own rule",
        "Regulation 1182/71, article 3(4)", "Je veux savoir ce que vous savez de moi.", "Not established",
        "0 of 11 done", "camille.esteve@example.org", "Request received", "not confirmed",
    ):  # fmt: skip
        assert words in page


def test_the_timeline_tells_every_event_in_words_and_can_be_narrowed(
    client: Client, case: Case, handler: User
) -> None:
    actor = actor_for(handler, case.organisation)
    services.note_add(case=case, body="Message 22 quotes another customer.", actor=actor)
    services.message_receive(case=case, body="Mes deux enfants ont 9 et 13 ans.")
    services.case_right_start(case_right=right_of(case, "marketing_objection"), actor=actor)
    everything = page_of(client, case, handler)
    assert "Message 22 quotes another customer." in everything
    assert "Noor Haddad, Case handler" in everything
    assert "Objection to direct marketing, In progress" in everything
    notes = client.get(reverse("case-detail", args=[case.reference]), {"show": "notes"}).context["page"].lines
    assert [line.body for line in notes] == ["Message 22 quotes another customer."]
    messages = page_of(client, case, handler, show="messages")
    assert "Mes deux enfants" in messages
    assert "Message 22" not in messages
    law = client.get(reverse("case-detail", args=[case.reference]), {"show": "law"}).context["page"].lines
    assert {line.group for line in law} == {"law"}


def test_what_the_person_typed_is_never_markup(client: Client, handler: User, case: Case) -> None:
    hostile = a_case(
        case.organisation, name="<script>alert(1)</script>", text="<img src=x onerror=alert(1)>", submission="h"
    )
    services.message_receive(case=hostile, body="<b>bold</b>")
    page = page_of(client, hostile, handler)
    assert "<script>" not in page
    assert "<img" not in page
    assert "<b>bold</b>" not in page


def test_the_next_step_follows_the_case_from_receipt_to_closing(client: Client, handler: User) -> None:
    case = a_case(rights=("access",), text="")
    organisation = case.organisation
    handler, reviewer = member(organisation), member(organisation, Role.REVIEWER)
    actor = actor_for(handler, organisation)
    assert step_of(client, case, handler) == "take"
    services.case_take(case=case, actor=actor)
    assert step_of(client, case, handler) == "start"
    services.case_right_start(case_right=right_of(case, "access"), actor=actor)
    assert step_of(client, case, handler) == "await_sources"
    task = services.case_task_add(
        case_right=right_of(case, "access"), kind="collect_by_hand", subject_key="source:crm", label="CRM"
    )
    assert step_of(client, case, handler) == "task"
    for open_task in (task, case.tasks.get(kind="plan_collection")):
        services.case_task_finish(task=open_task, actor=Actor.SYSTEM)
    assert step_of(client, case, handler) == "checklist"
    for item in right_of(case, "access").checklist.all():
        services.checklist_item_set(item=item, state="done", actor=actor)
    assert step_of(client, case, handler) == "decide"
    services.message_receive(case=case, body="Encore une chose")
    assert step_of(client, case, handler) == "read"
    services.messages_read(case=case, actor=actor)
    decision = services.decision_submit(case_right=right_of(case, "access"), outcome="granted", actor=actor)
    assert step_of(client, case, handler) == "await_review"
    assert step_of(client, case, reviewer) == "review"
    services.decision_approve(decision=decision, actor=actor_for(reviewer, organisation))
    assert step_of(client, case, handler) == "identify"
    case.refresh_from_db()
    services.identity_establish(case=case, basis={"code": "viewed", "where": "CRM 4471"}, actor=actor)
    assert step_of(client, case, handler) == "await_letter"


def test_a_decided_objection_is_released_then_closed(client: Client, handler: User) -> None:
    case = a_case(rights=("marketing_objection",))
    handler = member(case.organisation)
    actor = actor_for(handler, case.organisation)
    decision_of(case, handler, "marketing_objection")
    assert step_of(client, case, handler) == "await_letter"
    services.letter_prepare(case=case)
    assert step_of(client, case, handler) == "release"
    case.refresh_from_db()
    services.answer_release(case=case, rights=[right_of(case, "marketing_objection")], actor=actor)
    assert step_of(client, case, handler) == "close"
    case.refresh_from_db()
    services.case_close(case=case, actor=actor)
    assert step_of(client, case, handler) == "closed"


def test_an_author_without_a_second_person_may_let_the_decision_stand(client: Client, handler: User) -> None:
    case = a_case(rights=("access",))
    alone = member(case.organisation)
    decision_of(case, alone)
    assert step_of(client, case, alone) == "single_handed"
    member(case.organisation, Role.DPO)
    assert step_of(client, case, alone) == "await_review"


def test_the_review_form_is_shown_to_reviewers_and_never_to_the_author(client: Client, case: Case) -> None:
    author, reviewer = member(case.organisation, Role.REVIEWER), member(case.organisation, Role.DPO)
    handler = member(case.organisation)
    decision_of(case, author)
    approve = reverse("decision-approve", args=[case.reference, "access"])
    assert approve in page_of(client, case, reviewer)
    assert approve not in page_of(client, case, author)
    assert approve not in page_of(client, case, handler)


def test_an_auditor_reads_everything_and_is_offered_no_act(client: Client, case: Case, handler: User) -> None:
    work_done(case, handler)
    page = page_of(client, case, member(case.organisation, Role.AUDITOR))
    assert "Camille Estève" in page
    forms = [part for part in page.split("<form")[1:] if 'method="post"' in part.split(">")[0]]
    assert len(forms) == 2  # language and sign-out


def test_identity_is_shown_with_its_reason(client: Client, case: Case, handler: User) -> None:
    address = PartyAddress.objects.select_related("party__case__organisation").get(
        party__case=case, value="camille.esteve@example.org"
    )
    services.address_confirm(address=address)
    assert "Not established" in page_of(client, case, handler)
    services.address_found_on_file(address=address, source_name="CRM")
    page = page_of(client, case, handler)
    assert "the confirmed address is on file: CRM" in page
    assert "on file in CRM" in page


def test_the_letter_preview_runs_nothing_and_needs_a_decision(client: Client, case: Case, handler: User) -> None:
    client.force_login(handler)
    address = reverse("letter-preview", args=[case.reference])
    assert client.get(address).status_code == 422
    decision_of(case, handler, "marketing_objection")
    response = client.get(address)
    assert response.status_code == 200
    assert case.reference in response.content.decode()
    policy = response.headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
