"""A version of a source's map as the person who approves it reads it, and what it changes, in words of the desk."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import ndiff
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from dsar.core.errors import DomainError
from dsar.core.texts import localised
from exports.models import SourceMap
from exports.sources import query_parameters
from requests_app.vocabulary import AddressKind

ORIGINS: dict[str, str | Promise] = {
    "provided": gettext_lazy("provided by the person"),
    "observed": gettext_lazy("observed"),
    "inferred": gettext_lazy("inferred"),
}
NOTHING = "–"


@dataclass(frozen=True)
class FieldRead:
    """One column. Texts that the data subject reads come in every language, that of the reader first."""

    column: str
    meanings: list[tuple[str, str]]
    category: str
    origin: str
    activity: str
    is_disclosed: bool
    reasons: list[tuple[str, str]]


@dataclass(frozen=True)
class TableRead:
    """One query and what it gives. `problem` says why it would not run."""

    name: str
    titles: list[tuple[str, str]]
    query: str
    parameters: list[tuple[str, str]]  # name, what it stands for
    problem: str
    subject: list[tuple[str, str]]  # what of the person, column
    fields: list[FieldRead]


@dataclass(frozen=True)
class TableChange:
    """What a version changes in one table. `query_lines` begin with "+", "-" or a space."""

    title: str
    sentences: list[str]
    query_lines: list[str]


def tables_read(source_map: SourceMap, activities: Mapping[str, str]) -> list[TableRead]:
    """The tables of a version; `activities` gives the name of each processing activity by its code."""
    return [_table_read(table, activities) for table in source_map.tables]


def map_changes(before: SourceMap, after: SourceMap, activities: Mapping[str, str]) -> list[TableChange]:
    """What becomes different when `after` is used instead of `before`; tables that stay the same are left out."""
    old = {table["name"]: table for table in before.tables}
    new = {table["name"]: table for table in after.tables}
    changes = [_table_change(old.get(name), table, activities) for name, table in new.items()]
    gone = [
        TableChange(localised(table["title"]), [_("This table is not searched any more.")], [])
        for name, table in old.items()
        if name not in new
    ]
    return [change for change in changes if change.sentences] + gone


def _table_read(table: Mapping[str, Any], activities: Mapping[str, str]) -> TableRead:
    try:
        parameters, problem = query_parameters(table["query"]), ""
    except DomainError as error:
        parameters, problem = (), str(error)
    return TableRead(
        name=table["name"],
        titles=_worded(table["title"]),
        query=table["query"],
        parameters=[(name, _person_words(name)) for name in parameters],
        problem=problem,
        subject=[(_person_words(key), column) for key, column in table.get("subject", {}).items()],
        fields=[_field_read(field, activities) for field in table["fields"]],
    )


def _field_read(field: Mapping[str, Any], activities: Mapping[str, str]) -> FieldRead:
    return FieldRead(
        column=field["column"],
        meanings=_worded(field["meaning"]),
        category=localised(field["category"]),
        origin=_origin_words(field),
        activity=_activity_words(field, activities),
        is_disclosed=field["disclosed"],
        reasons=_worded(field.get("reason")),
    )


def _worded(texts: Mapping[str, str] | None) -> list[tuple[str, str]]:
    """(language, text), the active language first."""
    active = (get_language() or "en").split("-")[0]
    known = [(code, text) for code, text in (texts or {}).items() if text]
    return sorted(known, key=lambda pair: (pair[0] != active, pair[0]))


def _person_words(key: str) -> str:
    """What a query's parameter or a column of the subject stands for."""
    if key == "name":
        return _("name")
    return str(AddressKind(key).label) if key in AddressKind.values else key


def _origin_words(field: Mapping[str, Any]) -> str:
    return str(ORIGINS.get(field["origin"], field["origin"]))


def _activity_words(field: Mapping[str, Any], activities: Mapping[str, str]) -> str:
    return activities.get(field["activity"], field["activity"])


