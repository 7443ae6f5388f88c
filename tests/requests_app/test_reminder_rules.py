"""Which thresholds are reached on a day, which comes next, and what goes at once: the table, without a database."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsar.core.jurisdictions import Calendar
from requests_app.reminder_rules import (
    RULES,
    Target,
    Watched,
    following_on,
    is_escalated,
    is_urgent,
    reached,
    targets,
)
from requests_app.vocabulary import ReminderKind as Kind

FRANCE = Calendar("FR")
PRUDENT, DUE = date(2026, 4, 5), date(2026, 4, 7)  # Easter Sunday; Tuesday, because of Easter Monday
days = st.dates(date(2026, 1, 1), date(2028, 12, 31))


def watched(today: date, **fields: Any) -> Watched:
    """A right that runs, due after Easter 2026."""
    defaults: dict[str, Any] = {
        "calendar": FRANCE, "is_answered": False, "is_in_review": False, "prudent_due_on": PRUDENT, "due_on": DUE,
    }  # fmt: skip
    return Watched(today=today, **{**defaults, **fields})


def seen(today: date, **fields: Any) -> dict[str, list[int]]:
    """The thresholds that are reached on a day, by kind."""
    right = watched(today, **fields)
    return {str(target.kind): found for target in targets(right) if (found := reached(target, right))}


def walked(first: date, last: date, **fields: Any) -> list[tuple[date, str, int]]:
    """What is new on each day on which the sweep looks, when it looks where it is told to look next."""
    day, known, told = first, set[tuple[str, int]](), []
    while day <= last:
        for kind, thresholds in seen(day, **fields).items():
            new = [threshold for threshold in thresholds if (kind, threshold) not in known]
            told += [(day, kind, threshold) for threshold in new]
            known.update((kind, threshold) for threshold in new)
        following = following_on(watched(day, **fields))
        if following is None:
            break
        assert following > day
        day = following
    return told


def test_days_count_back_from_the_prudent_date_and_overdue_ones_on_from_the_due_date() -> None:
    assert walked(date(2026, 3, 5), date(2026, 6, 10)) == [
        (date(2026, 3, 22), "prudent", 14),
        (date(2026, 3, 29), "prudent", 7),
        (date(2026, 4, 2), "prudent", 3),
        (date(2026, 4, 4), "prudent", 1),
        (date(2026, 4, 6), "due", 1),
        (date(2026, 4, 7), "due", 0),
        (date(2026, 4, 8), "due", -1),
        (date(2026, 4, 10), "due", -3),
        (date(2026, 4, 14), "due", -7),
        (date(2026, 4, 21), "due", -14),
        (date(2026, 5, 5), "due", -28),
        (date(2026, 5, 19), "due", -42),
        (date(2026, 6, 2), "due", -56),
    ]


def test_a_due_date_long_after_the_prudent_one_is_told_before_it_comes() -> None:
    told = walked(date(2026, 4, 6), date(2026, 5, 20), due_on=date(2026, 5, 20))
    assert [(kind, threshold) for _, kind, threshold in told] == [
        *(("prudent", threshold) for threshold in (14, 7, 3, 1)), ("due", 7), ("due", 3), ("due", 1), ("due", 0),
    ]  # fmt: skip


def test_an_overdue_date_never_goes_silent() -> None:
    told = walked(DUE, DUE + timedelta(days=400))
    gaps = [(after[0] - before[0]).days for before, after in pairwise(told)]
    assert max(gaps) == 14
    assert told[-1][0] > DUE + timedelta(days=380)


def test_our_own_target_is_told_on_its_day_and_overdue() -> None:
    told = walked(date(2026, 3, 5), date(2026, 3, 20), target_on=date(2026, 3, 9))
    assert told == [
        (date(2026, 3, 9), "target", 0), (date(2026, 3, 10), "target", -1), (date(2026, 3, 12), "target", -3),
    ]  # fmt: skip


def test_a_suspended_right_tells_its_question_and_the_prudent_date_only() -> None:
    suspended = {
        "due_on": None, "asked_on": (date(2026, 3, 10),), "target_on": date(2026, 3, 9), "is_in_review": True,
        "extension_notice_on": PRUDENT, "refusal_notice_on": DUE,
    }  # fmt: skip
    assert seen(date(2026, 6, 1), **suspended) == {"prudent": [14, 7, 3, 1], "suspension": [-14, -28, -60]}
    assert following_on(watched(date(2026, 4, 20), **suspended)) == date(2026, 5, 9)
    assert following_on(watched(date(2026, 6, 1), **suspended)) is None


def test_an_answered_right_tells_only_that_somebody_must_read() -> None:
    assert seen(date(2026, 6, 1), is_answered=True, unread_since=date(2026, 5, 28), unassigned_since=PRUDENT) == {
        "unread": [-1]
    }


def test_days_to_look_at_something_are_working_days() -> None:
    friday = date(2026, 4, 3)
    waiting = {"unassigned_since": friday, "unread_since": friday, "unacknowledged_since": friday}
    apart = {"prudent_due_on": date(2026, 6, 1), "due_on": date(2026, 6, 1)}
    assert seen(date(2026, 4, 6), **waiting, **apart) == {}  # Easter Monday
    assert seen(date(2026, 4, 7), **waiting, **apart) == {
        "unread": [-1], "unassigned": [-1], "acknowledgement": [-1],
    }  # fmt: skip
    assert seen(date(2026, 4, 9), **waiting, **apart)["unassigned"] == [-1, -3]


def test_a_review_is_told_two_working_days_before_the_prudent_date() -> None:
    assert "review" not in seen(date(2026, 4, 1), is_in_review=True)
    assert seen(date(2026, 4, 2), is_in_review=True)["review"] == [2]  # Sunday 5: Friday is one, Thursday two
    assert seen(date(2026, 4, 7), is_in_review=True)["review"] == [2, 0]


def test_an_extension_in_review_and_its_notice_are_told_before_the_prudent_date_of_the_notice() -> None:
    extending = {"extension_notice_on": PRUDENT, "extension_review_on": PRUDENT}
    assert seen(date(2026, 4, 2), **extending) == {"prudent": [14, 7, 3], "extension_notice": [3], "review": [2]}


def test_a_refusal_is_told_around_its_own_date() -> None:
    told = [line for line in walked(date(2026, 4, 1), date(2026, 4, 9), refusal_notice_on=DUE) if line[1][0] == "r"]
    assert [threshold for _, _, threshold in told] == [3, 1, 0, -1]


@pytest.mark.parametrize(
    ("kind", "threshold", "escalated"),
    [
        (Kind.PRUDENT, 1, False), (Kind.DUE, 1, False), (Kind.DUE, 0, True), (Kind.DUE, -28, True),
        (Kind.TARGET, 0, False), (Kind.TARGET, -1, True), (Kind.REFUSAL_NOTICE, 1, False),
        (Kind.REFUSAL_NOTICE, 0, True), (Kind.REVIEW, 2, True), (Kind.UNASSIGNED, -1, False),
        (Kind.UNASSIGNED, -3, True), (Kind.SUSPENSION, -28, False), (Kind.SUSPENSION, -60, True),
        (Kind.UNREAD, -1, False), (Kind.EXTENSION_NOTICE, 3, False),
    ],
)  # fmt: skip
def test_what_also_goes_to_whoever_answers_for_the_organisation(kind: Kind, threshold: int, escalated: bool) -> None:
    assert is_escalated(kind, threshold) is escalated


def test_what_is_due_within_a_day_goes_at_once() -> None:
    today = date(2026, 4, 7)
    assert [is_urgent(Target(Kind.DUE, today + timedelta(days=left)), today) for left in (-3, 0, 1, 2)] == [
        True, True, True, False,
    ]  # fmt: skip
    assert not is_urgent(Target(Kind.UNREAD, today), today)


def test_every_kind_has_its_rule() -> None:
    assert set(RULES) == set(Kind)


@given(prudent=days, slack=st.integers(0, 90), today=days, asked=days, suspended=st.booleans())
def test_looking_where_told_finds_the_same_as_looking_every_day(
    prudent: date, slack: int, today: date, asked: date, suspended: bool
) -> None:
    fields: dict[str, Any] = {
        "prudent_due_on": prudent, "due_on": None if suspended else prudent + timedelta(days=slack),
        "asked_on": (asked,), "extension_notice_on": prudent, "refusal_notice_on": prudent, "is_in_review": True,
    }  # fmt: skip
    following = following_on(watched(today, **fields))
    until = following or today + timedelta(days=60)
    before = seen(today, **fields)
    for ahead in range(1, (until - today).days):
        assert seen(today + timedelta(days=ahead), **fields) == before
    if following:
        assert seen(following, **fields) != before
