"""Other programs: tokens with which they call us, and webhooks with which we call them."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from dsar.core.models import Organisation, User
from dsar.core.privacy import PURGE, Fate
from dsar.core.roles import Act, roles_with
from requests_app.models.cases import Case
from requests_app.vocabulary import OutgoingState, WebhookEvent


class OutsideQuerySet(models.QuerySet):  # type: ignore[type-arg]  # shared by the models of this file
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


class ApiToken(models.Model):
    """A member's token for the API of one organisation: it may what the member's role may. Shown once, kept hashed."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="api_tokens")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="api_tokens")
    name = models.CharField(max_length=100)  # what uses it
    token_hash = models.CharField(max_length=64, unique=True)  # keyed
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects = OutsideQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {}
    impersonal: ClassVar[tuple[str, ...]] = ("name", "token_hash")

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"API token {self.pk}"


class WebhookEndpoint(models.Model):
    """An address that is told of events of one organisation, by signed POSTs."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="webhooks")
    url = models.URLField(max_length=500)
    secret = models.TextField()  # wrapped by the organisation's key: it signs what we send
    events = models.JSONField(default=list)  # codes of WebhookEvent
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OutsideQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {}
    impersonal: ClassVar[tuple[str, ...]] = ("url", "secret", "events")

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"webhook {self.pk}"


class OfEndpointQuerySet(OutsideQuerySet):
    organisation_path = "endpoint__organisation"


class WebhookDelivery(models.Model):
    """One event for one endpoint: written with the facts it tells, sent later, always with the same id and body."""

    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.PROTECT, related_name="deliveries")
    key = models.CharField(max_length=200)  # "right.moved:DSR-…:access:in_progress:…": never told twice
    event = models.CharField(max_length=20, choices=WebhookEvent.choices)
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="webhook_deliveries")
    body = models.TextField()  # JSON: references, codes and dates only
    state = models.CharField(max_length=8, choices=OutgoingState.choices, default=OutgoingState.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    claimed_at = models.DateTimeField(null=True)
    retry_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, blank=True)

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
