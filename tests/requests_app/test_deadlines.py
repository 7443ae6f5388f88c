"""The period of GDPR art. 12(3) in France, against worked examples of the EDPB and against its own properties."""

import csv
import os
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsar.core.errors import DomainError
from dsar.core.jurisdictions import jurisdiction
from requests_app.deadlines import (
    RULES,
    Deadline,
    Event,
    Facts,
    Rule,
    deadline,
    events_parse,
    months_after,
    rule_for,
    working_days_after,
)
from tests.parts import shared_path

PARIS = ZoneInfo("Europe/Paris")
FRANCE = jurisdiction("FR").calendar
PROMISED_KEYS = [
    "due_on", "last_day", "prudent_due_on", "extension_notice_due_on", "extension_notice_prudent_on",
    "refusal_notice_due_on", "state", "remaining_days", "flags", "rule", "calendar", "explanation",
]


def computed(received_at: str | datetime, on: date = date(2026, 1, 1), events: tuple[Event, ...] = ()) -> Deadline:
    """The deadline in France; a text without an offset is Paris time."""
    moment = datetime.fromisoformat(received_at) if isinstance(received_at, str) else received_at
    moment = moment if moment.tzinfo else moment.replace(tzinfo=PARIS)
    return deadline(Facts("FR", "Europe/Paris", moment, events), on)


@pytest.mark.parametrize(
    ("received_at", "due_on"),
    [
        ("2027-03-05T10:00", "2027-04-05"),  # EDPB 01/2022 example 32, in a year where 5 April is a working day
        ("2026-08-31T09:00", "2026-09-30"),  # EDPB 01/2022 example 33
        ("2026-03-05T18:42", "2026-04-07"),  # Sunday, then Easter Monday
        ("2026-04-23T10:00", "2026-05-26"),  # Saturday, Sunday, Whit Monday
        ("2026-04-14T10:00", "2026-05-15"),  # Ascension Day, a Thursday; the Friday after it is a working day
        ("2026-04-01T10:00", "2026-05-04"),  # Labour Day, a Friday, then the weekend
        ("2025-11-26T10:00", "2025-12-26"),  # a holiday in Alsace and Moselle only
        ("2026-03-03T10:00", "2026-04-03"),  # Good Friday, likewise
        ("2024-01-29T10:00", "2024-02-29"),
        ("2024-01-31T10:00", "2024-02-29"),  # the last day of a leap February
        ("2025-01-31T10:00", "2025-02-28"),
        ("2028-02-29T10:00", "2028-03-29"),  # the date-number counts, not the end of the month
        ("2024-02-29T10:00", "2024-03-29"),
        ("2026-12-31T10:00", "2027-02-01"),  # over the year, to a Sunday
        ("2026-06-30T23:59:59.999999", "2026-07-30"),
        ("2026-07-01T00:00:00", "2026-08-03"),
        ("2026-06-30T22:00:00+00:00", "2026-08-03"),  # midnight in Paris
        ("2026-02-27T20:00:00-05:00", "2026-03-30"),  # written in New York on the 27th, in Paris on the 28th
        ("2026-03-29T00:59:59+00:00", "2026-04-29"),  # the last second of winter time
        ("2026-03-29T01:00:00+00:00", "2026-04-29"),
        ("2026-10-24T22:00:00+00:00", "2026-11-25"),  # midnight before the longest day: Sunday 25 October
        ("2026-10-25T23:00:00+00:00", "2026-11-26"),  # midnight after it
    ],
)
def test_due_date(received_at: str, due_on: str) -> None:
    assert computed(received_at).due_on == date.fromisoformat(due_on)


