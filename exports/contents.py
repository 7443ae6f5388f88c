"""What one package holds, said once: the pages, the manifest and the preview on the desk all read it from here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.utils.translation import override as language_override

from dsar.core.models import Organisation, StoredFile
from dsar.core.texts import localised
from exports.information import FACTS, Sheet, activities_of, sheet_of
from exports.models import Collection
from exports.records import names_distinct
from exports.scope import Bases, bases_of, why_not_portable, why_table_not_portable
from requests_app.models import Case, CaseRight

PORTABILITY = "portability"
FACT_UNKNOWN = "fact_unknown"  # code of a gap: the record of processing does not state it
ORIGINS: dict[str, str | Promise] = {
    "provided": gettext_lazy("provided by you"),
    "observed": gettext_lazy("observed"),
    "inferred": gettext_lazy("inferred"),
}
RESULTS: dict[str, str | Promise] = {
    "answered": pgettext_lazy("a data source", "Answered"),
    "nothing_found": gettext_lazy("Nothing about you"),
    "left_out": gettext_lazy("Not included: not certainly yours"),
    "unanswered": gettext_lazy("Has not answered yet"),
}


@dataclass(frozen=True)
class Field:
    """A disclosed column, with what it means to the person."""

    column: str
    meaning: str
    category: str
    origin: str
    activity: str

    @property
    def origin_words(self) -> str:
        return str(ORIGINS.get(self.origin, self.origin))


@dataclass(frozen=True)
class Withheld:
    """A column that stays, and why."""

    column: str
    meaning: str
    reason: str


@dataclass(frozen=True)
class Table:
    """One table of a source: how many records of the person, what of them leaves and what is withheld.

    `left_out` says why none of its records leave; they are counted and named all the same.
    """

    name: str
    path: str  # its safe name in the package
    title: str
    records: int
    is_searched: bool  # False: nothing that the table can be searched by is known
    fields: tuple[Field, ...]
    withheld: tuple[Withheld, ...]
    left_out: str = ""

    @property
    def leaves(self) -> bool:
        """Whether records of this table are in the package."""
        return bool(self.records) and not self.left_out

    @property
    def columns(self) -> list[str]:
        """The allow-list: these columns leave, and no other."""
        return [field.column for field in self.fields]


@dataclass(frozen=True)
class Original:
    """A document found by a person, as it is."""

    path: str  # inside the package
    stored_file: StoredFile

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


@dataclass(frozen=True)
class SourceAnswer:
    """What one source answered. `result` is a code of RESULTS."""

    code: str
    name: str
    kind: str
    result: str
    collection: Collection
    tables: tuple[Table, ...]
    originals: tuple[Original, ...]

    @property
    def records(self) -> int:
        return sum(table.records for table in self.tables if table.leaves)

    @property
    def result_words(self) -> str:
        return str(RESULTS[self.result])

    @property
    def map_version(self) -> int | None:
        return self.collection.map.version if self.collection.map else None


@dataclass(frozen=True)
class Gap:
    """Something the package cannot give, said openly."""

    code: str
    text: str
    source: str = ""
    table: str = ""
    activity: str = ""
    article: str = ""


@dataclass(frozen=True)
class Contents:
    """Everything of one package but the records themselves; its texts are in `language`."""

    case: Case
    organisation: Organisation
    right: str  # code of the right that is answered
    language: str
    created_at: datetime
    sources: tuple[SourceAnswer, ...]
    sheets: tuple[Sheet, ...]  # of the processing that concerns this person
    other_sheets: tuple[Sheet, ...]  # of the processing that documents found by hand may belong to
    gaps: tuple[Gap, ...]

    @property
    def is_portable(self) -> bool:
        """Whether these are files for another service (GDPR art. 20), without the information sheet of art. 15."""
        return self.right == PORTABILITY

    @property
    def records(self) -> int:
        return sum(source.records for source in self.sources)

    @property
    def originals(self) -> int:
        return sum(len(source.originals) for source in self.sources)

    @property
    def withheld(self) -> list[tuple[SourceAnswer, Table, Withheld]]:
        """Every withheld column of a table that holds records of the person; a table left out is one line."""
        return [
            (source, table, withheld)
            for source in self.sources
            for table in source.tables
            if table.records
            for withheld in (
                (Withheld("", _("the whole table"), table.left_out),) if table.left_out else table.withheld
            )
        ]


def contents_of(case_right: CaseRight, *, created_at: datetime, language: str = "") -> Contents:
    """What the package of a right holds or, before all sources answered, would hold; in a constant number of queries.

    `language` is that of the data subject unless given.
    """
    case = case_right.case
    collections = list(
        Collection.objects.filter(case_right=case_right)
        .select_related("source", "map", "stored_file__key")
        .prefetch_related("files__key")
    )
    bases = bases_of(case.organisation) if case_right.right == PORTABILITY else None
    with language_override(language or case.language):
        sources = tuple(_answer(collection, bases) for collection in collections)
        sheets, others = _sheets(case.organisation, sources) if bases is None else ((), ())
        return Contents(
            case=case,
            organisation=case.organisation,
            right=case_right.right,
            language=language or case.language,
            created_at=created_at,
            sources=sources,
            sheets=sheets,
            other_sheets=others,
            gaps=tuple(_gaps(sources, (*sheets, *others))),
        )


def _answer(collection: Collection, bases: Bases | None) -> SourceAnswer:
    source = collection.source
    originals = list(collection.files.all())
    paths = names_distinct([original.name for original in originals])
    return SourceAnswer(
        code=source.code,
        name=localised(source.name),
        kind=source.kind,
        result=_result(collection, bool(originals)),
        collection=collection,
        tables=() if collection.is_left_out else _tables(collection, bases),
        originals=tuple(
            Original(f"files/{source.code}/{path}", original) for path, original in zip(paths, originals, strict=True)
        ),
    )


def _result(collection: Collection, has_files: bool) -> str:
    if collection.state != Collection.State.DONE:
        return "unanswered"
    if collection.is_left_out:
        return "left_out"
    return "answered" if collection.record_count or has_files else "nothing_found"


def _tables(collection: Collection, bases: Bases | None) -> tuple[Table, ...]:
    """The tables of the approved map that was used, with the counts of this collection.

    `bases` limits them to what is portable; None is access, which has no such limit.
    """
    counted = {row["name"]: row for row in collection.tables}
    mapped = [table for table in (collection.map.tables if collection.map else []) if table["name"] in counted]
    paths = [path.replace(" ", "_") for path in names_distinct([table["name"] for table in mapped])]
    return tuple(_table(table, counted[table["name"]], path, bases) for table, path in zip(mapped, paths, strict=True))


def _table(mapped: dict[str, Any], counted: dict[str, Any], path: str, bases: Bases | None) -> Table:
    fields, withheld = [], []
    for field in mapped["fields"]:
        meaning = localised(field.get("meaning")) or field["column"]
        if field.get("disclosed") is not True:
            withheld.append(Withheld(field["column"], meaning, localised(field.get("reason"))))
        elif bases is not None and (reason := why_not_portable(field, bases)):
            withheld.append(Withheld(field["column"], meaning, reason))
        else:
            fields.append(
                Field(
                    column=field["column"],
                    meaning=meaning,
                    category=localised(field.get("category")),
                    origin=field.get("origin", ""),
                    activity=field.get("activity", ""),
                )
            )
    left_out = why_table_not_portable(mapped, bases) if bases is not None else ""
    return Table(
        name=mapped["name"],
        path=path,
        title=localised(mapped.get("title")) or mapped["name"],
        records=counted["records"],
        is_searched=counted.get("searched", True),
        fields=() if left_out else tuple(fields),
        withheld=tuple(withheld),
        left_out=left_out,
    )


def _sheets(
    organisation: Organisation, sources: Sequence[SourceAnswer]
) -> tuple[tuple[Sheet, ...], tuple[Sheet, ...]]:
    """The activities that hold records of this person; and the others, where documents found by hand name none."""
    concerned = {
        field["activity"]
        for source in sources
        if source.collection.map and source.tables
        for mapped in source.collection.map.tables
        if any(table.name == mapped["name"] and table.records for table in source.tables)
        for field in mapped["fields"]
        if field.get("activity")
    }
    sheets = [sheet_of(activity) for activity in activities_of(organisation)]
    has_documents = any(source.originals for source in sources)
    return (
        tuple(sheet for sheet in sheets if sheet.code in concerned),
        tuple(sheet for sheet in sheets if has_documents and sheet.code not in concerned and not sheet.is_processor),
    )


def _gaps(sources: Sequence[SourceAnswer], sheets: Sequence[Sheet]) -> list[Gap]:
    gaps = []
    if not sources:
        gaps.append(Gap("no_source", _("No data source is declared for this organisation: nothing was searched.")))
    for source in sources:
        if source.result == "left_out":
            gaps.append(
                Gap(
                    "left_out",
                    _("Records that are not certainly yours are not included. Write to us if you think some are."),
                    source=source.code,
                )
            )
        gaps.extend(
            Gap(
                "not_searched",
                _("Not searched: this table needs a detail that you did not give, such as a customer number."),
                source=source.code,
                table=table.name,
            )
            for table in source.tables
            if not table.is_searched and not table.left_out
        )
    for sheet in sheets:
        for fact in sheet.unknown:
            article, words = FACTS[fact]
            text = _("Not known to us when this file was made: %(fact)s.") % {"fact": words}
            gaps.append(Gap(FACT_UNKNOWN, text, activity=sheet.code, article=article))
    return gaps
