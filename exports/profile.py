"""The profile's data sources and their field maps: each field is disclosed, or withheld with a reason.

A map that comes from a file is a new version without approval, like one that a member writes: nothing is collected with
it until a second person has read it (`source_map_approve`).
"""

import re
from dataclasses import dataclass
from typing import Any

from dsar.core.errors import DomainError
from dsar.core.models import Organisation
from dsar.core.profile_reader import ProfileReader, Table, Texts, unique_codes
from dsar.core.profiles import row_write
from exports.models import DataSource, SourceMap
from exports.sources import query_parameters

ORIGINS = ("provided", "observed", "inferred")  # portability takes the first two (GDPR art. 20, WP 242)
SUBJECT = ("name", "email", "identifier", "phone")  # columns by which a record is known to be of one person

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
_COLUMN = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class SourceFacts:
    """One data source; `tables` as documented on `SourceMap`, empty for a source that a person searches."""

    code: str
    name: Texts
    kind: str
    collect_url: str
    tables: list[dict[str, Any]]


@dataclass(frozen=True)
class SourcesProfile:
    """All data sources of an organisation, in their order."""

    sources: list[SourceFacts]


def profile_read(reader: ProfileReader, *, activities: list[str], categories: dict[str, Texts]) -> SourcesProfile:
    """The section `[[sources]]`; `activities` are the known codes. Problems stay with the reader."""
    tables = reader.tables("sources")
    sources = [_source(table, activities, categories) for table in tables]
    unique_codes(tables, [source.code for source in sources])
    return SourcesProfile(sources)


def _source(table: Table, activities: list[str], categories: dict[str, Texts]) -> SourceFacts:
    facts = SourceFacts(
        code=table.code(),
        name=table.texts("name", required=True),
        kind=table.choice("kind", DataSource.Kind.values),
        collect_url=table.matching("collect_url", _VARIABLE, "the NAME of an environment variable"),
        tables=[_table(one, activities, categories) for one in table.tables("tables")],
    )
    is_database = facts.kind == DataSource.Kind.SQL
    if is_database and not table.states("collect_url"):
        table.problem("collect_url", "missing: the NAME of the environment variable that holds the address")
    if is_database and not facts.tables:
        table.problem("tables", "missing: a database needs at least one query")
    if not is_database and (facts.tables or facts.collect_url):
        table.problem("kind", "a source searched by a person has neither tables nor collect_url")
    return facts


def _table(table: Table, activities: list[str], categories: dict[str, Texts]) -> dict[str, Any]:
    rows = table.tables("fields")
    fields = [_field(row, activities, categories) for row in rows]
    columns = [field["column"] for field in fields]
    unique_codes(rows, columns, "column")
    if not fields:
        table.problem("fields", "missing: every column is disclosed, or withheld with a reason")
    subject = table.table("subject")
    facts = {
        "name": table.matching("name", _COLUMN, "a table name", required=True),
        "title": table.texts("title", required=True),
        "query": _query(table),
        "subject": {key: subject.choice(key, columns) for key in SUBJECT if subject.states(key)},
        "fields": fields,
    }
    if not facts["subject"]:
        table.problem("subject", "missing: name at least one column that says whose record it is")
    return facts


def _query(table: Table) -> str:
    """One SELECT with named parameters; that the source refuses to write is enforced where it is read."""
    query = table.text("query", required=True, limit=10_000)
    if not query:
        return ""
    if not re.match(r"(?i)(select|with)\b", query) or ";" in query:
        table.problem("query", "must be one SELECT without semicolon")
    try:
        query_parameters(query)
    except DomainError as error:
        table.problem("query", str(error))
    return query


def _field(row: Table, activities: list[str], categories: dict[str, Texts]) -> dict[str, Any]:
    field = {
        "column": row.matching("column", _COLUMN, "a column name", required=True),
        "meaning": row.texts("meaning", required=True),
        "category": categories.get(row.choice("category", categories), {}),
        "origin": row.choice("origin", ORIGINS),
        "activity": row.choice("activity", activities),
        "disclosed": row.flag("disclosed") is not False,
        "reason": row.texts("reason"),
    }
    if not field["disclosed"] and not field["reason"]:
        row.problem("disclosed", "a field that is withheld needs a reason")
    if field["disclosed"] and field["reason"]:
        row.problem("reason", "a field that is disclosed needs no reason")
    return field


def profile_load(*, organisation: Organisation, section: SourcesProfile) -> list[str]:
    """Write sources and maps where they differ; returns the parts that changed. Must be called in a transaction.

    A source that the profile no longer names is removed, or made inactive when something was collected from it.
    """
    sources_changed = maps_changed = False
    for position, facts in enumerate(section.sources):
        columns = {
            "name": facts.name,
            "kind": facts.kind,
            "collect_url": facts.collect_url,
            "is_active": True,
            "position": position,
        }
        key = {"organisation": organisation, "code": facts.code}
        source, is_changed = row_write(DataSource.objects.all(), key, columns)
        sources_changed |= is_changed
        maps_changed |= _map_write(source, facts.tables)
    sources_changed |= _sources_drop(organisation, [facts.code for facts in section.sources])
    return ["sources"] * sources_changed + ["source_maps"] * maps_changed


def _map_write(source: DataSource, tables: list[dict[str, Any]]) -> bool:
    """A new version, to be approved, when the newest one differs."""
    newest = source.maps.last()
    if (newest.tables if newest else []) == tables:
        return False
    SourceMap.objects.create(source=source, version=newest.version + 1 if newest else 1, tables=tables)
    return True


def _sources_drop(organisation: Organisation, codes: list[str]) -> bool:
    changed = False
    for source in organisation.data_sources.exclude(code__in=codes):
        if not source.collections.exists():
            source.maps.all().delete()
            source.delete()
            changed = True
        elif source.is_active:
            source.is_active = False
            source.save(update_fields=["is_active"])
            changed = True
    return changed
