"""The period of every rule, against worked examples, a table of our own, and its own properties."""

import csv
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsar.core.errors import DomainError
from dsar.core.jurisdictions import COUNTRY_ZONES, SCHOOL_ZONES, jurisdiction, jurisdiction_codes, zone
from requests_app import deadlines
from requests_app.deadline_rules import REASONS, RULES, Period, Rule, months_after, rule_for
from requests_app.deadlines import Deadline, Facts, Pause, deadline, facts_parse, working_days_after
from tests.parts import shared_path
from tests.requests_app.deadline_table import PLACES, known_facts, pauses, table_failures, table_rows

PARIS = ZoneInfo("Europe/Paris")
FRANCE = jurisdiction("FR").calendar
PROMISED_KEYS = [
    "due_on", "last_day", "prudent_due_on", "extension_notice_due_on", "extension_notice_prudent_on",
    "refusal_notice_due_on", "state", "remaining_days", "flags", "rule", "calendar", "explanation",
]


def computed(
    received_at: str | datetime, on: date = date(2026, 1, 1), events: str = "", code: str = "FR"
) -> Deadline:
    """The deadline in France or elsewhere; a text without an offset is local time."""
    moment = datetime.fromisoformat(received_at) if isinstance(received_at, str) else received_at
    return deadline(facts_parse(code, moment, events), on)


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


def test_every_row_of_our_own_table_comes_out() -> None:
    assert len(table_rows()) >= 80
    assert list(table_failures(deadlines)) == []


def test_shared_vectors_all_pass() -> None:
    with shared_path("law", "deadline_vectors.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    wrong = [
        (row, found)
        for row in rows
        if (found := str(computed(row["received_at"], events=row["events"], code=row["jurisdiction"]).due_on))
        != row["due_date"].replace("SUSPENDED", "None")
    ]
    assert (len(rows), wrong) == (78, [])


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
    found = computed("2026-03-05T18:42", on=date.fromisoformat(on), events=f"answered {answered_on}")
    assert (found.state, found.flags) == (state, flags)
    assert (found.remaining_days is None) == (state == "closed")
    assert found.due_on == date(2026, 4, 7)


@pytest.mark.parametrize(
    ("events", "code"),
    [
        ("paused 2026-03-10", "event_unknown"),
        ("extend:volume 2026-03-10", "event_unknown"),
        ("suspend:mood 2026-03-10", "reason_unknown"),
        ("answered 2026-03-04", "event_before_receipt"),
        ("suspend 2026-03-04", "event_before_receipt"),
        ("extend 2026-03-04", "event_before_receipt"),
        ("resume 2026-03-10", "resume_without_question"),
        ("suspend:clarify 2026-03-10;resume:identity 2026-03-12", "resume_without_question"),
        ("resume 2026-03-09;suspend 2026-03-10", "resume_without_question"),
        ("suspend 2026-03-10;resume 2026-03-12;resume 2026-03-13", "resume_without_question"),
        ("suspend 2026-03-10;resume 2101-03-12", "calendar_unknown"),
        ("answered", "event_not_understood"),
        ("answered 2026-02-30", "event_not_understood"),
        ("answered on 2026-02-20", "event_not_understood"),
    ],
)
def test_an_event_that_is_not_understood_is_refused_and_never_ignored(events: str, code: str) -> None:
    with pytest.raises(DomainError) as refused:
        computed("2026-03-05T18:42", events=events)
    assert refused.value.code == code


def test_events_are_taken_in_order_of_their_days_and_resume_answers_what_it_means() -> None:
    moment = datetime(2026, 3, 5, 18, 42, tzinfo=PARIS)
    facts = facts_parse(
        "FR", moment, "resume 2026-03-12; suspend:clarify 2026-03-09 ;suspend 2026-03-10;;resume:clarify 2026-03-20"
    )
    assert facts.pauses == (
        Pause("clarify", date(2026, 3, 9), date(2026, 3, 20)),
        Pause("identity", date(2026, 3, 10), date(2026, 3, 12)),
    )
    both = facts_parse("FR", moment, "suspend:clarify 2026-03-09;suspend:fee 2026-03-10;resume 2026-03-12").pauses
    assert {pause.answered_on for pause in both} == {date(2026, 3, 12)}


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (("fr", "Europe/Paris", "2026-03-05T10:00+01:00"), "jurisdiction_unknown"),
        (("FR-75", "Europe/Paris", "2026-03-05T10:00+01:00"), "jurisdiction_unknown"),
        (("US", "America/Los_Angeles", "2026-03-05T10:00+01:00"), "jurisdiction_unknown"),
        (("FR", "Europe", "2026-03-05T10:00+01:00"), "time_zone_unknown"),
        (("FR", "../etc/passwd", "2026-03-05T10:00+01:00"), "time_zone_unknown"),
        (("FR", "Europe/Paris", "9999-12-31T23:59-12:00"), "instant_out_of_range"),
        (("FR", "Europe/Paris", "0001-01-01T00:00+12:00"), "instant_out_of_range"),
        (("FR", "Europe/Paris", "2600-01-01T00:00+01:00"), "calendar_unknown"),
        (("FR", "Europe/Paris", "2100-12-15T00:00+01:00"), "calendar_unknown"),  # due in a year without a calendar
        (("US-CA", "UTC", "9998-12-31T00:00+00:00"), "calendar_unknown"),
    ],
)
def test_what_is_not_known_is_said(facts: tuple[str, str, str], code: str) -> None:
    place, time_zone, received_at = facts
    with pytest.raises(DomainError) as refused:
        deadline(Facts(place, time_zone, datetime.fromisoformat(received_at)), date(2026, 1, 1))
    assert refused.value.code == code


