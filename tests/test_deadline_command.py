"""`manage.py deadline` as scripts of others call it."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import override_settings

from tests.parts import shared_path
from tests.requests_app.deadline_table import TABLE


def printed(*arguments: str) -> str:
    """What the command prints."""
    out = StringIO()
    call_command("deadline", *arguments, stdout=out)
    return out.getvalue()


def answer(*arguments: str) -> dict[str, Any]:
    """The JSON it prints."""
    found: dict[str, Any] = json.loads(printed(*arguments))
    return found


def checked(tmp_path: Path, capsys: pytest.CaptureFixture[str], table: str, *, code: int) -> str:
    """The output of --check for a table; the command must end with `code`."""
    file = tmp_path / "table.csv"
    file.write_text(table, encoding="utf-8")
    if code:
        with pytest.raises(SystemExit) as ended:
            call_command("deadline", "--check", str(file))
        assert ended.value.code == code
    else:
        call_command("deadline", "--check", str(file))
    return capsys.readouterr().out


def test_one_deadline_as_json() -> None:
    found = answer("FR", "2026-03-05T18:42:00+01:00", "--on", "2026-04-02")
    assert list(found) == [
        "due_on", "last_day", "prudent_due_on", "extension_notice_due_on", "extension_notice_prudent_on",
        "refusal_notice_due_on", "state", "remaining_days", "flags", "rule", "calendar", "explanation",
    ]
    assert (found["due_on"], found["state"], found["remaining_days"]) == ("2026-04-07", "running", 5)
    last = found["explanation"][-1]
    assert list(last) == ["code", "parameters", "source", "text"]
    assert last["text"] == "So the period ends on Tuesday 7 April 2026, at the end of that day."


def test_an_instant_without_offset_is_local_time_of_the_jurisdiction() -> None:
    assert answer("FR", "2026-07-01T00:30")["due_on"] == "2026-08-03"
    assert answer("FR", "2026-06-30T22:30Z")["due_on"] == "2026-08-03"
    assert answer("FR", "2026-06-30T22:30")["due_on"] == "2026-07-30"


def test_an_open_question_and_what_an_answer_to_it_gives() -> None:
    found = answer("FR", "2026-09-01T10:00", "suspend 2026-09-03", "--on", "2026-09-10")
    assert (found["due_on"], found["state"], found["remaining_days"]) == (None, "suspended", 28)
    assert found["explanation"][-1]["text"].endswith("From the day of the answer, 28 days remain.")
    answered = ("GB-ENG", "2026-05-11T10:00", "suspend:clarify 2026-05-18;resume:clarify 2026-05-26")
    assert answer(*answered)["due_on"] == "2026-06-22"


@pytest.mark.parametrize(
    ("counting", "due_on"),
    [("none", "2026-03-23"), ("exclude_both", "2026-03-30"), ("half_open", "2026-03-31"), ("inclusive", "2026-04-01")],
)
def test_the_counting_is_that_of_the_desk_unless_another_is_asked_for(
    counting: str, due_on: str
) -> None:
    facts = ("FR", "2026-02-23T10:00", "suspend 2026-03-02;resume 2026-03-10")
    assert answer(*facts, "--counting", counting)["due_on"] == due_on
    with override_settings(DSAR_SUSPENSION_COUNTING=counting):
        assert answer(*facts)["due_on"] == due_on


def test_events_and_the_language_of_the_explanation() -> None:
    found = answer("FR", "2026-03-05T18:42", "answered 2026-04-08", "--on", "2026-04-09", "--language", "fr")
    assert (found["state"], found["remaining_days"], found["flags"]) == ("closed", None, ["answered_late"])
    assert "jeudi 5\u00a0mars 2026" in found["explanation"][0]["text"]


@time_machine.travel("2026-04-07T22:30:00Z", tick=False)
def test_today_is_the_date_of_the_jurisdiction() -> None:
    assert answer("FR", "2026-03-05T18:42")["state"] == "overdue"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "JURISDICTION and RECEIVED_AT"),
        (("FR",), "JURISDICTION and RECEIVED_AT"),
        (("FR", "5 March"), "“5 March” is not a date and time"),
        (("FR", "2026-03-05", "--on", "tomorrow"), "“tomorrow” is not a date"),
        (("XX", "2026-03-05"), "AT, BE, BG"),
        (("FR-75", "2026-03-05"), "FR-57"),
        (("FR", "2026-03-05", "suspend 2026-03-04"), "before the receipt"),
        (("FR", "2026-03-05", "resume 2026-03-06"), "no open question"),
        (("FR", "2026-03-05", "suspend:mood 2026-03-06"), "identity, clarify, fee"),
        (("FR", "2026-03-05", "--counting", "generous"), "invalid choice"),
        (("FR", "2026-03-05", "answered soon"), "is not an event"),
        (("FR", "9999-12-31"), "out of range"),
        (("FR", "2026-03-05", "--check", "table.csv"), "not both"),
        (("--check", "/nowhere/table.csv"), "No such file"),
    ],
)
def test_bad_input_is_answered_in_words(arguments: tuple[str, ...], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        printed(*arguments)


def test_check_compares_every_column_named_like_a_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = (
        "jurisdiction,received_at,events,due_date,on,last_day,state,remaining_days,flags,explanation,source\n"
        "FR,2026-03-05T18:42,,2026-04-07,2026-04-02,2026-04-05,running,5,,received month rolled due,any words\n"
        "FR,2026-03-05T18:42,answered 2026-04-08,2026-04-07,2026-04-09,,closed,null,answered_late,,\n"
    )
    assert checked(tmp_path, capsys, table, code=0) == "2 passed, 0 failed\n"


def test_check_compares_the_due_date_by_both_of_its_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = (
        "jurisdiction,received_at,due_date,due_on\n"
        "FR,2026-03-05T18:42,2026-04-07,2026-04-07\n"
        "FR,2026-03-05T18:42,2099-01-01,2026-04-07\n"
        "FR,2026-03-05T18:42,2026-04-07,2099-01-01\n"
    )
    lines = checked(tmp_path, capsys, table, code=1).splitlines()
    assert [line.split(":")[0] for line in lines[:-1]] == ["line 3", "line 4"]
    assert all(line.endswith("due_on expected 2099-01-01, computed 2026-04-07") for line in lines[:-1])
    assert lines[-1] == "1 passed, 2 failed"


def test_check_takes_the_day_and_the_counting_of_each_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = (
        "jurisdiction,received_at,events,counting,on,due_date,remaining_days,flags\n"
        "FR,2026-09-01T10:00,suspend 2026-09-03,,2026-09-10,SUSPENDED,28,none\n"
        "FR,2026-09-01T10:00,suspend 2026-09-03,none,2026-09-10,2026-10-01,21,suspension_without_effect\n"
    )
    assert checked(tmp_path, capsys, table, code=0) == "2 passed, 0 failed\n"


@pytest.mark.parametrize("table", [TABLE, Path("law", "deadline_vectors.csv")], ids=["ours", "shared"])
def test_check_passes_the_known_deadlines(capsys: pytest.CaptureFixture[str], table: Path) -> None:
    path = table if table.is_absolute() else shared_path(*table.parts)
    call_command("deadline", "--check", str(path))
    assert capsys.readouterr().out.endswith(" passed, 0 failed\n")


def test_check_names_each_failure_and_ends_with_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = (
        "jurisdiction,received_at,events,due_date,last_day,source\n"
        "FR,2026-03-05T18:42,,2026-04-07,2026-04-06,wrong last day\n"
        "FR,2026-03-05T18:42,,2026-04-07,,right\n"
        "FR,2026-03-05T18:42,,SUSPENDED,,not suspended\n"
        "FR,2026-09-01T10:00,suspend 2026-09-03,2026-10-01,,suspended\n"
        "GB-LDN,2026-09-01T10:00,,2026-10-01,,unknown here\n"
        "FR,soon,,2026-10-01,,no instant\n"
        "FR,2026-03-05T18:42,,,,states nothing\n"
        'FR,2026-03-05T18:42,,2026-04-07,,a,b\n'
    )
    lines = checked(tmp_path, capsys, table, code=1).splitlines()
    assert lines[0] == "line 2: FR 2026-03-05T18:42: last_day expected 2026-04-06, computed 2026-04-05"
    assert lines[1] == "line 4: FR 2026-03-05T18:42: due_on expected SUSPENDED, computed 2026-04-07"
    assert [line.split(":")[0] for line in lines[:-1]] == [f"line {number}" for number in (2, 4, 5, 6, 7, 8, 9)]
    assert lines[-1] == "1 passed, 7 failed"


@pytest.mark.parametrize(
    "content",
    [b"", b"a,b\n1,2\n", b"jurisdiction,received_at\n\xff\xfe,\n", b"jurisdiction,received_at,on,on\n"],
)
def test_check_says_what_is_wrong_with_a_file(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "table.csv"
    file.write_bytes(content)
    with pytest.raises(CommandError, match=r"table\.csv"):
        printed("--check", str(file))


def test_a_table_without_rows_has_checked_nothing(tmp_path: Path) -> None:
    file = tmp_path / "empty.csv"
    file.write_text("jurisdiction,received_at,due_date\n")
    with pytest.raises(CommandError, match="holds no row"):
        call_command("deadline", "--check", str(file))
