"""`manage.py deadline`: what the law gives for one set of facts, and a check of a whole file of known answers."""

from __future__ import annotations

import csv
import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation

from dsar.core.errors import DomainError
from dsar.core.jurisdictions import zone
from requests_app.clock_words import explanation_words
from requests_app.deadline_rules import COUNTINGS
from requests_app.deadlines import Deadline, deadline, facts_parse

KEYS = tuple(Deadline.__dataclass_fields__)
NULL_WORDS = ("SUSPENDED", "null", "none")


class Command(BaseCommand):
    """Print one deadline as JSON, or check a CSV file of facts and expected dates."""

    help = "Print the deadline of a request as JSON, with its explanation; or check a file of known deadlines."
    # It counts days and reads no database, so it also answers where nothing is installed yet.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`deadline JURISDICTION RECEIVED_AT [EVENTS] [--on DATE]` or `deadline --check FILE`."""
        parser.add_argument("jurisdiction", nargs="?", metavar="JURISDICTION", help="whose law counts, such as FR")
        parser.add_argument(
            "received_at", nargs="?", metavar="RECEIVED_AT",
            help="ISO date and time with an offset; without one, local time of the jurisdiction",
        )
        parser.add_argument(
            "events", nargs="?", default="", metavar="EVENTS",
            help='dated events apart by ";": suspend, resume, each with :identity, :clarify or :fee, extend, answered; '
            'such as "suspend:clarify 2026-03-09;resume 2026-03-12;answered 2026-04-02"',
        )
        parser.add_argument("--on", metavar="DATE", help="the day for which it is asked (default: today)")
        parser.add_argument(
            "--counting", choices=COUNTINGS, default=settings.DSAR_SUSPENSION_COUNTING,
            help="how the days of a suspension are counted in the EU (default: DSAR_SUSPENSION_COUNTING)",
        )
        parser.add_argument(
            "--language", default="en", choices=[code for code, _name in settings.LANGUAGES],
            help="language of the explanation (default: en)",
        )
        parser.add_argument(
            "--check", metavar="FILE",
            help="CSV with the columns jurisdiction, received_at, events, on, counting and due_date or any key of the "
            "JSON; an empty cell states nothing, SUSPENDED, null or none state that there is no such date",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError for what cannot be understood; exits with 1 when a row of --check fails."""
        on = _day(options["on"]) if options["on"] else None
        if options["check"]:
            if options["jurisdiction"]:
                raise CommandError("Give either --check FILE or JURISDICTION RECEIVED_AT, not both.")
            self._check(options["check"], on, options["counting"])
            return
        if not options["jurisdiction"] or not options["received_at"]:
            raise CommandError("Give JURISDICTION and RECEIVED_AT, or --check FILE.")
        with translation.override(options["language"]):
            try:
                found = _deadline(
                    options["jurisdiction"], options["received_at"], options["events"], on, options["counting"]
                )
            except DomainError as error:
                raise CommandError(str(error)) from error
            self.stdout.write(json.dumps(_worded(found), indent=2, ensure_ascii=False))

    def _check(self, path: str, on: date | None, counting: str) -> None:
        """Print each row that does not come out as the file says, then the counts."""
        passed = failed = 0
        for line, row in _rows(path):
            failures = _row_failures(row, on, counting)
            passed, failed = passed + (not failures), failed + bool(failures)
            if failures:
                facts = " ".join(filter(None, (row.get(name) for name in ("jurisdiction", "received_at", "events"))))
                self.stdout.write(f"line {line}: {facts}: {'; '.join(failures)}")
        self.stdout.write(f"{passed} passed, {failed} failed")
        if not passed + failed:
            raise CommandError(f"{path} holds no row to check.")
        if failed:
            sys.exit(1)


def _deadline(code: str, received_at: str, events: str, on: date | None, counting: str) -> Deadline:
    """The deadline for facts as texts, in the jurisdiction's own time zone; raises DomainError or CommandError."""
    facts = facts_parse(code, _instant(received_at), events, counting)
    return deadline(facts, on or timezone.localdate(timezone=zone(facts.time_zone)))


def _worded(found: Deadline) -> dict[str, Any]:
    """The promised JSON, each step of the explanation with its text in the active language."""
    result = found.as_json()
    words = explanation_words(found.explanation)
    result["explanation"] = [{**step, "text": said.text} for step, said in zip(found.explanation, words, strict=True)]
    return result


def _rows(path: str) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of the file with their line numbers; raises CommandError for a file that is no such table."""
    try:
        with Path(path).open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restkey="more cells than columns", restval="", strict=True)
            columns = list(reader.fieldnames or ())
            if missing := [name for name in ("jurisdiction", "received_at") if name not in columns]:
                raise CommandError(f"{path}: the first line must name the columns; missing: {', '.join(missing)}.")
            if twice := sorted({name for name in columns if columns.count(name) > 1}):
                raise CommandError(f"{path}: the first line names a column twice: {', '.join(twice)}.")
            for row in reader:
                yield reader.line_num, row
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise CommandError(f"{path} is not a CSV file in UTF-8: {error}.") from error


def _row_failures(row: dict[str, str], on: date | None, counting: str) -> list[str]:
    """What differs between a row and what is computed for its facts; a row that cannot be computed fails too."""
    if "more cells than columns" in row:
        return ["the row has more cells than there are columns"]
    expected = [
        ("due_on" if name == "due_date" else name, value.strip())
        for name, value in row.items()
        if name in ("due_date", *KEYS) and value.strip()
    ]
    if not expected:
        return ["the row states nothing to compare"]
    try:
        found = _deadline(
            row["jurisdiction"].strip(), row["received_at"].strip(), row.get("events", ""),
            _day(row["on"].strip()) if row.get("on", "").strip() else on, row.get("counting", "").strip() or counting,
        ).as_json()
    except (DomainError, CommandError) as error:
        return [str(error)]
    return [
        f"{name} expected {value}, computed {_cell(found[name])}"
        for name, value in expected
        if not _same(value, found[name])
    ]


def _same(expected: str, found: Any) -> bool:
    """Whether a cell states the computed value; lists are compared without regard to order."""
    if expected in NULL_WORDS:
        return found is None or found == []
    if isinstance(found, list):
        return sorted(expected.replace(";", " ").replace(",", " ").split()) == sorted(_cell(found).split())
    return expected == _cell(found)


def _cell(found: Any) -> str:
    """A computed value as a cell would hold it: an explanation by the codes of its steps."""
    if isinstance(found, list):
        return " ".join(item["code"] if isinstance(item, dict) else str(item) for item in found)
    return "null" if found is None else str(found)


def _instant(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"“{text}” is not a date and time such as 2026-03-05T18:42+01:00.") from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CommandError(f"“{text}” is not a date such as 2026-04-02.") from None
