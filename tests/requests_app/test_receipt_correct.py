"""The day of arrival, corrected: old and new dates before saving, and every date counted from the new one."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from dsar.core.errors import DomainError
from dsar.core.models import AuditEvent
from requests_app import outbox
from requests_app.models import Case, CaseRight
from requests_app.services import notices_left, receipt_changes, receipt_correct
from requests_app.services.receipts import Dates
from requests_app.timeline import is_news
from requests_app.vocabulary import Stage
from tests.factories import RECEIVED_AT, a_case, actor_for, member, right_of
from tests.requests_app.test_case_suspend import ASKED, asked

pytestmark = pytest.mark.django_db
EARLIER = datetime(2026, 3, 2, 7, 30, tzinfo=UTC)
SHOWN = "2026-03-02T08:30:00+01:00 access=2026-04-02"
NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


def corrected(case: Case, received_at: datetime, *codes: str, reason: str = "The stamp of the mail room.") -> None:
    with time_machine.travel(NOW, tick=False):
        receipt_correct(
            case=case,
            rights=[right_of(case, code) for code in codes],
            received_at=received_at,
            reason=reason,
            actor=actor_for(member(case.organisation), case.organisation),
        )


def test_every_date_counts_from_the_corrected_day() -> None:
    case = a_case()
    corrected(case, EARLIER, "access", "marketing_objection")
    access, objection = right_of(case, "access"), right_of(case, "marketing_objection")
    assert (access.due_on, access.prudent_due_on, objection.target_on) == (
        date(2026, 4, 2), date(2026, 4, 2), date(2026, 3, 4),
    )  # fmt: skip
    case.refresh_from_db()
    assert (case.received_at, case.next_on) == (EARLIER, date(2026, 3, 4))
    event = AuditEvent.objects.get(chain__key=case.chain, kind="receipt.corrected")
    assert event.facts["before"]["access"] == RECEIVED_AT.isoformat()
    assert not is_news(case.messages.get(direction="inbound"))


def test_a_right_that_came_later_is_corrected_alone() -> None:
    case = a_case(rights=("access", "erasure"))
    later = RECEIVED_AT + timedelta(days=2)
    corrected(case, later, "erasure")
    case.refresh_from_db()
    assert case.received_at == RECEIVED_AT
    assert (right_of(case, "access").due_on, right_of(case, "erasure").due_on) == (date(2026, 4, 7), date(2026, 4, 7))
    assert right_of(case, "erasure").prudent_due_on == date(2026, 4, 7)


@pytest.mark.parametrize(
    ("received_at", "reason", "code"),
    [
        (NOW + timedelta(minutes=1), "A stamp.", "received_in_future"),
        (EARLIER, "  ", "reason_missing"),
        (ASKED + timedelta(days=1), "A stamp.", "event_before_receipt"),
    ],
)
def test_an_impossible_day_is_refused_and_nothing_is_written(received_at: datetime, reason: str, code: str) -> None:
    case = a_case(rights=("access",))
    asked(case, at=ASKED - timedelta(hours=1))
    with pytest.raises(DomainError) as refused:
        corrected(case, received_at, "access", reason=reason)
    assert refused.value.code == code
    assert right_of(case, "access").received_at == RECEIVED_AT


def test_an_answered_right_keeps_its_dates() -> None:
    case = a_case(rights=("access",))
    CaseRight.objects.filter(case=case).update(stage=Stage.ANSWERED, answered_at=NOW)
    with pytest.raises(DomainError) as refused:
        corrected(case, EARLIER, "access")
    assert refused.value.code == "right_answered"


def test_what_is_shown_is_what_is_saved() -> None:
    case = a_case()
    rights = [right_of(case, "access"), right_of(case, "marketing_objection")]
    shown = {change.case_right.right: change.after for change in receipt_changes(case, rights, EARLIER)}
    corrected(case, EARLIER, *shown)
    for code, dates in shown.items():
        saved = right_of(case, code)
        assert dates == Dates(saved.due_on, saved.paused_days, saved.prudent_due_on, saved.target_on)


def test_a_question_that_left_a_moment_ago_is_a_fact_that_the_new_day_may_not_contradict() -> None:
    case = a_case(rights=("access",))
    suspension = asked(case, left=False)
    with time_machine.travel(ASKED, tick=False):
        outbox.outbox_send(suspension.mail_id or 0)
    with pytest.raises(DomainError) as refused:
        corrected(case, ASKED + timedelta(days=1), "access")
    assert refused.value.code == "event_before_receipt"
    notices_left()
    assert right_of(case, "access").due_on is None


def test_the_page_shows_old_and_new_dates_before_it_saves(client: Client) -> None:
    case = a_case(rights=("access",))
    client.force_login(member(case.organisation))
    page = reverse("receipt-correct", args=[case.reference])
    # Typed in the organisation's time zone, whatever that of the member is.
    typed = {"version": case.version, "rights": ["access"], "received_at": "2026-03-02T08:30", "reason": "The stamp."}
    with time_machine.travel(NOW, tick=False):
        first = client.get(page).content.decode()
        assert 'value="2026-03-05T18:42"' in first
        shown = client.post(page, {**typed, "go": "show"}).content.decode()
        assert "Tue 7 April" in shown
        assert "Thu 2 April" in shown
        assert right_of(case, "access").received_at == RECEIVED_AT
        assert client.post(page, {**typed, "go": "save"}).status_code == 200, "what was not shown is shown first"
        assert right_of(case, "access").received_at == RECEIVED_AT
        other = {**typed, "received_at": "2026-03-01T08:30", "go": "save", "shown": SHOWN}
        assert client.post(page, other).status_code == 200, "another day than the one shown"
        assert right_of(case, "access").received_at == RECEIVED_AT
        assert client.post(page, {**typed, "go": "save", "shown": SHOWN}).status_code == 302
    assert right_of(case, "access").received_at == EARLIER
    assert client.post(page, {**typed, "received_at": "soon", "go": "show"}).status_code == 422


def test_of_two_people_who_correct_at_once_one_is_told(client: Client) -> None:
    case = a_case(rights=("access",))
    corrected(case, EARLIER, "access")
    client.force_login(member(case.organisation))
    typed = {"version": 1, "rights": ["access"], "received_at": "2026-03-03T08:30", "reason": "Another stamp."}
    typed |= {"go": "save", "shown": "2026-03-03T08:30:00+01:00 access=2026-04-03"}
    answer = client.post(reverse("receipt-correct", args=[case.reference]), typed)
    assert answer.status_code == 409
    assert "Another stamp." in answer.content.decode()
    assert right_of(case, "access").received_at == EARLIER
