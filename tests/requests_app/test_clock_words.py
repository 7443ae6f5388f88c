"""The clock in words and lines, as a person reads it."""

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from requests_app.clock_ruler import mini_ruler, ruler
from requests_app.clock_words import (
    FLAGS,
    SOURCES,
    DueWords,
    due_words,
    explanation_words,
    flag_words,
    source_words,
)
from requests_app.deadline_rules import RULES
from requests_app.deadlines import Facts, deadline, facts_parse
from tests.requests_app.deadline_table import known_facts

PARIS = ZoneInfo("Europe/Paris")
RECEIVED, PRUDENT, DUE = date(2026, 3, 5), date(2026, 4, 5), date(2026, 4, 7)


def explained(received_at: datetime, events: str = "", code: str = "FR") -> list[tuple[str, str]]:
    """Text and small print of each step, in the active language."""
    found = deadline(facts_parse(code, received_at, events), received_at.date())
    return [(step.text, step.source) for step in explanation_words(found.explanation)]


def said(received_at: str, events: str, code: str = "FR") -> list[str]:
    """The texts after that of the receipt and before that of the end."""
    return [text for text, _source in explained(datetime.fromisoformat(received_at), events, code)][1:-1]


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


def test_an_answered_question_is_told_with_its_days() -> None:
    steps = explained(datetime(2026, 3, 2, 10, 0, tzinfo=PARIS), "suspend 2026-03-03;resume 2026-03-09")
    assert steps[2] == (
        "On Tuesday 3 March 2026 we asked a question to be sure who is asking. The time stood still until the answer "
        "on Monday 9 March 2026: 6 days. They are added: until Wednesday 8 April 2026.",
        "The time stands still while we wait for something that we need to answer: "
        "France, decree 2019-536 of 29 May 2019.",
    )
    assert steps[-1] == (
        "So the period ends on Wednesday 8 April 2026, at the end of that day.",
        "Without any pause it would be 2 April, and we aim for that day.",
    )


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ("suspend 2026-04-14;resume 2026-04-14", ["The answer came on the same day: nothing is added."]),
        ("suspend 2026-04-14;resume 2026-04-16", ["until the answer on Thursday 16 April 2026: 2 days. They are"]),
        (
            "suspend 2026-04-14;resume 2026-04-15",
            ["on Wednesday 15 April 2026: 1 day. It is added: until Thursday 14 May 2026.", "is a public holiday"],
        ),
        (
            "suspend 2026-04-14;suspend:clarify 2026-04-16;resume:clarify 2026-04-18;resume 2026-04-20",
            ["6 days. They are added", "what exactly is wanted. The answer came on Saturday 18 April 2026. The time"],
        ),
        (
            "suspend 2026-04-14;suspend:clarify 2026-04-16;resume:identity 2026-04-18;resume:clarify 2026-04-20",
            ["4 days. They are added", "already stood still; 2 days more are added: until Tuesday 19 May 2026."],
        ),
        ("suspend:fee 2026-04-14", ["we asked for a fee. Under this law such a question does not stop the time."]),
        ("suspend 2026-05-20", ["The period had ended on Wednesday 13 May 2026, so the question changes nothing."]),
        (
            "extend 2026-04-20",
            [
                "On Monday 20 April 2026 we wrote that we need more time, and why. From its start, the whole period is "
                "then 3 months: until Monday 13 July 2026."
            ],
        ),
        (
            "extend 2026-05-14",
            [
                "On Thursday 14 May 2026 we wrote that we need more time. That had to be said by Wednesday "
                "13 May 2026, so it changes nothing."
            ],
        ),
    ],
)
def test_what_happened_is_told_in_whole_sentences(events: str, words: list[str]) -> None:
    steps = said("2026-04-13T10:00", events)[1:]
    assert len(steps) == len(words)
    for text, part in zip(steps, words, strict=True):
        assert part in text


def test_a_question_on_the_days_off_tells_from_which_day_it_counts() -> None:
    assert (
        "By then days off had moved the last day to Monday 6 July 2026. The time stood still until the answer on "
        "Tuesday 7 July 2026: 2 days." in said("2026-06-04T10:00", "suspend 2026-07-05;resume 2026-07-07")[1]
    )


