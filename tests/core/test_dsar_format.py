"""Dates, instants and numbers as people read them."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.template import Context, Template
from django.utils import timezone, translation

from dsar.core.errors import DomainError
from dsar.core.templatetags.dsar_format import day, day_full, day_short, instant, number

RECEIVED = datetime(2026, 3, 5, 17, 42, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ("Thu 5 March 2026", "Thursday 5 March 2026", "Thu 5 March 2026, 18:42", "1,284")),
        (
            "fr",
            (
                "jeudi 5\u00a0mars 2026",
                "jeudi 5\u00a0mars 2026",
                "jeudi 5\u00a0mars 2026, 18\u00a0h\u00a042",
                "1\u202f284",
            ),
        ),
    ],
)
def test_formats_in_both_languages(language: str, expected: tuple[str, ...]) -> None:
    received_on = date(2026, 3, 5)
    with translation.override(language):
        assert (
            day(received_on, date(2025, 1, 1)),
            day_full(received_on),
            instant(RECEIVED, "Europe/Paris"),
            number(1284),
        ) == expected


@time_machine.travel("2026-12-31T23:30:00Z", tick=False)
def test_the_year_is_left_out_when_it_is_this_one_where_the_reader_is() -> None:
    assert day(date(2026, 4, 7)) == "Tue 7 April"
    with timezone.override("Europe/Paris"):  # 2027 already
        assert day(date(2026, 4, 7)) == "Tue 7 April 2026"
        assert day(date(2027, 4, 7)) == "Wed 7 April"
    assert day_full(date(2026, 4, 7)) == "Tuesday 7 April 2026"
    assert day_short(date(2026, 4, 7)) == "7 April"
    assert day_short(date(2027, 1, 4), date(2026, 12, 1)) == "4 January 2027"


def test_the_first_of_a_month_in_french() -> None:
    with translation.override("fr"):
        assert day_full(date(2026, 5, 1)) == "vendredi 1er\u00a0mai 2026"
        assert day_full(date(2026, 5, 11)) == "lundi 11\u00a0mai 2026"


def test_an_instant_is_shown_where_it_is_asked_for() -> None:
    late = datetime(2026, 6, 30, 22, 5, tzinfo=UTC)
    assert instant(late, "Europe/Paris") == "Wed 1 July 2026, 00:05"
    assert instant(late) == "Tue 30 June 2026, 22:05"
    with timezone.override("Europe/Paris"):
        assert instant(late) == "Wed 1 July 2026, 00:05"
        assert day_full(late) == "Wednesday 1 July 2026"
    with translation.override("fr"):
        assert instant(late, "Europe/Paris").endswith("0\u00a0h\u00a005")
    with pytest.raises(DomainError):
        instant(late, "Paris, France")


def test_as_filters_of_a_template() -> None:
    page = Template("{% load dsar_format %}{{ at|instant:zone }} {{ on|day_full }} {{ n|number }} [{{ no|day }}]")
    context = Context({"at": RECEIVED, "zone": "Europe/Paris", "on": date(2026, 4, 7), "n": 12, "no": None})
    assert page.render(context) == "Thu 5 March 2026, 18:42 Tuesday 7 April 2026 12 []"
