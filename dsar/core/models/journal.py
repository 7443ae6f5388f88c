"""The journal's tables: chains of immutable events, and the personal values beside them, which may be purged.

Only `dsar.core.journal` writes here; triggers on both databases refuse UPDATE and DELETE (DESIGN §7).
"""

from typing import ClassVar, Self

from django.db import models

from dsar.core.models.organisations import Organisation
from dsar.core.models.users import User
from dsar.core.privacy import PURGE, Fate
from dsar.core.roles import Act, roles_with


class AuditChain(models.Model):
    """One chain of events and its head: `case:<reference>`, `organisation:<slug>` or `installation`."""

    key = models.CharField(max_length=100, unique=True)
    organisation = models.ForeignKey(Organisation, null=True, on_delete=models.PROTECT, related_name="+")
    seq = models.PositiveBigIntegerField(default=0)  # of the last event, 0 before the first
    head = models.CharField(max_length=64, blank=True)  # hash of the last event
    anchored_in = models.PositiveBigIntegerField(default=0)  # seq of the installation's event with this head, or 0

    personal: ClassVar[dict[str, Fate]] = {}
    impersonal: ClassVar[tuple[str, ...]] = ("key", "head")

    class Meta:
        # Only the chains that moved are in the index: recording them costs what moved, not what exists.
        indexes = [models.Index(fields=["id"], name="audit_chain_moved", condition=models.Q(anchored_in=0))]

    def __str__(self) -> str:
        return self.key


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    def visible_to(self, user: User) -> Self:
        """Events of the organisations whose cases the user may read."""
        return self.filter(
            chain__organisation__memberships__user=user,
            chain__organisation__memberships__role__in=roles_with(Act.CASE_READ),
        ).distinct()


class AuditEvent(models.Model):
    """One thing that happened. Never changed, never deleted."""

    chain = models.ForeignKey(AuditChain, on_delete=models.PROTECT, related_name="events")
    seq = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=60)  # see dsar/core/events.py
    at = models.DateTimeField()
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    actor_role = models.CharField(max_length=20)  # a role, or "data_subject", "system"
    facts = models.JSONField(default=dict)  # codes, dates and references only, never a personal value
    digests = models.JSONField(default=dict)  # field → salted SHA-256 of its AuditValue
    prev_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    objects = AuditEventQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {}
    impersonal: ClassVar[tuple[str, ...]] = (
        "kind",
        "actor_role",
        "facts",
        "digests",
        "prev_hash",
        "hash",
    )

    class Meta:
        ordering = ("chain", "seq")
        constraints = [models.UniqueConstraint(fields=["chain", "seq"], name="audit_event_seq_unique")]

    def __str__(self) -> str:
        return f"{self.chain_id} {self.seq} {self.kind}"


class AuditValueQuerySet(models.QuerySet["AuditValue"]):
    def visible_to(self, user: User) -> Self:
        """Values of events the user may see."""
        return self.filter(event__in=AuditEvent.objects.visible_to(user))


class AuditValue(models.Model):
    """A personal value or free text of an event; may be purged, never changed."""

    event = models.ForeignKey(AuditEvent, on_delete=models.PROTECT, related_name="values")
    field = models.CharField(max_length=60)
    salt = models.CharField(max_length=32)
    value = models.JSONField()

    objects = AuditValueQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {"value": PURGE}
    impersonal: ClassVar[tuple[str, ...]] = ("field", "salt")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "field"], name="audit_value_unique")]

    def __str__(self) -> str:
        return f"{self.event_id} {self.field}"