@pytest.mark.parametrize(
    "events",
    [
        "suspend 2026-04-14;suspend:clarify 2026-04-16;resume:clarify 2026-04-20",
        "suspend:clarify 2026-04-14;suspend 2026-04-14;resume:clarify 2026-04-20",  # of one day, in whatever order
    ],
)
def test_an_answered_question_that_an_open_one_covers_adds_nothing(events: str) -> None:
    _month, answered, _open = said("2026-04-13T10:00", events)
    assert answered.endswith(
        "what exactly is wanted. The answer came on Monday 20 April 2026. The time already stood still for another "
        "question: nothing more is added."
    )


def test_an_open_question_adds_nothing_to_one_that_was_asked_before_it() -> None:
    events = "suspend:clarify 2026-04-14;suspend 2026-04-16;resume:clarify 2026-04-18"
    assert "until the answer on Saturday 18 April 2026: 4 days. They are added" in said("2026-04-13T10:00", events)[1]


def test_without_both_end_days_the_last_day_of_a_question_is_told_with_its_answer() -> None:
    facts = facts_parse("FR", datetime(2026, 6, 13, 10, tzinfo=PARIS), "suspend 2026-07-13;resume 2026-07-30")
    steps = explanation_words(deadline(replace(facts, counting="exclude_both"), date(2026, 8, 1)).explanation)
    assert steps[2].text.endswith("Thursday 30 July 2026: 17 days. They are added: until Thursday 30 July 2026.")


def test_before_the_british_month_has_begun_no_day_stands_still() -> None:
    clarified = "suspend:clarify 2026-03-10;resume:clarify 2026-03-12;suspend 2026-03-13"
    assert said("2026-03-09T10:00", clarified, "GB-ENG")[0].endswith("Thursday 12 March 2026: nothing is added.")
    one_of_two = "suspend 2026-03-10;suspend:fee 2026-03-11;resume 2026-03-12"
    assert said("2026-03-09T10:00", one_of_two, "GB-ENG")[0].endswith("the time still waited for another answer.")


def test_an_extension_to_a_shorter_month_says_so() -> None:
    assert said("2026-01-31T10:00", "extend 2026-02-10")[1].endswith(
        "then 3 months: until Thursday 30 April 2026. April has no day 31, so its last day counts."
    )


def test_an_open_question_ends_with_what_remains() -> None:
    steps = explained(datetime(2026, 9, 1, 10, 0, tzinfo=PARIS), "suspend 2026-09-03")
    assert steps[-2][0] == (
        "On Thursday 3 September 2026 we asked a question to be sure who is asking. There is no answer yet: until it "
        "comes, the time stands still."
    )
    assert steps[-1] == (
        "So there is no due date now. From the day of the answer, 28 days remain.",
        "Without any pause it would be 1 October, and we aim for that day.",
    )
    last_day = explained(datetime(2026, 9, 1, 10, 0, tzinfo=PARIS), "suspend 2026-10-01")
    assert last_day[-1][0] == "So there is no due date now. The period ends on the very day of the answer."


def test_the_clock_of_the_united_kingdom_starts_with_what_was_needed() -> None:
    london = ZoneInfo("Europe/London")
    steps = explained(
        datetime(2026, 3, 9, 10, 0, tzinfo=london),
        "suspend 2026-03-10;suspend:fee 2026-03-11;resume:fee 2026-03-16;resume 2026-03-20",
        "GB-ENG",
    )
    assert steps[1:3] == [
        (
            "On Tuesday 10 March 2026 we asked a question to be sure who is asking. What we needed came on Friday "
            "20 March 2026, and the time starts only with it.",
            "The time starts once we have what we need to answer: UK GDPR, article 12A.",
        ),
        (
            "On Wednesday 11 March 2026 we asked for a fee. What we needed came on Monday 16 March 2026; the time "
            "still waited for another answer.",
            "The time starts once we have what we need to answer: UK GDPR, article 12A.",
        ),
    ]
    open_question = explained(datetime(2026, 3, 9, 10, 0, tzinfo=london), "suspend 2026-03-10", "GB-ENG")
    assert "the time starts only with it" in open_question[1][0]
    assert open_question[-1][0] == (
        "So there is no due date yet: the whole period starts on the day of the answer."
    )


