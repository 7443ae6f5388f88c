"""Desk pages where a second member reads a data source's map, and approves it: until then nothing is collected with it.
"""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dsar.core.errors import Conflict, DomainError, NotAllowed
from dsar.core.models import ProcessingActivity, User
from dsar.core.roles import Act
from dsar.core.texts import localised
from exports.map_reading import map_changes, tables_read
from exports.maps import source_map_approve
from exports.models import DataSource, SourceMap
from exports.sources import source_url
from requests_app.desk_access import actor_in, desk_act, desk_page, desk_render, member, organisations_allowing

SET, MISSING, UNREADABLE = "set", "missing", "unreadable"  # states of an environment variable, never its value


@dataclass(frozen=True)
class SourceLine:
    """A source with its version in use, the newer one that waits, and whether its address is set on this server."""

    source: DataSource
    in_use: SourceMap | None
    waiting: SourceMap | None
    address: str  # SET, MISSING or UNREADABLE; empty for a source that a person searches

    @property
    def name(self) -> str:
        return localised(self.source.name)

    @property
    def is_database(self) -> bool:
        return self.source.kind == DataSource.Kind.SQL

    @property
    def newest(self) -> SourceMap | None:
        return self.waiting or self.in_use


@desk_page
def source_list(request: HttpRequest) -> HttpResponse:
    """The data sources of every organisation where the member approves them, or administers."""
    user = member(request)
    if not _organisations_read(user):
        raise NotAllowed("sources_read_nowhere", _("Your role does not include data sources."))
    versions = SourceMap.objects.defer("tables").select_related("approved_by")
    sources = (
        _sources_read(user)
        .prefetch_related(Prefetch("maps", versions))
        .order_by("organisation__name", "organisation", "position", "pk")
    )
    context = {"lines": [_line(source, list(source.maps.all())) for source in sources], "section": "sources"}
    return desk_render(request, "exports/source_list.html", context)


@desk_page
def source_detail(request: HttpRequest, source_id: int) -> HttpResponse:
    """One source: the newest version of its map, what it changes, and the version in use."""
    return _detail_render(request, _source_or_404(request, source_id))


@desk_act
def map_approve(request: HttpRequest, source_id: int, version: int) -> HttpResponseBase:
    """Approve the version that the member has read; a newer one that came meanwhile is to be read first."""
    source = _source_or_404(request, source_id, Act.SOURCE_APPROVE)
    newest = source.maps.last()
    if newest is None or version > newest.version:
        raise Http404
    try:
        if version < newest.version:
            raise Conflict("newer_version", _("A newer version has come meanwhile. Read it, then approve it."))
        newest.source = source
        source_map_approve(source_map=newest, actor=actor_in(request, source.organisation))
    except DomainError as refusal:
        return _detail_render(request, source, error=refusal.message, status=_status_of(refusal))
    messages.success(request, str(_("Version %(version)s is approved and in use.") % {"version": version}))
    return HttpResponseRedirect(reverse("source-detail", args=[source.pk]))


def _status_of(refusal: DomainError) -> int:
    if isinstance(refusal, NotAllowed):
        return 403
    return 409 if isinstance(refusal, Conflict) else 422


def _detail_render(
    request: HttpRequest, source: DataSource, *, error: str | Promise = "", status: int = 200
) -> HttpResponse:
    user = member(request)
    line = _line(source, list(source.maps.select_related("author", "approved_by")))
    names = ProcessingActivity.objects.filter(organisation=source.organisation_id).values_list("code", "name")
    activities = {code: localised(name) for code, name in names}
    newest = line.newest
    context: dict[str, Any] = {
        "line": line,
        "source": source,
        "error": error,
        "newest": newest,
        "tables": tables_read(newest, activities) if newest else [],
        "old_tables": tables_read(line.in_use, activities) if line.in_use and line.waiting else [],
        "changes": map_changes(line.in_use, line.waiting, activities) if line.in_use and line.waiting else [],
        "may_approve": user.may(Act.SOURCE_APPROVE, source.organisation_id),
        "is_author": newest is not None and newest.author_id == user.pk,
        "section": "sources",
    }
    return desk_render(request, "exports/source_detail.html", context, status=status)


def _organisations_read(user: User) -> set[int]:
    """Where the member approves sources, or looks at them as an administrator."""
    acts = (Act.SOURCE_APPROVE, Act.ORGANISATION_EDIT)
    return {organisation.pk for act in acts for organisation in organisations_allowing(user, act)}


def _sources_read(user: User) -> Any:
    visible = DataSource.objects.visible_to(user).filter(organisation__in=_organisations_read(user))
    return visible.select_related("organisation")


def _source_or_404(request: HttpRequest, source_id: int, act: Act | None = None) -> DataSource:
    """The source, if the member sees it, else Http404; raises NotAllowed when their role does not include `act`."""
    user = member(request)
    source: DataSource | None = _sources_read(user).filter(pk=source_id).first()
    if source is None:
        raise Http404
    if act and not user.may(act, source.organisation_id):
        raise NotAllowed(f"{act}_not_allowed", _("Your role lets you look at data sources, not approve them."))
    return source


def _line(source: DataSource, versions: list[SourceMap]) -> SourceLine:
    """`versions` in ascending order; used is the newest that is approved, as by `collection_run`."""
    in_use = next((version for version in reversed(versions) if version.approved_at), None)
    newest = versions[-1] if versions else None
    return SourceLine(
        source=source,
        in_use=in_use,
        waiting=newest if newest != in_use else None,
        address=_address_state(source.collect_url) if source.kind == DataSource.Kind.SQL else "",
    )


def _address_state(variable: str) -> str:
    """Whether the environment variable with the source's address is there and can be read."""
    try:
        source_url(variable)
    except DomainError as error:
        return MISSING if error.code == "source_url_missing" else UNREADABLE
    except OSError:  # `<variable>_FILE` names a file that is not there
        return UNREADABLE
    return SET