# ---- what changes ----------------------------------------------------------------------------------------------------


def _table_change(
    before: Mapping[str, Any] | None, after: Mapping[str, Any], activities: Mapping[str, str]
) -> TableChange:
    title = localised(after["title"])
    if before is None:
        count = len(after["fields"])
        new = ngettext("This table is new, with %(count)s field.", "This table is new, with %(count)s fields.", count)
        return TableChange(title, [new % {"count": count}], [])
    sentences = [
        _("The title in “%(language)s”: “%(before)s” becomes “%(after)s”.")
        % {"language": language, "before": old, "after": new}
        for language, old, new in _texts_changed(before["title"], after["title"])
    ]
    sentences += _subject_changes(before.get("subject", {}), after.get("subject", {}))
    sentences += _fields_changes(before["fields"], after["fields"], activities)
    if before["query"] == after["query"]:
        return TableChange(title, sentences, [])
    lines = ndiff(before["query"].splitlines(), after["query"].splitlines())
    kept = [line for line in lines if not line.startswith("?")]
    return TableChange(title, [_("The query is another one."), *sentences], kept)


def _subject_changes(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for key in dict.fromkeys((*before, *after)):
        if before.get(key) != after.get(key):
            yield _("The column that holds the person’s %(what)s: “%(before)s” becomes “%(after)s”.") % {
                "what": _person_words(key),
                "before": before.get(key, NOTHING),
                "after": after.get(key, NOTHING),
            }


def _fields_changes(
    before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]], activities: Mapping[str, str]
) -> Iterator[str]:
    old = {field["column"]: field for field in before}
    new = {field["column"]: field for field in after}
    for column, field in new.items():
        if column in old:
            yield from _field_changes(old[column], field, activities)
        elif field["disclosed"]:
            yield _("The field “%(field)s” is new, and disclosed.") % {"field": column}
        else:
            yield _("The field “%(field)s” is new, and withheld.") % {"field": column}
    for column in old:
        if column not in new:
            yield _("The field “%(field)s” is gone: it is not handed over any more.") % {"field": column}


def _field_changes(
    before: Mapping[str, Any], after: Mapping[str, Any], activities: Mapping[str, str]
) -> Iterator[str]:
    column = after["column"]
    if before["disclosed"] != after["disclosed"]:
        sentence = (
            _("The field “%(field)s” was withheld, and is disclosed.")
            if after["disclosed"]
            else _("The field “%(field)s” was disclosed, and is withheld.")
        )
        yield sentence % {"field": column}
    for what, old, new in _facts_changed(before, after, activities):
        yield _("The field “%(field)s”, %(what)s: “%(before)s” becomes “%(after)s”.") % {
            "field": column, "what": what, "before": old, "after": new,
        }


def _facts_changed(
    before: Mapping[str, Any], after: Mapping[str, Any], activities: Mapping[str, str]
) -> Iterator[tuple[str, str, str]]:
    """What is stated of a field, before and after, where the two differ."""
    texts = (("meaning", _("meaning in “%s”")), ("category", _("category in “%s”")), ("reason", _("reason in “%s”")))
    for key, what in texts:
        for language, old, new in _texts_changed(before.get(key), after.get(key)):
            yield what % language, old, new
    if before["origin"] != after["origin"]:
        yield _("origin"), _origin_words(before), _origin_words(after)
    if before["activity"] != after["activity"]:
        yield _("processing activity"), _activity_words(before, activities), _activity_words(after, activities)


def _texts_changed(
    before: Mapping[str, str] | None, after: Mapping[str, str] | None
) -> Iterator[tuple[str, str, str]]:
    """(language, before, after) in each language where the text differs: the reader may not read the one that does."""
    before, after = before or {}, after or {}
    for language in sorted({*before, *after}):
        old, new = before.get(language, ""), after.get(language, "")
        if old != new:
            yield language, old or NOTHING, new or NOTHING
