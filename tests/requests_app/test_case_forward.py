"""A request for a client-controller: passed on as it arrived, told to the person, followed until it is answered."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from dsar.core.errors import DomainError
from dsar.core.files import file_store
from dsar.core.models import AuditEvent, ClientController, Organisation
from requests_app import outbox
from requests_app.models import Case, CaseRight, Extension, Forwarding, InboundMail, Outgoing, Suspension
from requests_app.services import (
    address_add,
    case_close,
    case_forward,
    case_right_start,
    case_task_finish,
    extension_submit,
    files_offered,
    forwarding_answered,
    forwarding_chase,
    forwarding_received,
    forwarding_stop,
    message_receive,
    messages_offered,
)
from requests_app.vocabulary import Direction, Outcome, Stage, TaskState
from tests.factories import RECEIVED_AT, OrganisationFactory, a_case, actor_for, member, right_of
from tests.requests_app.test_case_suspend import asked

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
WHY = "The shop of this person is run by Kiosque; we only host it."


@pytest.fixture(autouse=True)
def _now() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def a_client(organisation: Organisation) -> ClientController:
    return ClientController.objects.create(
        organisation=organisation, code="kiosque", name="Kiosque du Port", email="dpo@kiosque.example"
    )


def forwarded(case: Case, *codes: str, **fields: Any) -> Forwarding:
    """The act, by a handler of the case's organisation."""
    rights = [right_of(case, code) for code in codes or ("access",)]
    given: dict[str, Any] = {"rights": rights, "text": case.text, "client": a_client(case.organisation), "why": WHY}
    return case_forward(
        case=case,
        actor=actor_for(member(case.organisation), case.organisation),
        **{**given, **fields},
    )


def test_the_controller_gets_the_request_as_it_arrived_with_our_day() -> None:
    case = a_case(rights=("access",), text="Je suis cliente du kiosque.", identifier="K-77")
    stored = file_store(key=case.key, name="facture.pdf", content_type="application/pdf", content=b"%PDF-1")
    case.messages.get(direction=Direction.INBOUND).files.add(stored)
    forwarding = forwarded(case, attached=files_offered(case, with_mail=True))
    mail = Outgoing.objects.get(key__startswith="forward:")
    assert (forwarding.mail, mail.recipient) == (mail, "dpo@kiosque.example")
    for text in (mail.body_text, mail.body_html):
        assert "Je suis cliente du kiosque." in text
        assert "Camille Estève" in text
        assert "K-77" in text
        assert "jeudi 5 mars 2026" in text.replace("\u00a0", " ") or "Thu 5 March 2026" in text
    sent = outbox.mail_message(mail)
    assert [(attached[0], attached[1]) for attached in sent.attachments] == [("facture.pdf", b"%PDF-1")]


def test_an_address_that_nobody_confirmed_is_not_told_to_the_controller() -> None:
    case = a_case()
    address_add(case=case, kind="email", value="typo@stranger.example", replace=False, second_channel=True)
    CaseRight.objects.filter(case=case).update(reopened_at=RECEIVED_AT + timedelta(days=1))
    mail = forwarded(case).mail
    assert mail is not None
    assert "typo@stranger.example" not in mail.body_text
    assert "6\u00a0mars 2026" in mail.body_text


def test_the_person_is_told_who_has_it_and_since_when() -> None:
    case = a_case(language="en", rights=("access",))
    forwarded(case)
    told = case.messages.get(direction=Direction.OUTBOUND, author__isnull=False)
    mail = Outgoing.objects.get(key__startswith="passed_on:")
    assert mail.recipient == "camille.esteve@example.org"
    for text in (told.body, mail.body_text):
        assert "Kiosque du Port" in text
        assert "dpo@kiosque.example" in text
        assert "Thursday 5 March 2026" in text
        assert "Tuesday 10 March 2026" in text
    assert WHY not in mail.body_text


