"""Records on their way from a source to a package: plain JSON, a line each, and cells that harm no spreadsheet."""

import base64
import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from dsar.core.uploads import name_safe

_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?")
# How spreadsheets recognise a formula, full-width forms included.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# Characters that change how their neighbours are read, or cannot stand in HTML: shown as their number.
_UNSHOWABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")


def value_plain(value: Any) -> Any:
    """A database value as JSON holds it; what JSON has no form for becomes text, binary content base64."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else str(value)
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else str(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "base64:" + base64.b64encode(bytes(value)).decode()
    if isinstance(value, Mapping):
        return {str(key): value_plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [value_plain(inner) for inner in value]
    return value_plain(str(value))


def record_plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    """A row of a database with plain values."""
    return {str(column): value_plain(value) for column, value in row.items()}


def value_text(value: Any) -> str:
    """A plain value as one text, for a cell; empty for nothing."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def value_shown(value: Any) -> str:
    """A plain value as a page may show it, not yet escaped: control and direction characters become ⟨U+202E⟩."""
    return _UNSHOWABLE.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", value_text(value))


# ---- one collected file: a line a record, in the order of the map ----------------------------------------------------


def line_make(table: str, record: Mapping[str, Any]) -> bytes:
    """One record as a line of a collected file."""
    return _line_start(table) + json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"}\n"


def table_records(content: Iterable[bytes], table: str, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The records of one table of a collected file, with those columns and no other, in that order."""
    start, is_past = _line_start(table), False
    for line in lines(content):
        if line.startswith(start):
            record = json.loads(line)["record"]
            is_past = True
            yield {column: record.get(column) for column in columns}
        elif is_past:
            return  # the records of a table stand together


def lines(content: Iterable[bytes]) -> Iterator[bytes]:
    """Complete lines of a byte stream, without their ends."""
    begun: list[bytes] = []
    for piece in content:
        first, *others = piece.split(b"\n")
        begun.append(first)
        for other in others:
            yield b"".join(begun)
            begun = [other]
    if last := b"".join(begun):
        yield last


def _line_start(table: str) -> bytes:
    return b'{"table":' + json.dumps(table, ensure_ascii=False).encode() + b',"record":'


# ---- CSV -------------------------------------------------------------------------------------------------------------


def cell_safe(value: Any) -> str:
    """A cell that no spreadsheet runs: an apostrophe goes before text that looks like a formula; numbers stay.

    NUL, which CSV readers refuse, becomes U+FFFD. The JSON file beside it holds the value unchanged.
    """
    cell = value_text(value).replace("\x00", "\ufffd")
    if cell.lstrip(" \ufeff").startswith(_FORMULA) and not _NUMBER.fullmatch(cell):
        return "'" + cell
    return cell


def csv_lines(columns: Sequence[str], records: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """A table as CSV (RFC 4180): a header, CRLF, quotes doubled."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    for cells in _csv_rows(columns, records):
        writer.writerow(cells)
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _csv_rows(columns: Sequence[str], records: Iterable[Mapping[str, Any]]) -> Iterator[list[str]]:
    yield [cell_safe(column) for column in columns]
    for record in records:
        yield [cell_safe(record[column]) for column in columns]


# ---- names of files --------------------------------------------------------------------------------------------------


def names_distinct(names: Iterable[str]) -> list[str]:
    """Safe names in order; the second of a kind, capitals aside, is numbered: "scan.pdf", "scan (2).pdf"."""
    taken: set[str] = set()
    chosen = []
    for name in map(name_safe, names):
        stem, dot, extension = name.rpartition(".") if "." in name else (name, "", "")
        candidate, number = name, 1
        while candidate.casefold() in taken:
            number += 1
            candidate = f"{stem} ({number}){dot}{extension}"
        taken.add(candidate.casefold())
        chosen.append(candidate)
    return chosen
