"""A source's queries and field map change only with four eyes: a version is used once a second member approves it."""

from datetime import UTC, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dsar.core.actors import Actor
from dsar.core.errors import DomainError, NotAllowed
from dsar.core.journal import journal_append
from dsar.core.roles import Act
from exports.models import SourceMap


@transaction.atomic
def source_map_approve(*, source_map: SourceMap, actor: Actor) -> None:
    """Let a version of a source's map be used from now on. Raises NotAllowed for its author, DomainError when done."""
    organisation = source_map.source.organisation
    user = actor.must(Act.SOURCE_APPROVE, organisation)
    if user.pk == source_map.author_id:
        raise NotAllowed("own_map", _("The author of a map never approves it."))
    approved = SourceMap.objects.filter(pk=source_map.pk, approved_at=None).update(
        approved_by=user, approved_at=datetime.now(UTC)
    )
    if not approved:
        raise DomainError("already_approved", _("This version is approved already."))
    journal_append(
        chain=f"organisation:{organisation.slug}",
        organisation=organisation,
        kind="source_map.approved",
        actor=actor,
        facts={"source": source_map.source.code, "version": source_map.version},
    )
