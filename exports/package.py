"""The data package: a ZIP made as a stream, so that its size does not matter, in which only disclosed fields travel.

Order: pages to read, data as JSON and CSV, documents as they are, then `manifest.json` and `SHA256SUMS`, which need the
fingerprints of all that came before. The same contents at the same instant give the same bytes.
"""

import hashlib
import json
import stat
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import override as language_override
from stream_zip import ZIP_32, ZIP_64, stream_zip

from dsar.core.files import file_stream
from exports.contents import Contents, SourceAnswer, Table
from exports.package_pages import (
    STYLESHEET,
    index_page,
    information_page,
    information_print,
    stylesheet,
    table_pages,
    table_paths,
)
from exports.records import csv_lines, table_records
from requests_app.pdf import PdfUnavailable, pdf_render

SCHEMA_VERSION = 1
DEFLATE = 1  # the fastest level: compression is the ceiling of the whole export
PIECE = 64 * 1024  # bytes handed on at a time
# Every unpacker reads a plain ZIP; the large form is used only where the plain one might not hold the content.
PLAIN_BYTES, PLAIN_MEMBERS = 1 << 31, 60_000
EXPANSION = 8  # a record written as page, JSON and CSV, against its line in the collected file, at the very most

Content = Iterable[bytes]


@dataclass(frozen=True)
class Written:
    """A file of the package as written: what the manifest says of it."""

    path: str
    size: int
    sha256: str


def package_stream(contents: Contents) -> Iterator[bytes]:
    """The ZIP file in pieces. Raises DomainError like `file_stream` when a collected file cannot be read."""
    written: list[Written] = []
    method = ZIP_32 if _fits_plain(contents) else ZIP_64
    at: datetime = contents.created_at.astimezone(ZoneInfo(contents.organisation.time_zone))
    members = (
        (path, at, stat.S_IFREG | 0o644, method, _recorded(path, content, written))
        for path, content in _members(contents, written)
    )
    yield from stream_zip(
        members, chunk_size=PIECE, get_compressobj=lambda: zlib.compressobj(wbits=-zlib.MAX_WBITS, level=DEFLATE)
    )


def _members(contents: Contents, written: list[Written]) -> Iterator[tuple[str, Content]]:
    """Every file in order. `written` fills up as they are consumed, so the last two describe all others."""
    pdf = None if contents.is_portable else _information_pdf(contents)
    yield "index.html", [index_page(contents, has_pdf=pdf is not None)]
    if not contents.is_portable:
        yield "information.html", [information_page(contents)]
    if pdf is not None:
        yield "information.pdf", [pdf]
    yield STYLESHEET, [stylesheet(contents)]
    for source in contents.sources:
        for table in source.tables:
            if table.leaves:
                yield from _table_members(contents, source, table)
    for source in contents.sources:
        for original in source.originals:
            yield original.path, file_stream(original.stored_file)
    yield "manifest.json", [_manifest(contents, written)]
    yield "SHA256SUMS", ["".join(f"{file.sha256}  {file.path}\n" for file in written).encode()]


def _table_members(contents: Contents, source: SourceAnswer, table: Table) -> Iterator[tuple[str, Content]]:
    """A table three times: as pages, as JSON, as CSV. Each reads the collected file again rather than keep its rows."""
    for path, page in table_pages(contents, source, table, _records(source, table)):
        yield path, [page]
    yield f"data/{source.code}/{table.path}.json", _pieces(_json_lines(_records(source, table)))
    yield f"data/{source.code}/{table.path}.csv", _pieces(_csv_with_mark(source, table))


def _records(source: SourceAnswer, table: Table) -> Iterator[dict[str, Any]]:
    """The table's records, cut down to the columns that are disclosed."""
    collected = source.collection.stored_file
    return table_records(file_stream(collected) if collected else (), table.name, table.columns)


def _json_lines(records: Iterable[dict[str, Any]]) -> Iterator[str]:
    before = "[\n"
    for record in records:
        yield before + json.dumps(record, ensure_ascii=False)
        before = ",\n"
    yield "\n]\n"


