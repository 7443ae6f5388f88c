"""Webhooks: events told to other programs, written with the facts they tell and sent later, like mail of the outbox.

At least once: a row goes pending → claimed → sent. Whoever dies between the claim and the last commit leaves a claimed
row, which the sweep frees; the receiver knows a repeated delivery by its id. A body holds references, codes and dates,
and no personal data: it may be read on a way that we do not know.
"""

import hashlib
import hmac
import json
import logging
from datetime import UTC, date, datetime, timedelta
from functools import partial
from http.client import HTTPException
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from dsar.core.broker import task_queue
from dsar.core.errors import DomainError
from dsar.core.files import secret_open
from dsar.core.models import AuditEvent
from requests_app.models import Case, WebhookDelivery, WebhookEndpoint
from requests_app.vocabulary import OutgoingState, WebhookEvent
from requests_app.webhook_post import post

logger = logging.getLogger(__name__)

CLAIM_EXPIRES = timedelta(minutes=2)  # well over the deadline of one POST
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720, 1440))  # two days in all
QUEUE_LEASE = timedelta(minutes=5)  # what the sweep has queued is left alone for so long
SWEEP_LIMIT = 1000
SECRET = "secret"  # noqa: S105 - the label under which a secret is sealed


# ---- written with the facts -----------------------------------------------------------------------------------------


def webhooks_tell(*, event: WebhookEvent, case: Case, journaled: AuditEvent, facts: dict[str, Any]) -> None:
    """Write one delivery for each endpoint that wants the event, in the transaction of the fact it tells.

    Its place in the case's chain makes the key: what is journaled once is told once. `facts`: codes and dates only.
    """
    endpoints = WebhookEndpoint.objects.filter(organisation=case.organisation_id, is_active=True)
    wanted = [endpoint for endpoint in endpoints if event in endpoint.events]
    for endpoint in wanted:
        delivery_write(
            endpoint=endpoint,
            event=event,
            key=f"{event}:{case.chain}:{journaled.seq}",
            at=journaled.at,
            case=case,
            facts={"reference": case.reference, **facts},
        )


def delivery_write(
    *, endpoint: WebhookEndpoint, event: WebhookEvent, key: str, at: datetime, case: Case | None, facts: dict[str, Any]
) -> WebhookDelivery:
    """One delivery in the caller's transaction; it leaves after the commit. `at` is the aware instant of the event."""
    delivery = WebhookDelivery(endpoint=endpoint, event=event, key=key, case=case)
    told = {
        "id": str(delivery.uuid),
        "event": str(event),
        "at": at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "organisation": endpoint.organisation.slug,
        **facts,
    }
    delivery.body = json.dumps(told, ensure_ascii=True, separators=(",", ":"), default=_told)
    delivery.save(force_insert=True)
    transaction.on_commit(partial(_queue, delivery.pk))
    return delivery


def _told(value: object) -> str:
    """A date or an instant as JSON Schema and RFC 3339 want it."""
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"a webhook tells codes and dates only, not {type(value).__name__}")


# ---- sent later -----------------------------------------------------------------------------------------------------


def webhook_send(delivery_id: int) -> None:
    """Send one pending delivery; nothing for one that is claimed, sent or failed. Must run outside a transaction."""
    delivery = _claim(delivery_id)
    if delivery is None:
        return
    if not delivery.endpoint.is_active:
        _swap(delivery, state=OutgoingState.STOPPED, retry_at=None)
        return
    try:
        body = delivery.body.encode()
        status = post(delivery.endpoint.url, body=body, headers=delivery_headers(delivery, body, timezone.now()))
    except DomainError as error:
        _not_taken(delivery, error.code)
    except (OSError, HTTPException) as error:
        _not_taken(delivery, type(error).__name__)
    except Exception as error:  # our own mistake: keep it for a later try, and let the mistake be seen
        _not_taken(delivery, type(error).__name__)
        raise
    else:
        if 200 <= status < 300:
            _swap(delivery, state=OutgoingState.SENT, sent_at=timezone.now(), retry_at=None, error="")
        else:  # a redirection too: it could lead anywhere
            _not_taken(delivery, f"HTTP {status}")