def test_facts_that_contradict_each_other_are_refused() -> None:
    facts = Facts("FR", "Europe/Paris", datetime(2026, 3, 5, tzinfo=PARIS))
    backwards = Pause("identity", date(2026, 3, 10), date(2026, 3, 9))
    for wrong, code in (
        (replace(facts, pauses=(backwards,)), "answer_before_question"),
        (replace(facts, counting="generous"), "counting_unknown"),
    ):
        with pytest.raises(DomainError) as refused:
            deadline(wrong, date(2026, 4, 1))
        assert refused.value.code == code


@pytest.mark.parametrize(
    ("reason", "is_voluminous", "flags"),
    [
        ("clarify", False, ["contestable"]),
        ("clarify", True, []),
        ("clarify", None, []),
        ("identity", False, []),
    ],
)
def test_a_scope_question_about_few_data_can_be_contested(
    reason: str, is_voluminous: bool | None, flags: list[str]
) -> None:
    asked = Pause(reason, date(2026, 3, 6), is_voluminous=is_voluminous)
    facts = Facts("FR", "Europe/Paris", datetime(2026, 3, 5, tzinfo=PARIS), (asked,))
    assert deadline(facts, date(2026, 4, 1)).flags == flags


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        deadline(Facts("FR", "Europe/Paris", datetime(2026, 3, 5)), date(2026, 1, 1))  # noqa: DTZ001 - the point


def test_the_rule_is_that_of_the_day_of_receipt(monkeypatch: pytest.MonkeyPatch) -> None:
    later = Rule("FR", 2, date(2027, 1, 1), Period(months=2), {"period": "a law to come", "roll": "the same"})
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
    cases = [(moment, code) for moment in moments for code in (*PLACES, "FR-974", "PT-20")]
    events = "suspend 2026-07-02;resume 2026-07-07;extend 2026-07-20"
    on = date(2026, 8, 1)

    def all_of_them() -> list[Deadline]:
        return [computed(moment, on, events, code) for moment, code in cases]

    expected = all_of_them()
    for name in server_zones:
        os.environ["TZ"] = name
        time.tzset()
        assert all_of_them() == expected


def test_the_regions_are_those_of_the_library_without_school_zones() -> None:
    codes = jurisdiction_codes()
    assert set(COUNTRY_ZONES) - set(codes) == {"GB", "US"}  # England stands for GB; of the US only California
    assert {"DE-BY", "ES-CN", "FR-57", "FR-6AE", "FR-974", "IT-RM", "PT-30", "GB-SCT", "CH-ZH", "BR-SP"} <= set(codes)
    assert not SCHOOL_ZONES & set(codes)
    assert {jurisdiction(code).rule for code in codes} == set(RULES)
    for code in codes:
        place = jurisdiction(code)
        assert (place.code, place.calendar.code) == (code, code)
        zone(place.time_zone)


@pytest.mark.parametrize(
    ("alias", "code"),
    [
        ("EL", "GR"), ("UK", "GB-ENG"), ("GB", "GB-ENG"), ("UK-SCT", "GB-SCT"), ("FR-67", "FR-6AE"),
        ("FR-68", "FR-6AE"), ("FR-RE", "FR-974"), ("FR-GP", "FR-971"), ("FR-GF", "FR-973"), ("DE-Bayern", "DE-BY"),
    ],
)
def test_an_alias_is_kept_under_its_canonical_code(alias: str, code: str) -> None:
    assert jurisdiction(alias) == jurisdiction(code)
    assert computed("2026-03-05T10:00", code=alias).calendar.startswith(f"{code} holidays-")