def test_the_right_is_answered_without_a_decision_and_its_open_work_ends() -> None:
    case = a_case()
    handler = actor_for(member(case.organisation), case.organisation)
    case_right_start(case_right=right_of(case, "access"), actor=handler)
    extension_submit(case_right=right_of(case, "access"), reason="volume", reasoning="Beaucoup.", actor=handler)
    asked(case, at=NOW - timedelta(hours=1))
    assert right_of(case, "access").stage == Stage.AWAITING_PERSON
    forwarded(case)
    right = right_of(case, "access")
    assert (right.stage, right.outcome, right.answered_at) == (Stage.ANSWERED, Outcome.FORWARDED, NOW)
    assert not right.decisions.exists()
    states = {(task.kind, task.state) for task in right.tasks.all()}
    assert states == {("plan_collection", TaskState.CANCELLED), ("track_forwarding", TaskState.OPEN)}
    assert Suspension.objects.get().answered_at == NOW
    assert Extension.objects.get().is_past
    assert right_of(case, "marketing_objection").stage == Stage.TO_DO
    case.refresh_from_db()
    assert case.next_on == right_of(case, "marketing_objection").matters_on


def test_both_days_are_kept_and_the_answer_ends_the_following() -> None:
    case = a_case(rights=("access",))
    forwarding = forwarded(case)
    handler = actor_for(member(case.organisation), case.organisation)
    with pytest.raises(DomainError) as refused:
        case_close(case=case, actor=handler)
    assert refused.value.code == "tasks_open"
    forwarding_received(forwarding=forwarding, received_there_on=date(2026, 3, 9), actor=handler)
    forwarding_answered(forwarding=forwarding, answered_on=date(2026, 3, 10), note="By letter.", actor=handler)
    forwarding.refresh_from_db()
    assert (forwarding.received_there_on, forwarding.answered_there_on) == (date(2026, 3, 9), date(2026, 3, 10))
    assert case.received_at.date() == date(2026, 3, 5)
    assert case.tasks.get().state == TaskState.DONE
    case_close(case=case, actor=handler)
    kinds = list(AuditEvent.objects.filter(chain__key=case.chain).values_list("kind", flat=True))
    assert [kind for kind in kinds if kind.startswith(("forwarding", "case.f"))] == [
        "case.forwarded", "forwarding.received", "forwarding.answered",
    ]  # fmt: skip
    with pytest.raises(DomainError) as refused:
        forwarding_received(forwarding=forwarding, received_there_on=date(2026, 3, 9), actor=handler)
    assert refused.value.code == "not_followed"


def test_without_an_answer_it_is_left_only_with_a_reason() -> None:
    case = a_case(rights=("access",))
    forwarding = forwarded(case)
    handler = actor_for(member(case.organisation), case.organisation)
    with pytest.raises(DomainError) as refused:
        forwarding_stop(forwarding=forwarding, reason=" ", actor=handler)
    assert refused.value.code == "reason_missing"
    with pytest.raises(DomainError):  # nor by ticking the task away
        case_task_finish(task=case.tasks.get(), actor=handler)
    forwarding_stop(forwarding=forwarding, reason="The contract with the client has ended.", actor=handler)
    case_close(case=case, actor=handler)
    assert case.closed_at == NOW


def test_the_controller_is_reminded_once_a_day_in_the_same_thread() -> None:
    case = a_case(rights=("access",))
    forwarding = forwarded(case)
    handler = actor_for(member(case.organisation), case.organisation)
    mail = forwarding_chase(forwarding=forwarding, actor=handler)
    assert forwarding.mail is not None
    assert mail.in_reply_to == forwarding.mail.message_id
    assert mail.subject != forwarding.mail.subject
    with pytest.raises(DomainError) as refused:
        forwarding_chase(forwarding=forwarding, actor=handler)
    assert refused.value.code == "chased_today"
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        assert forwarding_chase(forwarding=forwarding, actor=handler).pk != mail.pk


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"why": " "}, "why_missing"),
        ({"rights": []}, "rights_missing"),
        ({"client": None}, "client_missing"),
        ({"client": None, "name": "Kiosque"}, "email_missing"),
    ],
)
def test_what_is_missing_is_said_and_nothing_leaves(fields: dict[str, Any], code: str) -> None:
    case = a_case(rights=("access",))
    with pytest.raises(DomainError) as refused:
        forwarded(case, **fields)
    assert refused.value.code == code
    assert not Outgoing.objects.exclude(key__startswith="acknowledgement").exists()


