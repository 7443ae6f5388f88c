"""The sweep and its ledger: each threshold once for each reader, and why what was not told was overtaken."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dsar.core.models import Organisation, Sweep, User
from dsar.core.roles import Role
from requests_app.models import Case, CaseRight, Decision, Digest, Extension, Outgoing, Reminder
from requests_app.models.cases import LOOK_NOW
from requests_app.services import case_suspend, message_receive, messages_read
from requests_app.services.digests import digest_send
from requests_app.services.reminders import rights_due, rights_to_look_at
from requests_app.vocabulary import DigestState, Outcome, OutgoingState, Review, Stage, SuspensionReason, Way
from tests.factories import MembershipFactory, TeamFactory, actor_for, member
from tests.requests_app.reminding import Desk, Sweeps, ledger, paris, right_changed

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def sweeps(monkeypatch: pytest.MonkeyPatch) -> Sweeps:
    return Sweeps(monkeypatch)


def subjects(mails: list[object]) -> list[tuple[str, str]]:
    return [(mail.to[0], mail.subject) for mail in mails]  # type: ignore[attr-defined]


def test_a_case_that_nobody_answers_is_told_day_by_day(desk: Desk, sweeps: Sweeps, mailoutbox: list[object]) -> None:
    case = desk.case()
    day = paris(3, 5, 20)
    told = []
    while day < paris(4, 9, 20):
        sweeps.at(day)
        told += [(day.strftime("%d %H"), to, subject) for to, subject in subjects(mailoutbox)]
        mailoutbox.clear()
        day += timedelta(hours=4)
    handler, dpo, one = desk.handler.email, desk.dpo.email, "1 date to watch"
    assert told == [
        ("23 08", handler, one),  # fourteen days before Sunday 5 April are a Sunday: the digest waits for Monday
        ("30 08", handler, one),
        ("02 08", handler, one),
        ("04 00", handler, f"Prudent date tomorrow: {case.reference}"),
        ("06 00", handler, f"Due tomorrow: {case.reference}"),
        ("07 00", handler, f"Due today: {case.reference}"),
        ("07 00", dpo, f"Due today: {case.reference}"),
        ("08 00", handler, f"Overdue: {case.reference}"),
        ("08 00", dpo, f"Overdue: {case.reference}"),
    ]
    assert Reminder.objects.filter(user=desk.reviewer).count() == 0


def test_after_an_outage_only_the_most_urgent_is_told(desk: Desk, sweeps: Sweeps, mailoutbox: list[object]) -> None:
    case = desk.case()
    sweeps.at(paris(4, 10, 15))
    assert subjects(mailoutbox) == [
        (desk.handler.email, f"Overdue: {case.reference}"), (desk.dpo.email, f"Overdue: {case.reference}"),
    ]  # fmt: skip
    missed = [("prudent", n) for n in (14, 7, 3, 1)] + [("due", n) for n in (1, 0, -1)]
    assert ledger(case, desk.handler) == {
        ("due", -3, "sent", ""), *((kind, n, "more_urgent", "due -3") for kind, n in missed),
    }  # fmt: skip
    assert ledger(case, desk.dpo) == {
        ("due", -3, "sent", ""), ("due", 0, "more_urgent", "due -3"), ("due", -1, "more_urgent", "due -3"),
    }  # fmt: skip


def test_sweeping_again_changes_nothing(desk: Desk, sweeps: Sweeps, mailoutbox: list[object]) -> None:
    desk.case()
    desk.unassigned()
    sweeps.at(paris(4, 10, 15))
    before = list(Reminder.objects.values()), list(Digest.objects.values()), list(CaseRight.objects.values())
    mailoutbox.clear()
    sweeps.at(paris(4, 10, 15, 5))
    assert before == (list(Reminder.objects.values()), list(Digest.objects.values()), list(CaseRight.objects.values()))
    assert mailoutbox == []


def test_the_sweep_notes_that_it_came_to_its_end(sweeps: Sweeps) -> None:
    sweeps.at(paris(4, 10, 15))
    assert Sweep.objects.get(name="reminders").ran_at == paris(4, 10, 15)


def test_a_right_is_looked_at_again_on_the_day_of_its_next_threshold(desk: Desk, sweeps: Sweeps) -> None:
    case = desk.case()
    assert case.rights.get().remind_on == LOOK_NOW
    sweeps.at(paris(3, 5, 20))
    assert case.rights.get().remind_on == date(2026, 3, 22)
    sweeps.at(paris(3, 31))
    assert case.rights.get().remind_on == date(2026, 4, 2)
    assert Reminder.objects.filter(kind="prudent").count() == 2


def test_the_day_is_that_of_the_organisation(desk: Desk) -> None:
    case = desk.case()
    right_changed(case)
    CaseRight.objects.update(remind_on=date(2026, 4, 4))
    midnight = datetime(2026, 4, 3, 22, tzinfo=UTC)  # in Paris, in summer
    assert not rights_due(midnight - timedelta(minutes=1)).exists()
    assert rights_due(midnight).exists()
    Organisation.objects.update(time_zone="Pacific/Auckland")
    assert rights_due(midnight - timedelta(hours=11)).exists()


def test_a_new_date_brings_new_reminders_and_overtakes_the_old_ones(
    desk: Desk, sweeps: Sweeps, mailoutbox: list[object]
) -> None:
    case = desk.case()
    sweeps.at(paris(3, 22, 12))  # Sunday: the line waits
    assert ledger(case) == {("prudent", 14, "waiting", "")}
    later = date(2026, 6, 5)
    right_changed(case, prudent_due_on=later, due_on=later)
    sweeps.at(paris(3, 22, 12, 5))
    assert ledger(case) == {("prudent", 14, "date_changed", "")}
    assert mailoutbox == []
    sweeps.at(paris(5, 22))
    assert ledger(case) == {("prudent", 14, "date_changed", ""), ("prudent", 14, "sent", "")}


def test_what_is_answered_or_suspended_before_the_digest_is_not_told(
    desk: Desk, sweeps: Sweeps, mailoutbox: list[object]
) -> None:
    answered, suspended = desk.case(), desk.case()
    sweeps.at(paris(4, 4, 12), send=False)
    sweeps.at(paris(4, 6, 12), send=False)
    right_changed(answered, stage=Stage.ANSWERED)
    right_changed(suspended, due_on=None)
    sweeps.at(paris(4, 6, 12, 5))
    assert ("due", 1, "answered", "") in ledger(answered)
    assert ("due", 1, "suspended", "") in ledger(suspended)
    # What was held back for the sake of the due date counts again, now that there is none.
    assert subjects(mailoutbox) == [(desk.handler.email, f"Prudent date passed: {suspended.reference}")]


def test_an_unassigned_case_is_told_to_its_team_and_after_three_days_to_the_dpo(
    desk: Desk, sweeps: Sweeps, mailoutbox: list[object]
) -> None:
    team = TeamFactory.create(organisation=desk.organisation)
    colleagues = [member(desk.organisation, team=team) for _ in range(2)]
    member(desk.organisation, Role.CONTRIBUTOR, team=team)
    case = desk.unassigned(rights=("access", "erasure"))
    case.team = team
    case.save()
    sweeps.at(paris(3, 6))
    assert {to for to, _ in subjects(mailoutbox)} == {colleague.email for colleague in colleagues}
    assert ledger(case) == {("unassigned", -1, "sent", "")}
    mailoutbox.clear()
    sweeps.at(paris(3, 10))
    assert {to for to, _ in subjects(mailoutbox)} == {user.email for user in (*colleagues, desk.dpo)}
    assert ledger(case, desk.dpo) == {("unassigned", -3, "sent", "")}


def test_without_a_team_everybody_who_works_on_cases_is_told(desk: Desk, sweeps: Sweeps) -> None:
    desk.unassigned()
    member(desk.organisation, Role.AUDITOR)
    sweeps.at(paris(3, 6))
    assert set(Reminder.objects.values_list("user", flat=True)) == {
        desk.handler.pk, desk.reviewer.pk, desk.dpo.pk,
    }  # fmt: skip


def test_a_case_of_somebody_who_has_left_counts_as_handled_by_nobody(desk: Desk, sweeps: Sweeps) -> None:
    case = desk.case()
    desk.handler.is_active = False
    desk.handler.save()
    sweeps.at(paris(3, 10))
    assert ledger(case, desk.reviewer) == {
        ("unassigned", -3, "sent", ""), ("unassigned", -1, "more_urgent", "unassigned -3"),
    }  # fmt: skip
    assert not Reminder.objects.filter(user=desk.handler).exists()


def test_where_nobody_is_left_the_privacy_lead_is_told(sweeps: Sweeps, desk: Desk) -> None:
    for gone in (desk.handler, desk.reviewer, desk.dpo):
        gone.is_active = False
        gone.save()
    case = desk.case()
    lead = MembershipFactory.create(organisation=desk.organisation, role=Role.ADMINISTRATOR).user
    Organisation.objects.filter(pk=desk.organisation.pk).update(privacy_lead=lead)
    sweeps.at(paris(3, 23))
    assert set(Reminder.objects.filter(kind="prudent").values_list("user", "is_escalation")) == {(lead.pk, True)}
    assert case.rights.get().remind_on == date(2026, 3, 29)


def test_where_nobody_at_all_can_be_told_the_sweep_keeps_looking(
    sweeps: Sweeps, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    for gone in (desk.handler, desk.reviewer, desk.dpo):
        gone.is_active = False
        gone.save()
    case = desk.case()
    sweeps.at(paris(3, 23))
    assert f"Reminders reach nobody in: {desk.organisation.slug}" in caplog.text
    late = member(desk.organisation)
    sweeps.at(paris(3, 23, 9, 5))
    assert ("prudent", 14, "sent", "") in ledger(case, late)


def test_an_acknowledgement_that_does_not_leave_is_told(desk: Desk, sweeps: Sweeps) -> None:
    case = desk.case()
    Outgoing.objects.filter(case=case).update(state=OutgoingState.FAILED)
    sweeps.at(paris(3, 6))
    assert ledger(case) == {("acknowledgement", -1, "sent", "")}


def test_an_unread_message_is_told_once_and_no_more_once_read(
    desk: Desk, sweeps: Sweeps, mailoutbox: list[object]
) -> None:
    case, other = desk.case(), desk.case()
    right_changed(other, stage=Stage.ANSWERED)
    for written in (case, other):
        message_receive(case=written, body="Where is my answer?", at=paris(3, 10, 11))
    sweeps.at(paris(3, 10, 20))
    assert not Reminder.objects.exists()
    sweeps.at(paris(3, 11, 7))
    assert ledger(case) == ledger(other) == {("unread", -1, "waiting", "")}
    messages_read(case=case, actor=actor_for(desk.handler, desk.organisation))
    sweeps.at(paris(3, 11, 8))
    assert (ledger(case), ledger(other)) == ({("unread", -1, "done", "")}, {("unread", -1, "sent", "")})
    assert rights_to_look_at(paris(3, 12)) == set()


def test_an_unread_message_of_an_answered_right_is_told_to_who_takes_over_while_the_mail_is_made(
    desk: Desk, sweeps: Sweeps, mailoutbox: list[object]
) -> None:
    case = desk.case()
    right_changed(case, stage=Stage.ANSWERED)
    message_receive(case=case, body="Where is my answer?", at=paris(3, 10, 11))
    sweeps.at(paris(3, 11, 8), send=False)
    Case.objects.update(assignee=desk.reviewer)
    with time_machine.travel(paris(3, 11, 8, 1), tick=False):
        digest_send(sweeps.queued.pop())
    sweeps.at(paris(3, 11, 8, 5))
    assert subjects(mailoutbox) == [(desk.reviewer.email, "1 date to watch")]
    assert ledger(case, desk.handler) == {("unread", -1, "handed_on", "")}


def in_review(desk: Desk, outcome: str = Outcome.GRANTED) -> CaseRight:
    right = right_changed(desk.case(), stage=Stage.IN_REVIEW, outcome=outcome)
    Decision.objects.create(
        case_right=right, outcome=outcome, author=desk.handler, written_at=paris(3, 20), review=Review.WAITING
    )
    return right


def test_a_review_that_is_not_done_is_told_to_the_reviewers(desk: Desk, sweeps: Sweeps) -> None:
    second = member(desk.organisation, Role.REVIEWER)
    right = in_review(desk)
    Decision.objects.update(author=second)
    sweeps.at(paris(4, 2))
    lines = Reminder.objects.filter(kind="review", superseded_because="")
    assert set(lines.values_list("user", "threshold", "is_urgent", "is_escalation")) == {
        (desk.reviewer.pk, 2, False, False), (desk.dpo.pk, 2, False, False),
    }  # fmt: skip
    assert right.case.assignee_id == desk.handler.pk


def test_a_review_begun_after_its_threshold_is_told_at_once(desk: Desk, sweeps: Sweeps) -> None:
    sweeps.at(paris(4, 4))
    in_review(desk)
    CaseRight.objects.update(remind_on=date(2026, 4, 30))  # the state alone makes the sweep look
    sweeps.at(paris(4, 4, 9, 5))
    assert set(Reminder.objects.filter(kind="review").values_list("threshold", "is_urgent")) == {(2, True)}


def test_a_refusal_that_is_written_and_not_told_has_reminders_of_its_own(desk: Desk, sweeps: Sweeps) -> None:
    right = in_review(desk, Outcome.REFUSED)
    CaseRight.objects.update(remind_on=date(2026, 6, 30), due_on=date(2026, 6, 7), prudent_due_on=date(2026, 6, 5))
    sweeps.at(paris(4, 7))
    lines = Reminder.objects.filter(kind="refusal_notice", superseded_because="")
    assert set(lines.values_list("user", "threshold", "is_escalation")) == {
        (desk.handler.pk, 0, False), (desk.dpo.pk, 0, True),
    }  # fmt: skip
    assert right.refusal_notice_due_on == date(2026, 4, 7)


def extended(right: CaseRight, desk: Desk, sent_at: datetime | None) -> None:
    Extension.objects.create(
        case_right=right, reason="volume", author=desk.handler, written_at=paris(3, 20), sent_at=sent_at,
        review=Review.APPROVED if sent_at else Review.WAITING,
    )  # fmt: skip


def test_the_last_days_of_an_extension_notice_are_told_while_one_can_leave(desk: Desk, sweeps: Sweeps) -> None:
    possible, decided, done, waiting, objection = (
        desk.case(), desk.case(), desk.case(), desk.case(), desk.case(rights=("marketing_objection",)),
    )  # fmt: skip
    right_changed(decided, stage=Stage.DECIDED)
    extended(done.rights.get(), desk, paris(3, 20))
    extended(waiting.rights.get(), desk, None)
    sweeps.at(paris(4, 2))
    told = {line.case_right.case for line in Reminder.objects.filter(kind="extension_notice")}
    assert told == {possible, waiting}
    assert ("review", 2, "sent", "") in ledger(waiting, desk.reviewer)
    assert objection.rights.get().extension_notice_prudent_on is not None


def test_an_extension_forgotten_on_an_answered_right_is_looked_at_no_more(desk: Desk, sweeps: Sweeps) -> None:
    case = desk.case()
    extended(case.rights.get(), desk, None)
    sweeps.at(paris(3, 10))
    assert rights_to_look_at(paris(3, 10)) == {case.rights.get().pk}
    right_changed(case, stage=Stage.ANSWERED)
    sweeps.at(paris(3, 11))
    assert rights_to_look_at(paris(3, 12)) == set()


def test_a_day_may_bring_the_notice_and_the_prudent_date_in_one_line(desk: Desk, sweeps: Sweeps) -> None:
    case = desk.case()
    sweeps.at(paris(3, 30))
    sweeps.at(paris(4, 2))
    assert ledger(case) == {
        ("prudent", 14, "more_urgent", "prudent 7"), ("prudent", 7, "sent", ""),
        ("prudent", 3, "more_urgent", "extension_notice 3"), ("extension_notice", 3, "sent", ""),
    }  # fmt: skip


def test_who_takes_over_is_told_and_who_hands_on_is_not(desk: Desk, sweeps: Sweeps) -> None:
    case = desk.case()
    sweeps.at(paris(3, 22, 12))
    case.assignee = desk.reviewer
    case.save()
    sweeps.at(paris(3, 23))
    assert ledger(case, desk.handler) == {("prudent", 14, "handed_on", "")}
    assert ledger(case, desk.reviewer) == {("prudent", 14, "sent", "")}


def handed(case: Case, user: User) -> None:
    """As every hand-over leaves it: the next sweep looks."""
    Case.objects.filter(pk=case.pk).update(assignee=user)
    right_changed(case)


def test_who_hands_on_and_takes_back_before_the_mail_left_is_told(
    desk: Desk, sweeps: Sweeps, mailoutbox: list[object]
) -> None:
    case = desk.case()
    sweeps.at(paris(4, 6, 0, 5), send=False)
    before = ledger(case, desk.handler)
    handed(case, desk.reviewer)
    sweeps.at(paris(4, 6, 0, 10), send=False)
    assert {why for _, _, why, _ in ledger(case, desk.handler)} == {"handed_on"}
    handed(case, desk.handler)
    sweeps.at(paris(4, 6, 0, 15))
    assert subjects(mailoutbox) == [(desk.handler.email, f"Due tomorrow: {case.reference}")]
    sent = {(kind, number, "sent" if state == "waiting" else state, by) for kind, number, state, by in before}
    assert ledger(case, desk.handler) == sent
    assert {why for _, _, why, _ in ledger(case, desk.reviewer)} == {"handed_on"}


@pytest.mark.parametrize(
    ("gone", "why"),
    [
        ({"due_on": date(2026, 4, 13), "prudent_due_on": date(2026, 4, 13)}, "date_changed"),
        ({"due_on": None}, "suspended"),
        ({"stage": Stage.ANSWERED}, "answered"),
    ],
)
def test_a_date_that_comes_back_before_the_mail_left_is_told(
    desk: Desk, sweeps: Sweeps, mailoutbox: list[object], gone: dict[str, Any], why: str
) -> None:
    case = desk.case()
    sweeps.at(paris(4, 7, 0, 5), send=False)
    right = case.rights.get()
    back = {name: getattr(right, name) for name in gone}
    right_changed(case, **gone)
    sweeps.at(paris(4, 7, 0, 10))
    assert ("due", 0, why, "") in ledger(case, desk.handler)
    right_changed(case, **back)
    sweeps.at(paris(4, 7, 0, 15))
    assert f"Due today: {case.reference}" in {subject for _, subject in subjects(mailoutbox)}
    assert ("due", 0, "sent", "") in ledger(case, desk.handler) & ledger(case, desk.dpo)


def test_a_line_that_comes_back_after_the_digest_left_without_it_goes_with_the_next(
    desk: Desk, sweeps: Sweeps, mailoutbox: list[object]
) -> None:
    case, other = desk.case(), desk.case()
    sweeps.at(paris(3, 23, 8), send=False)
    handed(case, desk.reviewer)
    digest = Digest.objects.get()
    with time_machine.travel(paris(3, 23, 8, 1), tick=False):
        digest_send(digest.pk)
    assert ledger(case, desk.handler) == {("prudent", 14, "handed_on", "")}
    handed(case, desk.handler)
    sweeps.queued.clear()
    sweeps.at(paris(3, 23, 8, 5))
    assert len(mailoutbox) == 1
    sweeps.at(paris(3, 24, 8))
    assert subjects(mailoutbox) == [(desk.handler.email, "1 date to watch")] * 2
    assert ledger(case, desk.handler) == ledger(other) == {("prudent", 14, "sent", "")}


def test_a_line_that_comes_back_is_as_urgent_as_it_is_by_then(
    desk: Desk, sweeps: Sweeps, mailoutbox: list[object]
) -> None:
    case = desk.case()
    right_changed(case, stage=Stage.IN_REVIEW)
    sweeps.at(paris(4, 1, 20))  # two working days before Sunday 5 April come at night, and wait for the morning
    sweeps.at(paris(4, 2, 0, 5))
    assert Reminder.objects.filter(kind="review", is_urgent=False, digest=None).exists()
    right_changed(case, stage=Stage.TO_DO)
    sweeps.at(paris(4, 2, 0, 10))
    assert ("review", 2, "done", "") in ledger(case, desk.reviewer)
    right_changed(case, stage=Stage.IN_REVIEW)
    sweeps.at(paris(4, 4, 9))
    assert (desk.reviewer.email, f"Review not done: {case.reference}") in subjects(mailoutbox)


def test_what_was_told_is_not_told_again_to_who_takes_back(
    desk: Desk, sweeps: Sweeps, mailoutbox: list[object]
) -> None:
    case = desk.case()
    sweeps.at(paris(3, 23))
    for day, user in ((24, desk.reviewer), (25, desk.handler)):
        handed(case, user)
        sweeps.at(paris(3, day))
    assert [to for to, _ in subjects(mailoutbox)] == [desk.handler.email, desk.reviewer.email]


@pytest.mark.parametrize("number", [1, 20])
def test_two_queries_find_what_is_due_whatever_the_number_of_rights(
    desk: Desk, number: int, django_assert_num_queries: Any
) -> None:
    for _ in range(number):
        desk.case()
    with django_assert_num_queries(2):  # the time zones of the organisations, then the rights
        assert len(rights_due(paris(4, 10))) == number
    with django_assert_num_queries(6):  # and one for each other reason to look
        assert len(rights_to_look_at(paris(4, 10))) == number


def test_the_number_of_queries_does_not_grow_with_the_rights(desk: Desk, sweeps: Sweeps) -> None:
    def queries(now: datetime) -> int:
        with CaptureQueriesContext(connection) as captured:
            sweeps.at(now, send=False)
        return sum(query["sql"].startswith("SELECT") for query in captured)  # SQLite writes in small portions

    desk.case()
    first = queries(paris(4, 10))
    for number in range(20):
        desk.case(rights=("access", "erasure"), submission=f"{100 + number:032x}")
    assert queries(paris(4, 10, 9, 5)) == first
    assert Digest.objects.filter(state=DigestState.WAITING).count() == 4


def test_a_right_suspended_by_an_open_question_is_told_by_the_age_of_the_question(desk: Desk, sweeps: Sweeps) -> None:
    case = desk.case()
    with time_machine.travel(paris(3, 9, 18), tick=False):
        case_suspend(
            case=case, rights=list(case.rights.all()), reason=SuspensionReason.IDENTITY, why="A name alone.",
            body="Which of our accounts is yours?", way=Way.POST, sent_on=date(2026, 3, 9),
            actor=actor_for(desk.handler, desk.organisation),
        )  # fmt: skip
    sweeps.at(paris(3, 9, 20))
    assert case.rights.get().remind_on == date(2026, 3, 22)  # the prudent date comes first
    sweeps.at(paris(3, 23))
    assert ledger(case) == {("prudent", 14, "sent", ""), ("suspension", -14, "sent", "")}
    sweeps.at(paris(5, 11))  # the sixtieth day is a holiday
    assert ledger(case, desk.dpo) == {("suspension", -60, "sent", "")}
    assert case.rights.get().remind_on is None

    with time_machine.travel(paris(5, 11, 10), tick=False):
        message_receive(case=case, body="The second one.")
    sweeps.at(paris(5, 11, 11))
    assert case.rights.get().due_on == date(2026, 6, 8)  # 27 days were left
    assert case.rights.get().remind_on == date(2026, 5, 12)  # somebody must have read the answer
