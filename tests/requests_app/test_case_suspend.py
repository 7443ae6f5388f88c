"""A question to the person: when it stops a clock, when it does not, and what starts the clock again."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.urls import reverse

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.models import AuditEvent
from requests_app import outbox
from requests_app.models import Case, CaseRight, Outgoing, Suspension
from requests_app.portal_words import rights_shown
from requests_app.services import (
    address_confirm,
    case_right_add,
    case_right_start,
    case_suspend,
    decision_submit,
    identity_establish,
    message_receive,
    notices_left,
    suspension_answer,
    suspension_continue,
    suspension_end,
)
from requests_app.services.mail import mail_file
from requests_app.vocabulary import Channel, OutgoingState, Stage, SuspensionEnd
from tests.factories import RECEIVED_AT, OrganisationFactory, a_case, actor_for, member, right_of

pytestmark = pytest.mark.django_db
ASKED = datetime(2026, 3, 9, 9, 0, tzinfo=UTC)  # Monday; received on Thursday 5 March


def asked(case: Case, *codes: str, at: datetime = ASKED, left: bool = True, **fields: Any) -> Suspension:
    """A question about the rights of these codes, whose mail has left unless told otherwise."""
    handler = member(case.organisation)
    with time_machine.travel(at, tick=False):
        suspension = case_suspend(
            case=case,
            rights=[right_of(case, code) for code in codes or ("access",)],
            **{"reason": "identity", "why": "Two people share this mailbox.", "body": "Who are you?", **fields},
            actor=actor_for(handler, case.organisation),
        )
        if left and suspension.mail_id is not None:
            outbox.outbox_send(suspension.mail_id)
            notices_left()
    suspension.refresh_from_db()
    return suspension


def events(case: Case, *kinds: str) -> list[str]:
    return list(
        AuditEvent.objects.filter(chain__key=case.chain, kind__in=kinds).order_by("seq").values_list("kind", flat=True)
    )


def test_a_question_that_left_stops_the_clock_of_its_right_only() -> None:
    case = a_case(rights=("access", "erasure"))
    suspension = asked(case)
    access, erasure = right_of(case, "access"), right_of(case, "erasure")
    assert suspension.asked_at is not None
    assert (access.stage, access.due_on, access.paused_days) == (Stage.AWAITING_PERSON, None, 27)
    assert access.extension_notice_due_on is None
    assert access.prudent_due_on == date(2026, 4, 5)
    assert (erasure.stage, erasure.due_on) == (Stage.TO_DO, date(2026, 4, 7))
    assert events(case, "case.suspended", "suspension.begun") == ["case.suspended", "suspension.begun"]


def test_a_question_whose_mail_waits_stops_nothing() -> None:
    case = a_case(rights=("access",))
    suspension = asked(case, left=False)
    access = right_of(case, "access")
    assert suspension.asked_at is None
    assert (access.stage, access.due_on) == (Stage.IN_PROGRESS, date(2026, 4, 7))


def test_the_clock_stops_on_the_day_the_mail_left_and_not_when_it_was_written() -> None:
    case = a_case(rights=("access",))
    suspension = asked(case, left=False)
    with time_machine.travel(ASKED + timedelta(days=2), tick=False):
        assert suspension.mail_id is not None
        outbox.outbox_send(suspension.mail_id)
        notices_left()
    suspension.refresh_from_db()
    assert suspension.asked_at == ASKED + timedelta(days=2)
    assert right_of(case, "access").paused_days == 25


def test_a_question_whose_mail_is_refused_never_stops_the_clock() -> None:
    case = a_case(rights=("access",))
    suspension = asked(case, left=False)
    Outgoing.objects.filter(suspensions=suspension).update(state=OutgoingState.FAILED)
    assert notices_left() == 0
    assert right_of(case, "access").due_on == date(2026, 4, 7)


def test_an_answer_on_the_tracking_page_starts_the_clock_again() -> None:
    case = a_case(rights=("access",))
    suspension = asked(case)
    message_receive(case=case, body="I am myself.", at=ASKED + timedelta(days=6))
    suspension.refresh_from_db()
    access = right_of(case, "access")
    assert (suspension.end, suspension.answered_at) == (SuspensionEnd.ANSWERED, ASKED + timedelta(days=6))
    # 5 April and the six days of waiting: Saturday 11 April, so Monday 13.
    assert (access.stage, access.last_day, access.due_on) == (Stage.IN_PROGRESS, date(2026, 4, 11), date(2026, 4, 13))
    assert access.prudent_due_on == date(2026, 4, 5)


def test_what_a_machine_wrote_is_no_answer() -> None:
    case = a_case(rights=("access",), email="camille@example.org")
    suspension = asked(case)
    raw = (
        "From: camille@example.org\r\nTo: privacy@example.org\r\nSubject: Absence\r\nMessage-ID: <a@example.org>\r\n"
        f"In-Reply-To: {suspension.mail.message_id if suspension.mail else ''}\r\n"
        "Auto-Submitted: auto-replied\r\n\r\nI am away."
    ).encode()
    mail_file(organisation=case.organisation, raw=raw, received_at=ASKED + timedelta(hours=1))
    suspension.refresh_from_db()
    assert suspension.answered_at is None
    assert right_of(case, "access").due_on is None


def test_a_message_that_arrived_before_the_question_is_no_answer() -> None:
    case = a_case(rights=("access",))
    suspension = asked(case)
    message_receive(case=case, body="Hello?", at=ASKED - timedelta(hours=1))
    suspension.refresh_from_db()
    assert suspension.answered_at is None


def test_a_handler_finds_that_the_message_was_no_answer() -> None:
    case = a_case(rights=("access",))
    suspension = asked(case)
    message_receive(case=case, body="Why do you ask?", at=ASKED + timedelta(days=1))
    actor = actor_for(member(case.organisation), case.organisation)
    suspension.refresh_from_db()
    with time_machine.travel(ASKED + timedelta(days=2), tick=False):
        suspension_continue(suspension=suspension, reason="It is a question of theirs.", actor=actor)
    access = right_of(case, "access")
    assert (access.stage, access.due_on, access.paused_days) == (Stage.AWAITING_PERSON, None, 27)
    with pytest.raises(DomainError) as refused:
        suspension_continue(suspension=suspension, reason="Again.", actor=actor)
    assert refused.value.code == "question_open"


def test_an_answer_by_post_counts_from_its_arrival() -> None:
    case = a_case(rights=("access",))
    suspension = asked(case)
    actor = actor_for(member(case.organisation), case.organisation)
    suspension_answer(suspension=suspension, answered_at=ASKED + timedelta(days=3), actor=actor)
    assert right_of(case, "access").last_day == date(2026, 4, 8)
    with pytest.raises(DomainError) as refused:
        suspension_answer(suspension=suspension, answered_at=ASKED + timedelta(days=4), actor=actor)
    assert refused.value.code == "not_waiting_for_answer"


@pytest.mark.parametrize(
    ("offset", "code"), [(timedelta(days=-2), "answered_before_asked"), (timedelta(days=9000), "answered_in_future")]
)
def test_an_answer_at_an_impossible_moment_is_refused(offset: timedelta, code: str) -> None:
    case = a_case(rights=("access",))
    suspension = asked(case)
    actor = actor_for(member(case.organisation), case.organisation)
    with pytest.raises(DomainError) as refused:
        suspension_answer(suspension=suspension, answered_at=ASKED + offset, actor=actor)
    assert refused.value.code == code


def test_going_on_without_an_answer_starts_the_clock_again() -> None:
    case = a_case(rights=("access",))
    suspension = asked(case)
    with time_machine.travel(ASKED + timedelta(days=60), tick=False):
        suspension_end(suspension=suspension, actor=actor_for(member(case.organisation), case.organisation))
    access = right_of(case, "access")
    assert (access.stage, access.due_on) == (Stage.IN_PROGRESS, date(2026, 6, 4))
    assert suspension.end == SuspensionEnd.GIVEN_UP


def test_two_questions_wait_for_both_answers_and_their_days_count_once() -> None:
    case = a_case(rights=("access",))
    first = asked(case)
    second = asked(case, at=ASKED + timedelta(days=2), reason="clarify", is_voluminous=True)
    actor = actor_for(member(case.organisation), case.organisation)
    suspension_answer(suspension=first, answered_at=ASKED + timedelta(days=4), actor=actor)
    assert right_of(case, "access").stage == Stage.AWAITING_PERSON
    suspension_answer(suspension=second, answered_at=ASKED + timedelta(days=6), actor=actor)
    access = right_of(case, "access")
    assert (access.stage, access.last_day) == (Stage.IN_PROGRESS, date(2026, 4, 11))


def test_a_letter_stops_the_clock_on_the_day_it_left() -> None:
    case = a_case(rights=("access",), email="", postal="1 rue des Essais")
    suspension = asked(case, way="post", sent_on=date(2026, 3, 9))
    assert suspension.mail is None
    assert suspension.asked_message.channel == Channel.POST
    assert right_of(case, "access").paused_days == 27


@pytest.mark.parametrize("sent_on", [date(2026, 3, 4), date(2026, 3, 10)])
def test_a_letter_cannot_have_left_before_the_request_or_tomorrow(sent_on: date) -> None:
    with pytest.raises(DomainError) as refused:
        asked(a_case(rights=("access",)), way="post", sent_on=sent_on)
    assert refused.value.code == "sent_on_impossible"


@pytest.mark.parametrize(
    ("codes", "fields", "code"),
    [
        (("marketing_objection",), {}, "right_never_suspended"),
        (("withdrawal",), {}, "right_never_suspended"),
        (("access",), {"why": " "}, "why_missing"),
        (("access",), {"body": " "}, "message_empty"),
        (("access",), {"way": "post"}, "sent_on_missing"),
    ],
)
def test_a_question_that_may_not_be_asked_is_refused_in_words(
    codes: tuple[str, ...], fields: dict[str, Any], code: str
) -> None:
    with pytest.raises(DomainError) as refused:
        asked(a_case(rights=("access", "marketing_objection", "withdrawal")), *codes, **fields)
    assert refused.value.code == code
    assert not Suspension.objects.exists()


def test_somebody_without_mailbox_and_page_is_asked_by_post() -> None:
    case = a_case(rights=("access",), email="", channel=Channel.PHONE, phone="+33 1 00 00 00 00", submission="")
    with pytest.raises(DomainError) as refused:
        asked(case)
    assert refused.value.code == "no_way_to_ask"


def test_where_identity_is_established_no_doubt_is_left_to_ask_about() -> None:
    case = a_case(rights=("access",))
    identity_establish(case=case, basis={"code": "call_back"}, actor=Actor.SYSTEM)
    with pytest.raises(DomainError) as refused:
        asked(case)
    assert refused.value.code == "identity_established"
    asked(case, reason="clarify", is_voluminous=True)
    assert right_of(case, "access").due_on is None


def test_identity_established_by_another_way_starts_the_clock_again() -> None:
    case = a_case(rights=("access",))
    who, what = asked(case), asked(case, reason="clarify", is_voluminous=True)
    with time_machine.travel(ASKED + timedelta(days=2), tick=False):
        identity_establish(case=case, basis={"code": "call_back"}, actor=Actor.SYSTEM)
    who.refresh_from_db()
    what.refresh_from_db()
    assert (who.answered_at, what.answered_at) == (ASKED + timedelta(days=2), None)


def test_a_question_whose_doubt_is_gone_before_it_left_never_stops_the_clock_and_never_leaves() -> None:
    case = a_case(rights=("access",))
    suspension = asked(case, left=False)
    with time_machine.travel(ASKED + timedelta(minutes=5), tick=False):
        identity_establish(case=case, basis={"code": "call_back"}, actor=Actor.SYSTEM)
        outbox.outbox_send(suspension.mail_id or 0)
        notices_left()
    assert right_of(case, "access").due_on == date(2026, 4, 7)
    assert Outgoing.objects.get(suspensions=suspension).state == OutgoingState.STOPPED
    assert "question_asked" not in [message.subject for message in mail.outbox]
    assert events(case, "message.stopped") == ["message.stopped"]


def test_an_answer_on_the_tracking_page_before_the_mail_left_keeps_the_clock_running() -> None:
    case = a_case(rights=("access",))
    suspension = asked(case, left=False)
    message_receive(case=case, body="It is me.", at=ASKED + timedelta(minutes=5))
    with time_machine.travel(ASKED + timedelta(minutes=6), tick=False):
        outbox.outbox_send(suspension.mail_id or 0)
        notices_left()
    assert right_of(case, "access").due_on == date(2026, 4, 7)


def test_a_question_that_nobody_waits_for_any_more_is_over() -> None:
    case = a_case(rights=("access",))
    suspension = asked(case, left=False)
    CaseRight.objects.filter(case=case).update(stage=Stage.DECIDED)
    with time_machine.travel(ASKED, tick=False):
        outbox.outbox_send(suspension.mail_id or 0)
        notices_left()
    suspension.refresh_from_db()
    assert suspension.end == SuspensionEnd.GIVEN_UP
    assert right_of(case, "access").due_on == date(2026, 4, 7)


@pytest.mark.parametrize("is_settled", [True, False])
def test_what_is_settled_or_never_left_is_not_asked_again(is_settled: bool) -> None:
    case = a_case(rights=("access",))
    suspension = asked(case, left=is_settled)
    actor = actor_for(member(case.organisation), case.organisation)
    suspension_answer(suspension=suspension, answered_at=ASKED + timedelta(days=1), actor=actor)
    if is_settled:
        identity_establish(case=case, basis={"code": "call_back"}, actor=Actor.SYSTEM)
    with pytest.raises(DomainError) as refused:
        suspension_continue(suspension=suspension, reason="No answer.", actor=actor)
    assert refused.value.code == ("identity_established" if is_settled else "question_never_left")


def test_a_letter_is_answered_on_the_day_it_left_whatever_the_hour() -> None:
    case = a_case(rights=("access",))
    asked(case, way="post", sent_on=ASKED.date(), at=ASKED + timedelta(hours=5))
    message_receive(case=case, body="I read your letter.", at=ASKED)
    assert right_of(case, "access").due_on == date(2026, 4, 7)


def test_a_letter_that_left_on_the_day_of_arrival_left_after_the_request() -> None:
    case = a_case(rights=("access",))
    suspension = asked(case, way="post", sent_on=RECEIVED_AT.date(), at=RECEIVED_AT + timedelta(hours=1))
    assert suspension.asked_at == RECEIVED_AT


def test_a_message_is_filed_although_its_clock_cannot_be_counted(caplog: pytest.LogCaptureFixture) -> None:
    case = a_case(rights=("access",))
    asked(case)
    CaseRight.objects.filter(case=case).update(received_at=ASKED + timedelta(days=2))  # facts that contradict
    message_receive(case=case, body="It is me.", at=ASKED + timedelta(days=3))
    assert case.messages.filter(body="It is me.").exists()
    assert "event_before_receipt" in caplog.text


def test_one_contradictory_case_holds_up_no_other(caplog: pytest.LogCaptureFixture) -> None:
    wrong, right = a_case(rights=("access",)), a_case(rights=("access",))
    asked(wrong, left=False)
    CaseRight.objects.filter(case=wrong).update(received_at=ASKED + timedelta(days=2))
    suspension = asked(right, left=False)
    with time_machine.travel(ASKED, tick=False):
        for mailed in Outgoing.objects.filter(key__startswith="question:"):
            outbox.outbox_send(mailed.pk)
        assert notices_left() == 1
    suspension.refresh_from_db()
    assert suspension.asked_at is not None
    assert "event_before_receipt" in caplog.text


def test_the_mail_says_for_which_rights_the_time_goes_on() -> None:
    case = a_case(rights=("access",), language="en")
    late = case_right_add(
        case=case, right="erasure", detail="", received_at=ASKED,
        actor=actor_for(member(case.organisation), case.organisation),
    )  # fmt: skip
    assert late.due_on == date(2026, 4, 9)
    asked(case, "access", "erasure", at=datetime(2026, 4, 8, 9, 0, tzinfo=UTC))  # access was due the day before
    body = str(mail.outbox[-1].body)
    assert "stands still" in body
    assert body.index("Erase my data") < body.index("The time goes on all the same") < body.index("See my data")


def test_a_decided_right_is_not_asked_about() -> None:
    case = a_case(rights=("access",))
    CaseRight.objects.filter(case=case).update(stage=Stage.IN_REVIEW)
    with pytest.raises(DomainError) as refused:
        asked(case)
    assert refused.value.code == "right_not_askable"


def test_the_mail_holds_the_question_only_where_somebody_reads_it() -> None:
    case = a_case(rights=("access",))
    asked(case)
    assert "Who are you?" not in mail.outbox[-1].body
    assert "est suspendu" in mail.outbox[-1].body
    other = a_case(rights=("access",), submission="f" * 32)
    address_confirm(address=other.parties.get().addresses.get())
    asked(other)
    assert "Who are you?" in mail.outbox[-1].body


def test_a_country_without_pauses_says_so_and_the_clock_goes_on(client: Client) -> None:
    organisation = OrganisationFactory.create(country="CH", jurisdiction="CH", time_zone="Europe/Zurich")
    case = a_case(organisation, rights=("access",))
    before = right_of(case, "access").due_on
    client.force_login(member(organisation))
    with time_machine.travel(ASKED, tick=False):
        assert "the clock goes on for" in client.get(reverse("case-suspend", args=[case.reference])).content.decode()
    asked(case)
    access = right_of(case, "access")
    assert (access.stage, access.due_on) == (Stage.AWAITING_PERSON, before)


def test_the_page_asks_and_shows_what_was_typed_again_when_refused(client: Client) -> None:
    case = a_case(rights=("access", "marketing_objection"))
    client.force_login(member(case.organisation))
    address = reverse("case-suspend", args=[case.reference])
    page = client.get(address).content.decode()
    assert 'value="access"' in page
    assert 'value="marketing_objection"' not in page
    sent = {"version": case.version, "rights": ["access"], "reason": "identity", "why": "A doubt.", "body": ""}
    sent["way"] = "page"
    refused = client.post(address, sent)
    assert refused.status_code == 422
    assert "A doubt." in refused.content.decode()
    assert client.post(address, {**sent, "body": "Who are you?"}).status_code == 302
    shown = client.get(reverse("case-detail", args=[case.reference])).content.decode()
    assert "Questions to the person" in shown
    assert "its mail has not left yet" in shown


def test_the_case_page_tells_the_pause_and_its_history(client: Client) -> None:
    case = a_case(rights=("access",))
    case_right_start(case_right=right_of(case, "access"), actor=actor_for(member(case.organisation), case.organisation))
    asked(case)
    client.force_login(member(case.organisation))
    with time_machine.travel(ASKED + timedelta(days=1), tick=False):
        page = client.get(reverse("case-detail", args=[case.reference])).content.decode()
    assert "Paused, 27 days remain" in page
    assert "Question sent: the time stands still. 27 days remain." in page
    assert "Request received: our answer is due by Tuesday 7 April 2026." in page


def answered(suspension: Suspension, at: datetime, case: Case) -> None:
    actor = actor_for(member(case.organisation), case.organisation)
    suspension_answer(suspension=suspension, answered_at=at, actor=actor)


def test_an_answer_noted_before_the_departure_was_noted_leaves_the_days_between() -> None:
    case = a_case(rights=("access",))
    suspension = asked(case, left=False)
    with time_machine.travel(ASKED, tick=False):
        outbox.outbox_send(suspension.mail_id or 0)
    answered(suspension, ASKED + timedelta(days=3), case)
    access = right_of(case, "access")
    assert (access.stage, access.last_day) == (Stage.IN_PROGRESS, date(2026, 4, 8))
    suspension.refresh_from_db()
    assert (suspension.asked_at, suspension.end) == (ASKED, SuspensionEnd.ANSWERED)


@pytest.mark.parametrize(("year", "code"), [(1, "instant_out_of_range"), (1000, "answered_before_asked")])
def test_no_answer_came_before_the_question_was_written_even_where_it_has_not_left(year: int, code: str) -> None:
    case = a_case(rights=("access",))
    suspension = asked(case, left=False)
    with pytest.raises(DomainError) as refused:
        answered(suspension, datetime(year, 1, 1, 12, tzinfo=UTC), case)
    assert refused.value.code == code


def test_a_question_that_has_not_left_is_stopped_once_its_right_is_decided() -> None:
    case = a_case(rights=("access", "erasure"))
    suspension = asked(case, "access", "erasure", left=False)
    actor = actor_for(member(case.organisation), case.organisation)
    for code, state in (("access", OutgoingState.PENDING), ("erasure", OutgoingState.STOPPED)):
        decision_submit(case_right=right_of(case, code), outcome="withdrawn", reasoning="They wrote so.", actor=actor)
        assert Outgoing.objects.get(pk=suspension.mail_id or 0).state == state
    suspension.refresh_from_db()
    assert suspension.end == SuspensionEnd.GIVEN_UP


def test_what_the_person_wrote_before_a_posted_letter_was_entered_counts_as_its_answer() -> None:
    case = a_case(rights=("access",), email="", postal="1 rue des Essais\n00000 Exempleville")
    message_receive(case=case, body="Here is what you asked.", at=ASKED + timedelta(days=2))
    suspension = asked(case, at=ASKED + timedelta(days=4), way="post", sent_on=ASKED.date())
    assert (suspension.end, suspension.answered_at) == (SuspensionEnd.ANSWERED, ASKED + timedelta(days=2))
    assert right_of(case, "access").stage == Stage.IN_PROGRESS


def test_what_is_overdue_does_not_become_timely_again() -> None:
    case = a_case(rights=("access",))
    suspension = asked(case)
    message_receive(case=case, body="Why do you ask?", at=ASKED + timedelta(days=1))
    due_on = right_of(case, "access").due_on
    actor = actor_for(member(case.organisation), case.organisation)
    with time_machine.travel(ASKED + timedelta(days=60), tick=False), pytest.raises(DomainError) as refused:
        suspension_continue(suspension=suspension, reason="It is a question of theirs.", actor=actor)
    assert refused.value.code == "due_date_passed"
    assert right_of(case, "access").due_on == due_on


def test_an_address_is_confirmed_also_where_the_facts_of_a_clock_contradict_each_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    case = a_case(rights=("access",))
    suspension = asked(case)
    Suspension.objects.filter(pk=suspension.pk).update(asked_at=RECEIVED_AT - timedelta(days=9))
    identity_establish(case=case, basis={"code": "viewed"}, actor=Actor.SYSTEM)
    case.refresh_from_db()
    assert case.identity_established_at is not None
    assert f"An answer on {case.reference} starts no clock: event_before_receipt" in caplog.text


def test_the_tracking_page_never_says_that_nothing_is_missing_while_a_question_is_there() -> None:
    case = a_case(rights=("access",))
    asked(case, left=False)
    (right,) = case.rights.all()
    assert right.stage == Stage.IN_PROGRESS
    words = rights_shown(case, [right])[0].words
    assert words == "We asked you something: look at the messages."


def test_what_a_machine_wrote_since_a_posted_letter_is_no_answer() -> None:
    case = a_case(rights=("access",), postal="1 rue des Essais\n00000 Exempleville")
    message_receive(case=case, body="I am away.", at=ASKED + timedelta(days=1), may_answer=False)
    suspension = asked(case, at=ASKED + timedelta(days=4), way="post", sent_on=ASKED.date())
    assert suspension.answered_at is None
    assert right_of(case, "access").stage == Stage.AWAITING_PERSON