@pytest.mark.parametrize(
    ("code", "events", "words"),
    [
        ("CH", "", "We have 30 days: until Saturday 2 May 2026."),
        ("CH", "extend 2026-04-10", "This law names no longer period, so the date stays."),
        ("US-CA", "extend 2026-04-10", "the whole period is then 90 days: until Wednesday 1 July 2026."),
        ("BR", "extend 2026-04-10", "This law knows no extension, so the date stays."),
        ("GB-ENG", "suspend:clarify 2026-04-03;resume:clarify 2026-04-03", "on the same day, and that day does not"),
    ],
)
def test_other_laws_are_told_too(code: str, events: str, words: str) -> None:
    assert any(words in text for text in said("2026-04-02T10:00", events, code))


def test_a_strict_desk_says_that_it_counts_without_pauses() -> None:
    facts = facts_parse("FR", datetime(2026, 4, 13, 10, 0), "suspend 2026-04-14", "none")  # noqa: DTZ001 - local time
    assert "We count the time without any pause" in explanation_words(deadline(facts, RECEIVED).explanation)[2].text


def test_a_calendar_that_the_library_no_longer_knows_keeps_the_recorded_names() -> None:
    step = {
        "code": "rolled",
        "source": "Reg. 1182/71 art. 3(4)",
        "parameters": {
            "calendar": "FR-99",
            "days": [{"day": "2026-06-02", "reason": "public_holiday", "name": "Jour d’avant"}],
        },
    }
    assert "Jour d’avant" in explanation_words([step])[0].text


@given(known_facts())
def test_every_step_and_flag_has_words_in_both_languages(facts: Facts) -> None:
    found = deadline(facts, date(2060, 1, 1))
    for language in ("en", "fr"):
        with translation.override(language):
            said = [text for step in explanation_words(found.explanation) for text in (step.text, step.source)]
            said += flag_words(found.flags)
        assert all(said)
        assert not [text for text in said if "%" in text or "None" in text]
    assert set(found.flags) <= set(FLAGS)
    assert {part for step in found.explanation for part in step["source"].split("; ")} <= set(SOURCES)


def test_every_source_of_every_rule_has_words() -> None:
    used = {
        part
        for rules in RULES.values()
        for rule in rules
        for source in rule.sources.values()
        for part in source.split("; ")
    }
    assert used <= set(SOURCES)


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


@pytest.mark.parametrize(
    ("remaining_days", "text"),
    [
        (11, "Paused, 11 days remain"),
        (1, "Paused, 1 day remains"),
        (0, "Paused, due on the day of the answer"),
        (None, "Paused"),
    ],
)
def test_badge_of_a_suspended_date(remaining_days: int | None, text: str) -> None:
    today = date(2026, 4, 2)
    assert due_words(DUE, "suspended", today, remaining_days=remaining_days) == DueWords("hold", text, "")
    assert due_words(DUE, "closed", today, remaining_days=remaining_days).text == "Answered"
    assert due_words(DUE, "suspended", today, "target").line == "Due Tue 7 April · our own rule"


def test_ruler_with_pauses_draws_them_apart() -> None:
    pauses = [(date(2026, 3, 20), date(2026, 3, 22)), (date(2026, 3, 9), date(2026, 3, 15))]
    drawn = ruler(RECEIVED, date(2026, 4, 2), PRUDENT, DUE, paused=pauses)
    assert drawn.gone == "M0 24H40M100 24H150M170 24H280"
    assert drawn.paused == "M40 24H100M150 24H170"
    assert drawn.label == "Day 28 of 33; prudent date on day 31; the time stood still on 8 days"


@pytest.mark.parametrize(
    ("pauses", "gone", "paused"),
    [
        ([], "M0 24H280", ""),
        ([(date(2026, 3, 9), date(2026, 3, 9))], "M0 24H280", ""),  # answered the same day
        ([(date(2026, 3, 5), date(2026, 3, 15))], "M0 24H0M100 24H280", "M0 24H100"),
        ([(date(2026, 3, 30), date(2026, 4, 30))], "M0 24H250M280 24H280", "M250 24H280"),  # never after today
        ([(date(2026, 3, 9), date(2026, 3, 15)), (date(2026, 3, 11), date(2026, 3, 20))],
         "M0 24H40M100 24H100M150 24H280", "M40 24H100M100 24H150"),  # overlapping questions
    ],
)  # fmt: skip
def test_pauses_on_the_ruler_do_not_overlap(pauses: list[tuple[date, date]], gone: str, paused: str) -> None:
    drawn = ruler(RECEIVED, date(2026, 4, 2), PRUDENT, DUE, pauses)
    assert (drawn.gone, drawn.paused) == (gone, paused)


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
