"""Our own known deadlines, `tests/testdata/deadlines.csv`, and whether an engine gives them; facts for Hypothesis.

Each row was reasoned by hand and says why in `source`. An engine is `requests_app.deadlines` or a copy with a fault.
"""

import csv
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from dsar.core.jurisdictions import jurisdiction
from requests_app.deadline_rules import COUNTINGS, REASONS
from requests_app.deadlines import Facts, Pause

TABLE = Path(__file__).parents[1] / "testdata" / "deadlines.csv"
FACTS = ("jurisdiction", "received_at", "events", "counting", "on", "source")
ANY_DAY = date(2026, 1, 1)  # of a row that says nothing about a day
# One place for each rule, and France beside it with its own sources.
PLACES = ("FR", "DE", "GB-ENG", "CH", "US-CA", "BR")


def table_rows() -> list[dict[str, str]]:
    """The rows of the table as texts."""
    with TABLE.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, strict=True))


def table_failures(engine: Any) -> Iterator[str]:
    """What an engine computes otherwise than the table says, each as one sentence."""
    for line, row in enumerate(table_rows(), start=2):
        facts = engine.facts_parse(
            row["jurisdiction"],
            datetime.fromisoformat(row["received_at"]),
            row["events"],
            row["counting"] or "half_open",
        )
        found = engine.deadline(facts, date.fromisoformat(row["on"]) if row["on"] else ANY_DAY).as_json()
        found["due_date"] = found["due_on"]
        found["explanation"] = [step["code"] for step in found["explanation"]]
        for name, expected in row.items():
            if expected and name not in FACTS and _text(found[name]) != expected.replace("SUSPENDED", "null"):
                yield f"line {line}: {name} is {_text(found[name])}, not {expected}: {row['source']}"


def _text(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(value) or "none"
    return "null" if value is None else str(value)


@st.composite
def pauses(draw: st.DrawFn, received_on: date, *, answered: bool | None = None) -> Pause:
    """A question of the first months, with or without an answer."""
    asked_on = received_on + timedelta(days=draw(st.integers(0, 110)))
    is_answered = draw(st.booleans()) if answered is None else answered
    return Pause(
        reason=draw(st.sampled_from(REASONS)),
        asked_on=asked_on,
        answered_on=asked_on + timedelta(days=draw(st.integers(0, 50))) if is_answered else None,
        is_voluminous=draw(st.sampled_from((None, True, False))),
    )


@st.composite
def known_facts(draw: st.DrawFn, *, places: Sequence[str] = PLACES, questions: int = 4) -> Facts:
    """Facts that contradict nothing, under every rule unless other places are named."""
    place = jurisdiction(draw(st.sampled_from(places)))
    received_on = draw(st.dates(date(2018, 5, 1), date(2040, 12, 31)))
    received_at = datetime.combine(received_on, draw(st.times()), ZoneInfo(place.time_zone))
    later = st.none() | st.integers(0, 150).map(lambda days: received_on + timedelta(days=days))
    return Facts(
        place.code,
        place.time_zone,
        received_at,
        pauses=tuple(draw(st.lists(pauses(received_on), max_size=questions))),
        extended_on=draw(later),
        answered_on=draw(later),
        counting=draw(st.sampled_from(COUNTINGS)),
    )
