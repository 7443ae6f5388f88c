"""The words and parts of the OpenAPI document. In English only: programs read it, and get the same bytes everywhere."""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import Direction, OpenApiParameter, OpenApiResponse

from requests_app.api.problems import MEDIA_TYPE
from requests_app.api.serializers import ProblemOut

INTRODUCTION = """
Requests under the GDPR: make one, follow it, write on it; for programs of the organisation, list them.

* A person opens a request by its reference and tracking key: `Authorization: Tracking-Key R4QK-8T2M-XW9D-6HPB`.
* A member of staff makes a token at the desk: `Authorization: Bearer dsar_…`. It may what its member's role may.
* Every refusal is `application/problem+json` (RFC 9457) with a stable `code`; `Accept-Language` (`en`, `fr`) chooses
  the language of its sentences and of every explanation.
* `Idempotency-Key` makes a repeated POST safe. Draw it by chance, such as a UUID, and keep it as a secret: whoever
  holds it and the body can repeat the call.
* Calls are counted: 120 a minute for each source, 600 for each token. `429` says in `Retry-After` how long to wait.
* Instants are UTC; dates are those of the organisation's place.

Webhooks are set up at the desk. Each is a POST of JSON with `DSAR-Event`, `DSAR-Delivery` (the id, the same at every
try) and `DSAR-Signature: t=<Unix seconds>,v1=<hex>`. `v1` is the HMAC-SHA256, under the secret shown at the desk, of
the seconds, a full stop and the body as it came; for a day after a new secret there are two. Refuse what is older than
five minutes. Answer 2xx within ten seconds; anything else is tried again for two days.
"""

IDEMPOTENCY_KEY = OpenApiParameter(
    name="Idempotency-Key",
    location=OpenApiParameter.HEADER,
    required=False,
    description="Drawn by chance, such as a UUID: letters, digits and hyphens. The same key with the same content "
    "makes nothing new and gets the first answer again; with another content it is refused, and the first stands.",
    type={"type": "string", "pattern": "^[0-9A-Za-z-]{32,128}$"},
)
RETRY_AFTER = OpenApiParameter(
    name="Retry-After",
    location=OpenApiParameter.HEADER,
    type=OpenApiTypes.INT,
    response=[429],
    required=True,
    description="Seconds.",
)
REFERENCE = OpenApiParameter(
    name="reference",
    location=OpenApiParameter.PATH,
    type=OpenApiTypes.STR,
    description="Such as DSR-2026-7K3F9-QX4TC-0.",
)
SECURITY_SCHEMES = {
    "trackingKey": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "`Tracking-Key` and the key of the receipt: `Tracking-Key R4QK-8T2M-XW9D-6HPB`.",
    },
    "staffToken": {"type": "http", "scheme": "bearer", "description": "A token made at /desk/tokens/."},
}
# The library types these as names and writes them as they are.
BY_TOKEN: list[Any] = [{"staffToken": []}]
BY_KEY_OR_TOKEN: list[Any] = [{"trackingKey": []}, *BY_TOKEN]
BY_ANYBODY_OR_TOKEN: list[Any] = [{}, *BY_TOKEN]

_PROBLEMS = {
    400: "The body, a header or a parameter is not well formed; `errors` says where.",
    401: "No key or token, or one that opens nothing here. Says the same of an unknown reference.",
    403: "The member's role does not include this.",
    404: "Nothing here that this caller may see.",
    406: "The Accept header leaves out JSON.",
    409: "Somebody changed it meanwhile.",
    413: "The body is over 1 MB.",
    415: "The body is not declared as application/json.",
    422: "Well formed, and not possible; `detail` says why.",
    429: "Too many calls. Nothing that was accepted is lost.",
}


def answers(given: dict[int, Any], *problems: int) -> dict[Any, Any]:
    """The documented answers of an operation: what it gives, and each problem by its status."""
    documented: dict[Any, Any] = {
        status: OpenApiResponse(response=response, description=_GIVEN[status]) for status, response in given.items()
    }
    for status in sorted((*problems, 406, 429)):
        documented[status, MEDIA_TYPE] = OpenApiResponse(response=ProblemOut, description=_PROBLEMS[status])
    return documented


_GIVEN = {200: "As it stands; for a POST: received before under the same Idempotency-Key.", 201: "Received."}


class StrictSerializer(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]  # registers itself
    """Says that no other name may stand in the body."""

    target_class = "requests_app.api.serializers.Strict"
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Direction) -> Any:
        """The usual schema, closed."""
        build: Any = auto_schema._map_serializer
        return {**build(self.target, direction, bypass_extensions=True), "additionalProperties": False}