def test_shared_vectors_of_france_without_events_all_pass() -> None:
    with shared_path("law", "deadline_vectors.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["jurisdiction"] == "FR" and not row["events"]]
    assert len(rows) > 20
    wrong = [
        (row["received_at"], row["due_date"], found)
        for row in rows
        if (found := str(computed(row["received_at"]).due_on)) != row["due_date"]
    ]
    assert not wrong


def test_every_promised_field_of_one_case() -> None:
    found = computed("2026-03-05T18:42", on=date(2026, 4, 2)).as_json()
    explanation = found.pop("explanation")
    assert list(found) == PROMISED_KEYS[:-1]
    assert found["calendar"].startswith("FR holidays-")
    del found["calendar"]
    assert found == {
        "due_on": "2026-04-07",
        "last_day": "2026-04-05",
        "prudent_due_on": "2026-04-05",
        "extension_notice_due_on": "2026-04-07",
        "extension_notice_prudent_on": "2026-04-05",
        "refusal_notice_due_on": "2026-04-07",
        "state": "running",
        "remaining_days": 5,
        "flags": [],
        "rule": "FR 1",
    }
    assert [(step["code"], step["source"]) for step in explanation] == [
        ("received", "EDPB 01/2022 §159"),
        ("month", "GDPR art. 12(3); Reg. 1182/71 art. 3(2)(c)"),
        ("rolled", "Reg. 1182/71 art. 3(4)"),
        ("due", "Reg. 1182/71 art. 3(4)"),
    ]
    assert explanation[2]["parameters"]["days"] == [
        {"day": "2026-04-05", "reason": "sunday"},
        {"day": "2026-04-06", "reason": "public_holiday", "name": "Lundi de Pâques"},
    ]
    assert explanation[3]["parameters"]["aim_on"] == "2026-04-03"


def test_a_month_without_that_day_says_so() -> None:
    assert [step["code"] for step in computed("2026-08-31T09:00").explanation] == ["received", "month_end", "due"]


@pytest.mark.parametrize(
    ("on", "state", "remaining_days"),
    [("2026-03-05", "running", 33), ("2026-04-07", "running", 0), ("2026-04-08", "overdue", -1)],
)
def test_the_last_day_is_not_overdue(on: str, state: str, remaining_days: int) -> None:
    found = computed("2026-03-05T18:42", on=date.fromisoformat(on))
    assert (found.state, found.remaining_days) == (state, remaining_days)


@pytest.mark.parametrize(
    ("answered_on", "on", "state", "flags"),
    [
        ("2026-04-07", "2026-04-20", "closed", []),
        ("2026-04-08", "2026-04-20", "closed", ["answered_late"]),
        ("2026-04-08", "2026-04-07", "running", []),  # not yet answered on the day for which it is asked
    ],
)
def test_an_answer_closes(answered_on: str, on: str, state: str, flags: list[str]) -> None:
    events = (Event("answered", date.fromisoformat(answered_on)),)
    found = computed("2026-03-05T18:42", on=date.fromisoformat(on), events=events)
    assert (found.state, found.flags) == (state, flags)
    assert (found.remaining_days is None) == (state == "closed")
    assert found.due_on == date(2026, 4, 7)


@pytest.mark.parametrize(
    ("events", "code"),
    [
        ("suspend:identity 2026-03-10;resume 2026-03-12", "event_not_computed"),
        ("extend 2026-03-10", "event_not_computed"),
        ("answered 2026-03-10;suspend 2026-03-06", "event_not_computed"),
        ("paused 2026-03-10", "event_unknown"),
        ("answered 2026-03-04", "event_before_receipt"),
        ("answered", "event_not_understood"),
        ("answered 2026-02-30", "event_not_understood"),
    ],
)
def test_an_event_that_is_not_computed_is_refused_and_never_ignored(events: str, code: str) -> None:
    with pytest.raises(DomainError) as refused:
        computed("2026-03-05T18:42", events=events_parse(events))
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (("DE", "Europe/Berlin", "2026-03-05T10:00+01:00"), "jurisdiction_unknown"),
        (("fr", "Europe/Paris", "2026-03-05T10:00+01:00"), "jurisdiction_unknown"),
        (("FR-57", "Europe/Paris", "2026-03-05T10:00+01:00"), "jurisdiction_unknown"),
        (("FR", "Europe", "2026-03-05T10:00+01:00"), "time_zone_unknown"),
        (("FR", "../etc/passwd", "2026-03-05T10:00+01:00"), "time_zone_unknown"),
        (("FR", "Europe/Paris", "9999-12-31T23:59-12:00"), "instant_out_of_range"),
        (("FR", "Europe/Paris", "0001-01-01T00:00+12:00"), "instant_out_of_range"),
        (("FR", "Europe/Paris", "2600-01-01T00:00+01:00"), "calendar_unknown"),
        (("FR", "Europe/Paris", "2100-12-15T00:00+01:00"), "calendar_unknown"),  # due in a year without a calendar
    ],
)
def test_what_is_not_known_is_said(facts: tuple[str, str, str], code: str) -> None:
    place, time_zone, received_at = facts
    with pytest.raises(DomainError) as refused:
        deadline(Facts(place, time_zone, datetime.fromisoformat(received_at)), date(2026, 1, 1))
    assert refused.value.code == code


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        deadline(Facts("FR", "Europe/Paris", datetime(2026, 3, 5)), date(2026, 1, 1))  # noqa: DTZ001 - the point