def delivery_headers(delivery: WebhookDelivery, body: bytes, now: datetime) -> dict[str, str]:
    """What goes with the body. The id is the same at every try; the signature says when it was sent."""
    return {
        "Content-Type": "application/json",
        "User-Agent": "dsar-webhook/1",
        "DSAR-Event": delivery.event,
        "DSAR-Delivery": str(delivery.uuid),
        "DSAR-Signature": signature(secrets_of(delivery.endpoint, now), int(now.timestamp()), body),
    }


def signature(secrets: list[str], instant: int, body: bytes) -> str:
    """`t=<Unix seconds>,v1=<hex>`: HMAC-SHA256 over "<seconds>.<body>", once for each secret in use."""
    signed = b"%d.%s" % (instant, body)
    macs = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={instant}", *(f"v1={mac}" for mac in macs)])


def secrets_of(endpoint: WebhookEndpoint, now: datetime) -> list[str]:
    """The secret, and for a day after it was renewed the former one too, so that the receiver can change over."""
    sealed = [endpoint.secret]
    if endpoint.previous_secret and endpoint.previous_until and now < endpoint.previous_until:
        sealed.append(endpoint.previous_secret)
    return [secret_open(key=endpoint.key, sealed=one, label=SECRET).decode() for one in sealed]


def webhooks_sweep(now: datetime | None = None) -> int:
    """Free what was claimed too long ago and queue what is due; returns how many were queued.

    Selects on state, never on a window of time, so a sweep that runs late or twice does the same.
    """
    now = now or timezone.now()
    expired = WebhookDelivery.objects.filter(state=OutgoingState.CLAIMED, claimed_at__lt=now - CLAIM_EXPIRES)
    expired.update(state=OutgoingState.PENDING, retry_at=None)
    queued = 0
    for pk in WebhookDelivery.objects.due(now).values_list("pk", flat=True)[:SWEEP_LIMIT]:
        if not _queue(pk):
            break  # the broker is away: the next sweep goes on from here
        WebhookDelivery.objects.filter(pk=pk, state=OutgoingState.PENDING).update(retry_at=now + QUEUE_LEASE)
        queued += 1
    return queued


def _queue(delivery_id: int) -> bool:
    return task_queue("requests_app.webhook_send", delivery_id)


def _claim(delivery_id: int) -> WebhookDelivery | None:
    """Compare and swap; committed when this returns."""
    with transaction.atomic(durable=True):
        claimed = WebhookDelivery.objects.filter(pk=delivery_id, state=OutgoingState.PENDING).update(
            state=OutgoingState.CLAIMED, claimed_at=timezone.now(), attempts=F("attempts") + 1
        )
    if not claimed:
        return None
    delivery: WebhookDelivery = WebhookDelivery.objects.select_related("endpoint__key").get(pk=delivery_id)
    return delivery


def _not_taken(delivery: WebhookDelivery, error: str) -> None:
    """Try again later, longer each time; after the last try the desk shows it as failed."""
    if delivery.attempts > len(BACK_OFF):
        _swap(delivery, state=OutgoingState.FAILED, retry_at=None, error=error)
        logger.warning("Webhook delivery %s failed: %s", delivery.uuid, error)
        return
    wait = BACK_OFF[delivery.attempts - 1]
    _swap(delivery, state=OutgoingState.PENDING, retry_at=timezone.now() + wait, error=error)
    logger.info("Webhook delivery %s waits %s: %s", delivery.uuid, wait, error)


def _swap(delivery: WebhookDelivery, **changes: object) -> bool:
    """Change the row if our claim still holds; False when the sweep has freed it meanwhile."""
    mine = WebhookDelivery.objects.filter(
        pk=delivery.pk, state=OutgoingState.CLAIMED, claimed_at=delivery.claimed_at, attempts=delivery.attempts
    )
    return bool(mine.update(**changes))