def test_a_client_of_another_organisation_and_an_answered_right_are_refused() -> None:
    case = a_case(rights=("access",))
    with pytest.raises(DomainError) as refused:
        forwarded(case, client=a_client(OrganisationFactory.create()))
    assert refused.value.code == "client_elsewhere"
    forwarding = forwarded(case)
    with pytest.raises(DomainError) as refused:
        forwarded(case, client=forwarding.client)
    assert refused.value.code == "right_answered"


def test_the_page_passes_a_request_on_and_the_next_one_follows_it(client: Client) -> None:
    case = a_case(language="en")
    known = a_client(case.organisation)
    client.force_login(member(case.organisation))
    page = reverse("case-forward", args=[case.reference])
    assert "Kiosque du Port" in client.get(page).content.decode()
    typed = {"version": case.version, "rights": ["access"], "client": known.code, "why": WHY, "text": ""}
    assert client.post(page, {**typed, "client": "", "name": ""}).status_code == 422
    answer = client.post(page, typed)
    assert answer.status_code == 302
    forwarding = Forwarding.objects.get()
    following = reverse("forwarding-detail", args=[case.reference, forwarding.pk])
    assert following in client.get(reverse("case-detail", args=[case.reference])).content.decode()
    assert "Kiosque du Port" in client.get(following).content.decode()
    letter = client.get(reverse("forwarding-letter", args=[case.reference, forwarding.pk])).content.decode()
    assert "Kiosque du Port" in letter
    assert ", processor" in letter
    case.refresh_from_db()
    received = reverse("forwarding-received", args=[case.reference, forwarding.pk])
    assert client.post(received, {"version": case.version, "received_there_on": "2026-04-01"}).status_code == 422
    assert client.post(received, {"version": case.version, "received_there_on": "2026-03-10"}).status_code == 302
    case.refresh_from_db()
    answered = reverse("forwarding-answered", args=[case.reference, forwarding.pk])
    assert client.post(answered, {"version": case.version, "answered_on": "2026-03-10"}).status_code == 302
    forwarding.refresh_from_db()
    assert forwarding.answered_there_on == date(2026, 3, 10)


def test_the_controller_gets_what_was_chosen_and_again_when_it_is_reminded() -> None:
    case = a_case(text="Mes commandes au kiosque, et plus de publicité.")
    with time_machine.travel(NOW - timedelta(days=2), tick=False):
        message_receive(case=case, body="Ma carte du kiosque : 77.")
        message_receive(case=case, body="Encore de la publicité.")
    kept, left = messages_offered(case)
    forwarding = forwarded(case, text="Mes commandes au kiosque.", messages=[kept])
    handler = actor_for(member(case.organisation), case.organisation)
    for mail in (forwarding.mail, forwarding_chase(forwarding=forwarding, actor=handler)):
        assert mail is not None
        for text in (mail.body_text, mail.body_html):
            assert "Mes commandes au kiosque." in text
            assert kept.body in text
            assert left.body not in text
            assert "plus de publicité" not in text


def test_the_mail_as_it_arrived_is_offered_first_and_holds_everything(client: Client) -> None:
    case = a_case(channel="email", rights=("access",))
    raw = file_store(key=case.key, name="message.eml", content_type="message/rfc822", content=b"Subject: x")
    InboundMail.objects.create(organisation=case.organisation, raw_hash="0" * 64, raw=raw, received_at=NOW, case=case)
    assert files_offered(case, with_mail=True) == [raw]
    client.force_login(member(case.organisation))
    assert "E-mail as it arrived" in client.get(reverse("case-forward", args=[case.reference])).content.decode()
    assert files_offered(case) == []
    assert not forwarded(case).files.exists(), "it goes only where somebody ticks it"
