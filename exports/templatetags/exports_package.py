"""Sentences of the package's first page that need counting or looking up."""

from collections.abc import Mapping
from urllib.parse import quote

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dsar.core.templatetags.dsar_format import number
from exports.contents import FACT_UNKNOWN, Contents, Gap, SourceAnswer, Table
from exports.information import FACTS

register = template.Library()


@register.simple_tag
def package_summary(contents: Contents) -> str:
    """"12 records and 3 documents from 2 sources. 1 field is withheld; it is named below." """
    records, documents = contents.records, contents.originals
    sources, withheld = len(contents.sources), len(contents.withheld)
    counts = {
        "records": ngettext("%(count)s record", "%(count)s records", records) % {"count": number(records)},
        "documents": ngettext("%(count)s document", "%(count)s documents", documents) % {"count": number(documents)},
    }
    found = _("%(records)s and %(documents)s") if documents else "%(records)s"
    sentence = ngettext("%(found)s, from %(count)s source.", "%(found)s, from %(count)s sources.", sources) % {
        "found": found % counts, "count": number(sources),
    }  # fmt: skip
    if not withheld:
        return sentence
    if contents.is_portable:
        more = _("What is not part of it is named below, with the reasons.")
        return f"{sentence} {more}"
    more = ngettext(
        "%(count)s field is withheld: it is named below, with the reason.",
        "%(count)s fields are withheld: they are named below, with the reasons.",
        withheld,
    ) % {"count": number(withheld)}
    return f"{sentence} {more}"


@register.simple_tag
def package_place(places: Mapping[tuple[str, str], str], source: SourceAnswer, table: Table) -> str:
    """The address of the first page of a table."""
    return quote(places[source.code, table.name])


@register.simple_tag
def package_gaps(contents: Contents) -> list[tuple[str, str]]:
    """What is missing, as (place, sentence); the unknown facts of one use of data in one sentence."""
    lines = [(_place(contents, gap), gap.text) for gap in contents.gaps if gap.code != FACT_UNKNOWN]
    for sheet in (*contents.sheets, *contents.other_sheets):
        if sheet.unknown:
            facts = ", ".join(str(FACTS[fact][1]) for fact in sheet.unknown)
            lines.append((sheet.name, _("Not known to us when this file was made: %(fact)s.") % {"fact": facts}))
    return lines


def _place(contents: Contents, gap: Gap) -> str:
    """By the name people know: a source, and its table where one is meant."""
    source = next((source for source in contents.sources if source.code == gap.source), None)
    if source is None:
        return ""
    title = next((table.title for table in source.tables if table.name == gap.table), "")
    return _("%(source)s, %(table)s") % {"source": source.name, "table": title} if title else source.name
