"""The readable side of a package: static pages that open offline, in the data subject's language, and fetch nothing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import override as language_override

from exports.contents import Contents, SourceAnswer, Table
from exports.records import value_shown
from requests_app.brand import brand_css
from requests_app.correspondence import authority_words

PAGE_ROWS = 500
STYLESHEET = "assets/package.css"


def index_page(contents: Contents, *, has_pdf: bool) -> bytes:
    """The first page: what is inside, what every source answered, what is withheld and missing, how to check."""
    places = {
        (source.code, table.name): table_paths(source, table)[0]
        for source in contents.sources
        for table in source.tables
        if table.leaves
    }
    return _page(contents, "package_index.html", {"places": places, "has_pdf": has_pdf})


def information_page(contents: Contents) -> bytes:
    """The sheet of GDPR art. 15(1)-(2), one section per processing activity."""
    return _page(contents, "package_information.html", {})


def information_print(contents: Contents) -> str:
    """The same sheet as one page without any other file, to be made into a PDF."""
    css = mark_safe(_print_css())  # noqa: S308 - our own style sheet
    return _page(contents, "package_information.html", {"print_css": css}).decode()


def table_paths(source: SourceAnswer, table: Table) -> list[str]:
    """Where the pages of a table lie in the package: 500 rows on each."""
    count = -(-table.records // PAGE_ROWS)
    return [f"tables/{source.code}/{table.path}-{number}.html" for number in range(1, count + 1)]


def table_pages(
    contents: Contents, source: SourceAnswer, table: Table, records: Iterable[Mapping[str, Any]]
) -> Iterator[tuple[str, bytes]]:
    """The pages of a table, made one after the other from a stream of records."""
    paths, stream = table_paths(source, table), iter(records)
    for number, path in enumerate(paths, start=1):
        rows = list(islice(stream, PAGE_ROWS))
        first = (number - 1) * PAGE_ROWS + 1
        context = {
            "source": source,
            "table": table,
            "rows": _rows(table.columns, rows),
            "first": first,
            "last": first + len(rows) - 1,
            "number": number,
            "pages": len(paths),
            "before": paths[number - 2] if number > 1 else "",
            "after": paths[number] if number < len(paths) else "",
        }
        yield path, _page(contents, "package_table.html", context, depth=2)


def stylesheet(contents: Contents) -> bytes:
    """The look of the public pages in the organisation's colour, as one file."""
    return (_css("dsar/tokens.css") + brand_css(contents.organisation.brand_colour) + _css("dsar/public.css")).encode()


def _rows(columns: Sequence[str], records: Iterable[Mapping[str, Any]]) -> SafeString:
    """Table rows, every value escaped here: a template would take ten times as long for each cell.

    `dir="auto"` keeps the direction of a text to its own cell.
    """
    rows = (
        "<tr>" + "".join(f'<td dir="auto">{escape(value_shown(record[column]))}</td>' for column in columns) + "</tr>\n"
        for record in records
    )
    return mark_safe("".join(rows))  # noqa: S308 - escaped above


def _page(contents: Contents, template: str, context: Mapping[str, Any], *, depth: int = 0) -> bytes:
    """One page, `depth` folders down; instants are shown in the organisation's time zone."""
    zone = ZoneInfo(contents.organisation.time_zone)
    with language_override(contents.language), timezone.override(zone):
        shared = {
            "contents": contents,
            "organisation": contents.organisation,
            "authority": authority_words(contents.organisation, contents.case.country),
            "party": contents.case.data_subject,
            "language": contents.language,
            "root": "../" * depth,
        }
        return render_to_string(f"exports/{template}", {**shared, **context}).encode()


@cache
def _css(name: str) -> str:
    path = finders.find(name)
    if not isinstance(path, str):
        raise FileNotFoundError(name)
    return Path(path).read_text(encoding="utf-8")


def _print_css() -> str:
    return _css("exports/information_print.css")
