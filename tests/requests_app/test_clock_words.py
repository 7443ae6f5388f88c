"""The clock in words and lines, as a person reads it."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from requests_app.clock_words import (
    DueWords,
    due_words,
    explanation_words,
    flag_words,
    mini_ruler,
    ruler,
    source_words,
)
from requests_app.deadlines import Facts, deadline

PARIS = ZoneInfo("Europe/Paris")
RECEIVED, PRUDENT, DUE = date(2026, 3, 5), date(2026, 4, 5), date(2026, 4, 7)


def explained(received_at: datetime) -> list[tuple[str, str]]:
    """Text and small print of each step, in the active language."""
    found = deadline(Facts("FR", "Europe/Paris", received_at), received_at.date())
    return [(step.text, step.source) for step in explanation_words(found.explanation)]


def test_a_rolled_date_is_explained_step_by_step() -> None:
    assert explained(datetime(2026, 3, 5, 18, 42, tzinfo=PARIS)) == [
        (
            "The request arrived on Thursday 5 March 2026, local date in Paris.",
            "The day of arrival counts, even in the evening or on a Sunday: EDPB Guidelines 01/2022, paragraph 159.",
        ),
        (
            "We have one month: until Sunday 5 April 2026.",
            "GDPR, article 12(3); Regulation 1182/71, article 3(2)(c)",
        ),
        (
            "5 April is a Sunday. 6 April is a public holiday (Easter Monday).",
            "A period that ends on a day off ends on the next working day: Regulation 1182/71, article 3(4).",
        ),
        (
            "So the period ends on Tuesday 7 April 2026, at the end of that day.",
            "We aim for 3 April, the last working day before 5 April.",
        ),
    ]


def test_a_month_without_that_day_is_explained() -> None:
    steps = explained(datetime(2026, 8, 31, 9, 0, tzinfo=PARIS))
    assert steps[1][0] == (
        "We have one month. September has no day 31, so its last day counts: until Wednesday 30 September 2026."
    )
    assert steps[-1] == (
        "So the period ends on Wednesday 30 September 2026, at the end of that day.",
        "Regulation 1182/71, article 3(2)(c)",
    )


def test_dates_and_holidays_follow_the_language_of_the_reader() -> None:
    with translation.override("fr"):
        steps = explained(datetime(2026, 4, 1, 10, 0, tzinfo=PARIS))
    assert "mercredi 1er\u00a0avril 2026" in steps[0][0]
    assert "1er\u00a0mai" in steps[2][0]
    assert "Fête du Travail" in steps[2][0]
    assert "lundi 4\u00a0mai 2026" in steps[3][0]


def test_a_holiday_that_the_calendar_no_longer_knows_keeps_its_recorded_name() -> None:
    step = {
        "code": "rolled",
        "source": "Reg. 1182/71 art. 3(4)",
        "parameters": {
            "calendar": "FR",
            "days": [{"day": "2026-06-02", "reason": "public_holiday", "name": "Jour d’avant"}],
        },
    }
    assert "Jour d’avant" in explanation_words([step])[0].text


@given(st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2090, 1, 1)))  # noqa: DTZ001 - made aware below
def test_every_explanation_can_be_worded_and_ends_with_the_date(moment: datetime) -> None:
    found = deadline(Facts("FR", "Europe/Paris", moment.replace(tzinfo=PARIS)), date(2026, 1, 1))
    assert found.due_on is not None
    steps = explanation_words(found.explanation)
    assert f"{found.due_on.day} {found.due_on:%B} {found.due_on.year}" in steps[-1].text
    assert all(step.text and step.source for step in steps)
    assert not any("Reg." in step.source for step in steps)  # every source has words of its own


def test_flags_and_sources_have_words() -> None:
    assert flag_words(["answered_late"]) == ["The answer went out after the due date."]
    assert source_words("GDPR art. 12(3)") == "GDPR, article 12(3)"


@pytest.mark.parametrize(
    ("due_on", "css", "line"),
    [
        (date(2026, 4, 10), "ok", "Due Fri 10 April · 8 days left"),
        (date(2026, 4, 9), "soon", "Due Thu 9 April · 7 days left"),
        (date(2026, 4, 7), "soon", "Due Tue 7 April · 5 days left"),
        (date(2026, 4, 3), "soon", "Due Fri 3 April · tomorrow"),
        (date(2026, 4, 2), "late", "Due today, Thu 2 April · until midnight"),
        (date(2026, 4, 1), "late", "Overdue since Wed 1 April · 1 day late"),
        (date(2026, 3, 31), "late", "Overdue since Tue 31 March · 2 days late"),
        (date(2027, 1, 4), "ok", "Due Mon 4 January 2027 · 277 days left"),
    ],
)
def test_badge_of_a_due_date(due_on: date, css: str, line: str) -> None:
    words = due_words(due_on, "running", date(2026, 4, 2))
    assert (words.css, words.line) == (css, line)


def test_badges_of_other_dates() -> None:
    today = date(2026, 4, 2)
    assert due_words(DUE, "closed", today) == DueWords("ok", "Answered", "")
    assert due_words(DUE, "running", today, "target").line == "Due Tue 7 April · our own rule"
    assert due_words(date(2026, 4, 1), "running", today, "target").css == "late"
    assert due_words(PRUDENT, "running", today, "prudent").line == "Prudent date Sun 5 April · 3 days left"
    passed = due_words(date(2026, 4, 1), "running", today, "prudent")
    assert (passed.css, passed.text) == ("soon", "Prudent date passed on Wed 1 April")


def test_ruler_of_the_month() -> None:
    drawn = ruler(RECEIVED, date(2026, 4, 2), PRUDENT, DUE)
    assert drawn.view_box == "0 0 330 26"
    assert drawn.ticks.startswith("M0 26v-11M10 26v-5M20 26v-5")
    assert drawn.ticks.endswith("M320 26v-5M330 26v-5")
    assert drawn.ticks.count("v-11") == 5
    assert (drawn.gone, drawn.now, drawn.safe, drawn.end) == ("M0 24H280", "M280 0V26", "M310 4V26", "M330 4V26")
    assert drawn.label == "Day 28 of 33; prudent date on day 31"


@pytest.mark.parametrize(
    ("today", "now", "label"),
    [
        (date(2026, 3, 5), "M0 0V26", "Day 0 of 33; prudent date on day 31"),
        (date(2026, 3, 4), "M0 0V26", "Day 0 of 33; prudent date on day 31"),
        (date(2026, 4, 7), "M330 0V26", "Day 33 of 33; prudent date on day 31"),
        (date(2026, 5, 7), "M330 0V26", "30 days over the due date"),
    ],
)
def test_ruler_stays_within_its_drawing(today: date, now: str, label: str) -> None:
    drawn = ruler(RECEIVED, today, PRUDENT, DUE)
    assert (drawn.now, drawn.label) == (now, label)


def test_ruler_without_a_roll_has_no_prudent_mark() -> None:
    drawn = ruler(date(2026, 8, 31), date(2026, 9, 1), date(2026, 9, 30), date(2026, 9, 30))
    assert drawn.safe == ""
    assert drawn.label == "Day 1 of 30"


@pytest.mark.parametrize(
    ("today", "gone"),
    [(date(2026, 3, 1), "M0 5H0"), (date(2026, 4, 2), "M0 5H26"), (date(2026, 6, 1), "M0 5H31")],
)
def test_mini_ruler(today: date, gone: str) -> None:
    drawn = mini_ruler(RECEIVED, today, DUE)
    assert (drawn.view_box, drawn.line, drawn.gone) == ("0 0 31 6", "M0 5H31", gone)
