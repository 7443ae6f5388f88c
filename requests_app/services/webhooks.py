"""What an administrator does with webhooks; the secret that signs them is shown once and kept sealed."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.files import key_create, secret_seal
from dsar.core.journal import journal_append
from dsar.core.models import EncryptionKey, Organisation
from dsar.core.roles import Act
from requests_app.models import WebhookDelivery, WebhookEndpoint
from requests_app.vocabulary import OutgoingState, WebhookEvent
from requests_app.webhook_post import url_check
from requests_app.webhooks import SECRET, delivery_write

BOTH_SIGN = timedelta(days=1)  # after a new secret the former one signs too, so that the receiver can change over
TOLD = tuple(event for event in WebhookEvent if event != WebhookEvent.TEST)


@dataclass(frozen=True)
class ShownSecret:
    """An endpoint with a new secret; the secret is shown now or never."""

    endpoint: WebhookEndpoint
    secret: str


@transaction.atomic
def webhook_add(*, organisation: Organisation, url: str, events: Iterable[str], actor: Actor) -> ShownSecret:
    """Have the events of an organisation told to an address.

    Raises DomainError `webhook_url_wrong`, `webhook_url_open`, `webhook_url_private` or `webhook_without_event`.
    """
    actor.must(Act.ORGANISATION_EDIT, organisation)
    url_check(url)
    wanted = [str(event) for event in TOLD if event in events]
    if not wanted:
        raise DomainError("webhook_without_event", _("Tick at least one event."))
    key, secret = key_create(organisation=organisation, purpose=EncryptionKey.Purpose.INTAKE), _secret_make()
    endpoint = WebhookEndpoint.objects.create(
        organisation=organisation, url=url, events=wanted, key=key, secret=_sealed(key, secret)
    )
    _journal(endpoint, "webhook.added", actor, events=wanted)
    return ShownSecret(endpoint, secret)


@transaction.atomic
def webhook_rotate(*, endpoint: WebhookEndpoint, actor: Actor) -> ShownSecret:
    """A new secret. For a day the former one signs too."""
    actor.must(Act.ORGANISATION_EDIT, endpoint.organisation)
    secret = _secret_make()
    endpoint.previous_secret, endpoint.previous_until = endpoint.secret, datetime.now(UTC) + BOTH_SIGN
    endpoint.secret = _sealed(endpoint.key, secret)
    endpoint.save(update_fields=["secret", "previous_secret", "previous_until"])
    _journal(endpoint, "webhook.rotated", actor)
    return ShownSecret(endpoint, secret)


@transaction.atomic
def webhook_disable(*, endpoint: WebhookEndpoint, actor: Actor) -> None:
    """Tell this address nothing more; what waits is not sent. Doing it again changes nothing."""
    actor.must(Act.ORGANISATION_EDIT, endpoint.organisation)
    if not WebhookEndpoint.objects.filter(pk=endpoint.pk, is_active=True).update(is_active=False):
        return
    waiting = WebhookDelivery.objects.filter(endpoint=endpoint, state=OutgoingState.PENDING)
    waiting.update(state=OutgoingState.STOPPED, retry_at=None)
    _journal(endpoint, "webhook.disabled", actor)


@transaction.atomic
def webhook_enable(*, endpoint: WebhookEndpoint, actor: Actor) -> None:
    """Tell this address again, from the next event on. Raises DomainError like `webhook_add`."""
    actor.must(Act.ORGANISATION_EDIT, endpoint.organisation)
    url_check(endpoint.url)
    if WebhookEndpoint.objects.filter(pk=endpoint.pk, is_active=False).update(is_active=True):
        _journal(endpoint, "webhook.enabled", actor)


@transaction.atomic
def webhook_test(*, endpoint: WebhookEndpoint, actor: Actor) -> WebhookDelivery:
    """Send a delivery that tells nothing. Raises DomainError `webhook_off`."""
    actor.must(Act.ORGANISATION_EDIT, endpoint.organisation)
    if not endpoint.is_active:
        raise DomainError("webhook_off", _("This webhook is switched off: switch it on first."))
    at = timezone.now()
    key = f"{WebhookEvent.TEST}:{at.isoformat()}"
    return delivery_write(endpoint=endpoint, event=WebhookEvent.TEST, key=key, at=at, case=None, facts={})


@transaction.atomic
def webhook_retry(*, endpoint: WebhookEndpoint, actor: Actor) -> int:
    """Try once more, from the beginning of the waits, what failed for good; returns how many."""
    actor.must(Act.ORGANISATION_EDIT, endpoint.organisation)
    failed = WebhookDelivery.objects.filter(endpoint=endpoint, state=OutgoingState.FAILED)
    return failed.update(state=OutgoingState.PENDING, attempts=0, retry_at=None)  # the next sweep finds them


def _secret_make() -> str:
    return f"whsec_{secrets.token_hex(32)}"


def _sealed(key: EncryptionKey, secret: str) -> bytes:
    return secret_seal(key=key, secret=secret.encode(), label=SECRET)


def _journal(endpoint: WebhookEndpoint, kind: str, actor: Actor, **facts: object) -> None:
    journal_append(
        chain=f"organisation:{endpoint.organisation.slug}",
        organisation=endpoint.organisation,
        kind=kind,
        actor=actor,
        # Only the host: the rest of an address may be a password of its own.
        facts={"webhook": endpoint.pk, "host": urlsplit(endpoint.url).hostname, **facts},
    )
