"""What webhooks say, for the OpenAPI document: their bodies, their headers, and how a receiver checks the signature.

The bodies themselves are written by `requests_app.webhooks` with the facts they tell; a test holds the two together.
"""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, OpenApiWebhook, extend_schema
from rest_framework import serializers

from dsar.core.rights import RIGHT_CHOICES
from requests_app.vocabulary import Channel, Outcome, Stage, WebhookEvent

INTRODUCTION = """
## Webhooks

An administrator sets them up at `/desk/webhooks/`: an https address, the events it is told, and a secret that is shown
once. Each event is one POST of JSON. It holds references, codes and dates, and nothing about a person.

**Check the signature** before anything else. `DSAR-Signature` is `t=<Unix seconds>,v1=<hex>`: `v1` is the HMAC-SHA256
of the seconds, a full stop and the body as it came, under the secret. After a new secret was made the former one signs
too for a day, so there may be two `v1`: one that fits is enough. Compare in constant time, over the bytes of the body,
and refuse what was signed over five minutes ago: whoever recorded a delivery cannot send it again later.

```python
import hashlib, hmac, time

def is_ours(secret: str, header: str, body: bytes) -> bool:
    parts = [part.partition("=") for part in header.split(",")]
    signed_at = next((value for name, _, value in parts if name == "t"), "")
    if not signed_at.isdigit() or abs(time.time() - int(signed_at)) > 300:
        return False
    mac = hmac.new(secret.encode(), signed_at.encode() + b"." + body, hashlib.sha256).hexdigest()
    return any(name == "v1" and hmac.compare_digest(mac.encode(), value.encode()) for name, _, value in parts)
```

**Answer 2xx within ten seconds**, and do the work afterwards. Anything else, a redirection too, counts as not taken and
is tried again after 1, 5, 15 and 60 minutes, then 3, 6, 12 and 24 hours; each try is signed anew. After the last one
the delivery has failed for good: the desk shows it, and an administrator can have it tried again.

**Each event arrives at least once, in any order.** Keep the `id` (also in `DSAR-Delivery`, the same at every try) and
pass over one that you have seen; go by `at`, when it happened, or read the request by its reference for how it stands.
"""
HEADERS: list[dict[str, Any]] = [
    {
        "name": name,
        "in": "header",
        "required": True,
        "description": description,
        "schema": {"type": "string"},
        "example": example,
    }
    for name, description, example in (
        ("DSAR-Event", "As `event` in the body.", "case.opened"),
        ("DSAR-Delivery", "As `id` in the body: the same at every try.", "6f1c2a52-8f0e-4b39-9d0a-2f6f3f1f8a11"),
        ("DSAR-Signature", "When it was signed, and the HMAC-SHA256 of `t.body` under each secret in use.",
         "t=1772732521,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd"),
    )
]  # fmt: skip


class EventOut(serializers.Serializer[Any]):
    """What every event says."""

    id = serializers.UUIDField(help_text="The same at every try: pass over one that you have seen.")
    event = serializers.ChoiceField(choices=[(event.value, event.value) for event in WebhookEvent])
    at = serializers.DateTimeField(help_text="When it happened.")
    organisation = serializers.SlugField()


class RequestEventOut(EventOut):
    """What every event of a request says."""

    reference = serializers.CharField()


class RightDatesOut(serializers.Serializer[Any]):
    """One right and its dates."""

    right = serializers.ChoiceField(choices=RIGHT_CHOICES)
    due_on = serializers.DateField(allow_null=True)
    prudent_due_on = serializers.DateField()


class CaseOpenedOut(RequestEventOut):
    """A request was received."""

    channel = serializers.ChoiceField(choices=Channel.choices)
    received_at = serializers.DateTimeField()
    rights = RightDatesOut(many=True)


class RightMovedOut(RequestEventOut):
    """The work on a right went from one stage to another."""

    right = serializers.ChoiceField(choices=RIGHT_CHOICES)
    source = serializers.ChoiceField(choices=Stage.choices)  # type: ignore[assignment]  # as in `StepOut`
    target = serializers.ChoiceField(choices=Stage.choices)
    due_on = serializers.DateField(allow_null=True, help_text="Null while a question is open.")


class RightAnsweredOut(RequestEventOut):
    """A right was answered."""

    right = serializers.ChoiceField(choices=RIGHT_CHOICES)
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    answered_at = serializers.DateTimeField()


_EXAMPLE = {
    "id": "6f1c2a52-8f0e-4b39-9d0a-2f6f3f1f8a11",
    "at": "2026-03-05T17:42:01.250Z",
    "organisation": "publisher",
    "reference": "DSR-2026-7K3F9-QX4TC-0",
}


def _webhook(event: WebhookEvent, body: type[EventOut], summary: str, **facts: Any) -> OpenApiWebhook:
    told = {**_EXAMPLE, "event": event.value, **facts}
    if not issubclass(body, RequestEventOut):
        del told["reference"]
    taken = OpenApiResponse(description="Taken. Any other answer, a redirection too, is tried again.")
    return OpenApiWebhook(
        name=event.value,
        decorator=extend_schema(
            operation_id=event.value.replace(".", "_"),
            summary=summary,
            request=body,
            responses={"2XX": taken},
            examples=[OpenApiExample("An event", value=told, request_only=False)],
            tags=["webhooks"],
        ),
    )


case_opened = _webhook(
    WebhookEvent.CASE_OPENED, CaseOpenedOut, "A request was received",
    channel="form", received_at="2026-03-05T17:42:00+00:00",
    rights=[{"right": "access", "due_on": "2026-04-07", "prudent_due_on": "2026-04-05"}],
)  # fmt: skip
right_moved = _webhook(
    WebhookEvent.RIGHT_MOVED, RightMovedOut, "The work on a right moved",
    right="access", source="to_do", target="in_progress", due_on="2026-04-07",
)  # fmt: skip
right_answered = _webhook(
    WebhookEvent.RIGHT_ANSWERED, RightAnsweredOut, "A right was answered",
    right="access", outcome="granted", answered_at="2026-03-19T09:12:45.031250+00:00",
)  # fmt: skip
webhook_test = _webhook(WebhookEvent.TEST, EventOut, "Somebody at the desk sends a test")


def webhook_headers_add(result: dict[str, Any], **_options: Any) -> dict[str, Any]:
    """Say of each webhook which headers come with it; the library knows parameters of our own operations only."""
    for operations in result["webhooks"].values():
        operations["post"]["parameters"] = HEADERS
    return result