def test_the_rule_is_that_of_the_day_of_receipt(monkeypatch: pytest.MonkeyPatch) -> None:
    later = Rule("FR", version=2, applies_from=date(2027, 1, 1), months=2)
    monkeypatch.setitem(RULES, "FR", (*RULES["FR"], later))
    assert computed("2026-12-31T23:59").rule == "FR 1"
    assert computed("2027-01-01T00:00").rule == "FR 2"
    assert computed("2027-01-01T00:00").due_on == date(2027, 3, 1)
    assert [rule_for("FR", day).version for day in (date(2018, 5, 25), date(2030, 1, 1))] == [1, 2]
    assert computed("2018-05-24T10:00").flags == ["before_rule"]


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("2026-04-02", "2026-04-07"),  # Friday counts, then the weekend and Easter Monday do not
        ("2026-04-03", "2026-04-08"),
        ("2026-04-04", "2026-04-08"),  # received on a Saturday
        ("2026-03-02", "2026-03-04"),
        ("2026-12-31", "2027-01-05"),
    ],
)
def test_target_is_two_working_days_after_receipt(start: str, expected: str) -> None:
    assert working_days_after(date.fromisoformat(start), 2, FRANCE) == date.fromisoformat(expected)


def test_three_months_are_counted_from_the_start_and_not_in_steps() -> None:
    assert months_after(date(2026, 1, 31), 3) == date(2026, 4, 30)
    assert months_after(date(2027, 11, 30), 3) == date(2028, 2, 29)


@pytest.fixture
def server_zones() -> Iterator[list[str]]:
    """Names of time zones for the process; its own is put back afterwards."""
    before = os.environ.get("TZ")
    yield ["UTC", "Pacific/Kiritimati", "America/Adak", "Asia/Kathmandu"]
    if before is None:
        os.environ.pop("TZ", None)
    else:
        os.environ["TZ"] = before
    time.tzset()


def test_the_zone_of_the_server_changes_nothing(server_zones: list[str]) -> None:
    moments = [datetime(2026, 6, 30, hour, 30, tzinfo=UTC) for hour in range(24)]
    expected = [computed(moment) for moment in moments]
    for name in server_zones:
        os.environ["TZ"] = name
        time.tzset()
        assert [computed(moment) for moment in moments] == expected


instants = st.datetimes(
    min_value=datetime(1990, 1, 1),  # noqa: DTZ001 - Hypothesis adds the offset below
    max_value=datetime(2090, 12, 31),  # noqa: DTZ001
    timezones=st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)


@given(instants)
def test_any_instant_has_a_due_date_on_a_working_day(moment: datetime) -> None:
    found = computed(moment)
    assert found.due_on is not None
    assert found.last_day is not None
    assert found.due_on.weekday() < 5
    assert FRANCE.holiday(found.due_on) is None
    assert timedelta(0) <= found.due_on - found.last_day <= timedelta(days=4)
    received_on = moment.astimezone(PARIS).date()
    assert timedelta(days=28) <= found.last_day - received_on <= timedelta(days=31)
    assert found.prudent_due_on == found.last_day
    assert found.explanation[-1]["code"] == "due"
    assert found.explanation[-1]["parameters"]["due_on"] == found.due_on.isoformat()


@given(instants, instants)
def test_who_comes_later_is_never_due_earlier(one: datetime, other: datetime) -> None:
    first, second = (computed(moment).due_on for moment in sorted((one, other)))
    assert first is not None
    assert second is not None
    assert first <= second


@given(instants, st.integers(0, 40))
def test_close_receipts_are_in_order_too(moment: datetime, days: int) -> None:
    first, second = computed(moment).due_on, computed(moment + timedelta(days=days)).due_on
    assert first is not None
    assert second is not None
    assert first <= second


@given(instants, st.integers(-23, 23))
def test_the_way_an_instant_is_written_changes_nothing(moment: datetime, hours: int) -> None:
    assert computed(moment) == computed(moment.astimezone(timezone(timedelta(hours=hours))))