def _csv_with_mark(source: SourceAnswer, table: Table) -> Iterator[str]:
    yield "\ufeff"  # without it, spreadsheets take UTF-8 for an old code page
    yield from csv_lines(table.columns, _records(source, table))


def _pieces(texts: Iterable[str]) -> Iterator[bytes]:
    """Texts gathered into pieces: one small piece a row would cost more than the rest of the work."""
    gathered: list[str] = []
    size = 0
    for text in texts:
        gathered.append(text)
        size += len(text)
        if size >= PIECE:
            yield "".join(gathered).encode()
            gathered, size = [], 0
    if gathered:
        yield "".join(gathered).encode()


def _recorded(path: str, content: Content, written: list[Written]) -> Iterator[bytes]:
    """The content unchanged; once it is through, its size and SHA-256 are noted."""
    digest, size = hashlib.sha256(), 0
    for piece in content:
        digest.update(piece)
        size += len(piece)
        yield piece
    written.append(Written(path, size, digest.hexdigest()))


def _information_pdf(contents: Contents) -> bytes | None:
    """The information sheet to print; None on a machine without the libraries for it."""
    try:
        return pdf_render(information_print(contents))
    except PdfUnavailable:
        return None


def _fits_plain(contents: Contents) -> bool:
    collected = sum(
        source.collection.stored_file.size for source in contents.sources if source.collection.stored_file
    )
    documents = sum(original.stored_file.size for source in contents.sources for original in source.originals)
    members = contents.originals + sum(
        len(table_paths(source, table)) + 2
        for source in contents.sources
        for table in source.tables
        if table.leaves
    )
    return collected * EXPANSION + documents < PLAIN_BYTES and members < PLAIN_MEMBERS


# ---- the manifest ----------------------------------------------------------------------------------------------------


def _manifest(contents: Contents, written: list[Written]) -> bytes:
    organisation, authority = contents.organisation, contents.organisation.authority
    with language_override(contents.language):
        manifest = {
            "schema_version": SCHEMA_VERSION,
            "reference": contents.case.reference,
            "right": contents.right,
            "language": contents.language,
            "created_at": contents.created_at.isoformat(),
            "organisation": {
                "name": organisation.name,
                "country": organisation.country,
                "contact": organisation.dpo_address,
                "supervisory_authority": str(authority),
            },
            "records": contents.records,
            "sources": [_manifest_source(source) for source in contents.sources],
            "gaps": [_filled(vars(gap)) for gap in contents.gaps],
            "notes": {
                "csv": "UTF-8 with BOM, RFC 4180. An apostrophe stands before text that a spreadsheet would take for a "
                "formula; NUL is written as U+FFFD. The JSON file holds the value unchanged.",
                "json": "Dates and times are ISO 8601; exact decimals are strings; binary content starts with base64:.",
            },
            "files": [vars(file) for file in written],
        }
    return (json.dumps(manifest, ensure_ascii=False, indent=2) + "\n").encode()


def _manifest_source(source: SourceAnswer) -> dict[str, Any]:
    finished_at = source.collection.finished_at
    return {
        "code": source.code,
        "name": source.name,
        "kind": source.kind,
        "result": source.result,
        "map_version": source.map_version,
        "collected_at": finished_at.isoformat() if finished_at else None,
        "records": source.records,
        "tables": [_manifest_table(source, table) for table in source.tables],
        "documents": [original.path for original in source.originals],
    }


def _manifest_table(source: SourceAnswer, table: Table) -> dict[str, Any]:
    stem = f"data/{source.code}/{table.path}"
    told: dict[str, Any] = {
        "name": table.name,
        "title": table.title,
        "searched": table.is_searched,
        "records": table.records,
        "files": [f"{stem}.json", f"{stem}.csv"] if table.leaves else [],
        "fields": [vars(field) for field in table.fields],
        "withheld": [vars(withheld) for withheld in table.withheld] if table.records else [],
    }
    return told | {"left_out": table.left_out} if table.left_out else told


def _filled(values: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}