@pytest.mark.parametrize(
    ("code", "words"), [("FR-75", "FR-57"), ("de-by", "DE-BY"), ("ZZ", "AT, BE, BG"), ("FR-", "FR")]
)
def test_an_unknown_code_names_a_few_near_ones(code: str, words: str) -> None:
    with pytest.raises(DomainError, match=words) as refused:
        jurisdiction(code)
    assert len(str(refused.value)) < 250


def test_calendars_that_changed_lately_are_in_the_library() -> None:
    assert not jurisdiction("IT").calendar.is_working_day(date(2027, 10, 4))  # a holiday again from 2026
    assert jurisdiction("IT").calendar.is_working_day(date(2024, 10, 4))
    assert not jurisdiction("GB-SCT").calendar.is_working_day(date(2026, 6, 15))  # that year only
    assert not jurisdiction("FR-57").calendar.is_working_day(date(2025, 12, 26))
    assert not jurisdiction("FR-6AE").calendar.is_working_day(date(2026, 4, 3))
    assert not jurisdiction("FR-974").calendar.is_working_day(date(2027, 12, 20))
    assert not jurisdiction("LU").calendar.is_working_day(date(2026, 6, 23))


instants = st.datetimes(
    min_value=datetime(2010, 1, 1),  # noqa: DTZ001 - Hypothesis adds the offset below
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


@given(st.sampled_from(PLACES), instants, instants)
def test_who_comes_later_is_never_due_earlier(code: str, one: datetime, other: datetime) -> None:
    first, second = (computed(moment, code=code).due_on for moment in sorted((one, other)))
    assert first is not None
    assert second is not None
    assert first <= second


@given(st.sampled_from(jurisdiction_codes()), st.dates(date(2017, 1, 1), date(2090, 1, 1)), st.integers(0, 40))
def test_close_receipts_are_in_order_everywhere(code: str, received_on: date, days: int) -> None:
    moment = datetime.combine(received_on, datetime.min.time())
    first, second = computed(moment, code=code).due_on, computed(moment + timedelta(days=days), code=code).due_on
    assert first is not None
    assert second is not None
    assert first <= second


@given(instants, st.integers(-23, 23))
def test_the_way_an_instant_is_written_changes_nothing(moment: datetime, hours: int) -> None:
    assert computed(moment) == computed(moment.astimezone(timezone(timedelta(hours=hours))))


@given(known_facts(places=jurisdiction_codes()))
def test_a_due_date_is_a_working_day_wherever_the_rule_rolls(facts: Facts) -> None:
    found = deadline(facts, facts.received_at.date())
    place = jurisdiction(facts.jurisdiction)
    for day in (found.due_on, found.extension_notice_due_on, found.refusal_notice_due_on):
        if day is not None and place.rule not in ("US-CA", "BR"):
            assert place.calendar.is_working_day(day)


@given(known_facts(), st.integers(0, 150))
def test_an_extension_never_gives_an_earlier_date(facts: Facts, days: int) -> None:
    received_on = facts.received_at.date()
    plain = deadline(replace(facts, extended_on=None), received_on)
    extended = deadline(replace(facts, extended_on=received_on + timedelta(days=days)), received_on)
    assert (plain.due_on is None) <= (extended.due_on is None)
    assert extended.prudent_due_on >= plain.prudent_due_on
    assert extended.extension_notice_due_on == plain.extension_notice_due_on
    assert extended.refusal_notice_due_on == plain.refusal_notice_due_on
    if plain.due_on and extended.due_on:
        assert extended.due_on >= plain.due_on


@given(known_facts(questions=0), st.data())
def test_an_answered_suspension_never_shortens(facts: Facts, data: st.DataObject) -> None:
    received_on = facts.received_at.date()
    asked = data.draw(pauses(received_on, answered=True))
    plain, suspended = deadline(facts, received_on), deadline(replace(facts, pauses=(asked,)), received_on)
    assert plain.due_on is not None
    assert suspended.due_on is not None
    assert suspended.due_on >= plain.due_on
    assert suspended.extension_notice_prudent_on == plain.extension_notice_prudent_on


def explained(found: Deadline, code: str) -> list[dict[str, str]]:
    """The parameters of the steps of one code."""
    return [step["parameters"] for step in found.explanation if step["code"] == code]


@given(known_facts(places=("FR", "DE", "FR-57", "GB-ENG")), st.data())
def test_a_further_answered_question_never_gives_an_earlier_date(facts: Facts, data: st.DataObject) -> None:
    received_on, asked = facts.received_at.date(), data.draw(pauses(facts.received_at.date(), answered=True))
    plain = deadline(facts, received_on)
    further = deadline(replace(facts, pauses=(*facts.pauses, asked)), received_on)
    # Both exceptions are the law's own words for one question, and no more than these (`Law.count_alive`):
    # a question on a day off after the last day moves the rolled day, unless the further one pushes the end onto it;
    moved_rolled = "suspended_after_last_day" in plain.flags
    # and days of a clarification do not count twice where an answer begins the British month anew after them.
    begins_anew = asked.reason != "clarify" and jurisdiction(facts.jurisdiction).rule == "UK"
    if not moved_rolled and not (begins_anew and explained(plain, "suspended")):
        assert (further.due_on or date.max) >= (plain.due_on or date.max)
    assert further.extension_notice_prudent_on == plain.extension_notice_prudent_on
    assert further.prudent_due_on >= plain.prudent_due_on  # later where the extension is in time only with it


@given(known_facts(places=("FR", "DE", "FR-57", "GB-ENG")))
def test_no_period_ends_before_the_day_of_an_answer_that_it_waited_for(facts: Facts) -> None:
    found = deadline(facts, facts.received_at.date())
    for waited_for in explained(found, "suspended"):
        assert (found.last_day or date.max) >= date.fromisoformat(waited_for["answered_on"])


@given(known_facts())
def test_an_open_question_that_counts_leaves_no_date_and_else_the_last_step_gives_it(facts: Facts) -> None:
    found = deadline(facts, date(2060, 1, 1))
    steps = {step["code"] for step in found.explanation}
    last = found.explanation[-1]
    assert (found.due_on is None) == (found.last_day is None) == ("suspended_open" in steps)
    if found.due_on is None:
        assert last["code"] == "remains"
        assert found.state == ("closed" if facts.answered_on else "suspended")
        assert found.state == "closed" or found.remaining_days == last["parameters"]["remaining_days"]
    else:
        assert last["code"] == "due"
        assert last["parameters"]["due_on"] == found.due_on.isoformat()
        assert found.state in ("closed", "overdue")
    told = [step["parameters"] for step in found.explanation if "asked_on" in step["parameters"]]
    assert sorted((step["reason"], step["asked_on"]) for step in told) == sorted(
        (pause.reason, pause.asked_on.isoformat()) for pause in facts.pauses
    )  # every question is named, whatever came of it


@given(known_facts(), st.integers(0, 60))
def test_what_has_not_happened_yet_changes_neither_state_nor_remaining_days(facts: Facts, days: int) -> None:
    on = facts.received_at.date() + timedelta(days=days)
    happened = replace(
        facts,
        pauses=tuple(
            replace(pause, answered_on=pause.answered_on if pause.answered_on and pause.answered_on <= on else None)
            for pause in facts.pauses
            if pause.asked_on <= on
        ),
        extended_on=facts.extended_on if facts.extended_on and facts.extended_on <= on else None,
        answered_on=facts.answered_on if facts.answered_on and facts.answered_on <= on else None,
    )
    found, by_then = deadline(facts, on), deadline(happened, on)
    assert (found.state, found.remaining_days) == (by_then.state, by_then.remaining_days)


@given(known_facts())
def test_the_countings_are_in_order_of_generosity(facts: Facts) -> None:
    facts = replace(facts, pauses=facts.pauses[:1])
    dates = [
        deadline(replace(facts, counting=counting), date(2060, 1, 1)).due_on or date.max
        for counting in ("none", "exclude_both", "half_open", "inclusive")
    ]
    assert dates == sorted(dates)


wild_days = st.dates()
wild_facts = st.builds(
    Facts,
    jurisdiction=st.sampled_from(("FR", "GB-ENG", "BR", "US-CA", "XX", "")),
    time_zone=st.sampled_from(("Europe/Paris", "UTC", "Pacific/Kiritimati", "nowhere")),
    received_at=st.datetimes(timezones=st.just(UTC)),
    pauses=st.lists(
        st.builds(
            Pause,
            reason=st.sampled_from((*REASONS, "mood")),
            asked_on=wild_days,
            answered_on=st.none() | wild_days,
        ),
        max_size=3,
    ).map(tuple),
    extended_on=st.none() | wild_days,
    answered_on=st.none() | wild_days,
    counting=st.sampled_from(("half_open", "exclude_both", "inclusive", "none", "generous")),
)


@given(wild_facts, wild_days)
def test_any_facts_give_dates_or_are_refused(facts: Facts, on: date) -> None:
    with suppress(DomainError):
        assert deadline(facts, on).explanation


@given(st.text(), st.text() | st.from_regex(r"(suspend|resume)(:fee)? 20[0-9]{2}-0[1-9]-1[0-9]", fullmatch=True))
def test_any_text_of_events_is_parsed_or_refused(code: str, text: str) -> None:
    for place in ("FR", code):
        with suppress(DomainError):
            assert deadline(facts_parse(place, datetime(2026, 3, 5, tzinfo=UTC), text), date(2026, 4, 1)).explanation
