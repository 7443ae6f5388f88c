"""Other programs: tokens with which they call us, what they sent once, and webhooks with which we call them."""

import uuid
from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from dsar.core.models import EncryptionKey, Organisation, User
from dsar.core.privacy import PURGE, Fate
from dsar.core.roles import Act, roles_with
from requests_app.models.cases import Case, OfCaseQuerySet
from requests_app.models.messages import Message
from requests_app.vocabulary import OutgoingState, WebhookEvent


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def visible_to(self, user: User) -> Self:
        """A member's own tokens that still open something."""
        return self.filter(user=user, revoked_at=None)


class ApiToken(models.Model):
    """A member's token for the API of one organisation: it may what the member's role may. Shown once, kept hashed."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="api_tokens")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="api_tokens")
    name = models.CharField(max_length=100)  # what uses it
    token_hash = models.CharField(max_length=64, unique=True)  # keyed
    created_at = models.DateTimeField(auto_now_add=True)
    used_on = models.DateField(null=True)  # UTC; a day, so that a call in a thousand writes
    revoked_at = models.DateTimeField(null=True)

    objects = ApiTokenQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {}
    impersonal: ClassVar[tuple[str, ...]] = ("name", "token_hash")

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"API token {self.pk}"


class SentOnce(models.Model):
    """An idempotency key that came with a request or a message: sent again, it makes nothing new."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="sent_once")
    key_hash = models.CharField(max_length=64)  # keyed
    content_hash = models.CharField(max_length=64)  # keyed; another content under the same key is refused
    message = models.ForeignKey(Message, null=True, on_delete=models.PROTECT, related_name="+")  # None: the request
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OfCaseQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {"key_hash": PURGE, "content_hash": PURGE}
    impersonal: ClassVar[tuple[str, ...]] = ()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "key_hash"], name="sent_once_unique")]

    def __str__(self) -> str:
        return f"sent once {self.pk}"


class OutsideQuerySet(models.QuerySet):  # type: ignore[type-arg]  # shared by both models of webhooks
    organisation_path = "organisation"

    def visible_to(self, user: User) -> Self:
        """What whoever may change the organisation's settings sees."""
        path = self.organisation_path
        return self.filter(
            **{
                f"{path}__memberships__user": user,
                f"{path}__memberships__role__in": roles_with(Act.ORGANISATION_EDIT),
            }
        ).distinct()


class WebhookEndpoint(models.Model):
    """An address that is told of events of one organisation, by signed POSTs."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="webhooks")
    url = models.URLField(max_length=500)
    # Secrets sign what we send: sealed, because a hash cannot sign. The former one signs too until `previous_until`.
    key = models.ForeignKey(EncryptionKey, on_delete=models.PROTECT, related_name="+")
    secret = models.BinaryField()
    previous_secret = models.BinaryField(null=True)
    previous_until = models.DateTimeField(null=True)
    events = models.JSONField(default=list)  # codes of WebhookEvent
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OutsideQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {}
    impersonal: ClassVar[tuple[str, ...]] = ("url", "secret", "previous_secret", "events")

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"webhook {self.pk}"


class OfEndpointQuerySet(OutsideQuerySet):
    organisation_path = "endpoint__organisation"

    def due(self, now: datetime) -> Self:
        """Pending ones whose time has come."""
        return self.filter(Q(retry_at=None) | Q(retry_at__lte=now), state=OutgoingState.PENDING)


class WebhookDelivery(models.Model):
    """One event for one endpoint: written with the facts it tells, sent later, always with the same id and body."""

    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.PROTECT, related_name="deliveries")
    key = models.CharField(max_length=200)  # "right.moved:case:DSR-…:7", by chain and seq: never told twice
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)  # what the receiver knows it by
    event = models.CharField(max_length=20, choices=WebhookEvent.choices)
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="webhook_deliveries")
    body = models.TextField()  # JSON: references, codes and dates only
    state = models.CharField(max_length=8, choices=OutgoingState.choices, default=OutgoingState.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    claimed_at = models.DateTimeField(null=True)
    retry_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, blank=True)  # a status or a class of error, never what was answered

    objects = OfEndpointQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {"body": PURGE}
    impersonal: ClassVar[tuple[str, ...]] = ("key", "error")

    class Meta:
        ordering = ("pk",)
        constraints = [models.UniqueConstraint(fields=["endpoint", "key"], name="webhook_delivery_unique")]
        indexes = [
            models.Index(
                fields=["state", "retry_at"], name="webhook_unsent", condition=Q(state__in=["pending", "claimed"])
            ),
        ]

    def __str__(self) -> str:
        return f"webhook delivery {self.pk}"
