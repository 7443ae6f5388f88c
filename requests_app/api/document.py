"""The words and parts of the OpenAPI document. In English only: programs read it, and get the same bytes everywhere."""

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import Direction, OpenApiExample, OpenApiParameter, OpenApiResponse

from requests_app.api.problems import MEDIA_TYPE, TITLES
from requests_app.api.serializers import ProblemOut

INTRODUCTION = f"""
Requests under the GDPR: make one, follow it, write on it; for programs of the organisation, list them.

* A person opens a request by its reference and tracking key: `Authorization: Tracking-Key R4QK-8T2M-XW9D-6HPB`.
* A member of staff makes a token at the desk: `Authorization: Bearer dsar_…`. It may what its member's role may.
* Every refusal is `application/problem+json` (RFC 9457) with a stable `code`; `Accept-Language` (`en`, `fr`) chooses
  the language of its sentences and of every explanation.
* `Idempotency-Key` makes a repeated POST safe. Draw it by chance, such as a UUID, and keep it as a secret: whoever
  holds it and the body can repeat the call. It holds for as long as the request is kept. Of two such calls that meet,
  one waits for the other.
* Calls are counted: {settings.DSAR_API_CALLS} a minute for each source, {settings.DSAR_API_TOKEN_CALLS} for each token.
  `429` says in `Retry-After` how long to wait. Above {settings.DSAR_API_LOOK_AFTER} requests in
  {settings.DSAR_API_MINUTES} minutes from one source without a token, each is accepted and its clock runs, and a person
  looks at it before any mail leaves; above {settings.DSAR_API_REFUSE_AFTER} the answer is `429`.
* Lists are in pages: follow `next` until it is null. Nothing is missed or told twice while requests come in.
* No answer about a request may be stored (`Cache-Control: private, no-store`). This document has an `ETag`.
* Instants are UTC; dates are those of the organisation's place.
"""

IDEMPOTENCY_KEY = OpenApiParameter(
    name="Idempotency-Key",
    location=OpenApiParameter.HEADER,
    required=False,
    description="Drawn by chance, such as a UUID: letters, digits and hyphens. The same key with the same content "
    "makes nothing new: the answer is 200, with the same reference, key or message and the state of today. With "
    "another content it is refused (422), and the first stands.",
    type={"type": "string", "pattern": "^[0-9A-Za-z-]{32,128}$"},
)
LOCATION = OpenApiParameter(
    name="Location",
    location=OpenApiParameter.HEADER,
    type=OpenApiTypes.URI,
    response=[201],
    required=True,
    description="Where the request is read from now on.",
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
    500: "A mistake of ours. Send the same again in a while, with the same Idempotency-Key.",
}
_CODES = {
    400: "invalid", 401: "not_authenticated", 403: "case_work_not_allowed", 404: "not_found", 406: "not_acceptable",
    409: "case_changed", 413: "too_large", 415: "unsupported_media_type", 422: "idempotency_key_reused",
    429: "throttled", 500: "server_error",
}  # fmt: skip


def answers(given: dict[int, Any], *problems: int) -> dict[Any, Any]:
    """The documented answers of an operation: what it gives, and each problem by its status."""
    documented: dict[Any, Any] = {
        status: OpenApiResponse(response=response, description=_GIVEN[status]) for status, response in given.items()
    }
    for status in sorted((*problems, 406, 429, 500)):
        documented[status, MEDIA_TYPE] = OpenApiResponse(
            response=ProblemOut, description=_PROBLEMS[status], examples=[_problem_example(status)]
        )
    return documented


def _problem_example(status: int) -> OpenApiExample:
    told: dict[str, Any] = {
        "type": "about:blank", "title": TITLES[status], "status": status, "detail": _PROBLEMS[status],
        "code": _CODES[status],
    }  # fmt: skip
    if status == 400:
        told["errors"] = [
            {"pointer": "#/rights/0/code", "code": "invalid_choice", "detail": '"refund" is not a valid choice.'}
        ]
    return OpenApiExample(_CODES[status], value=told, response_only=True, status_codes=[str(status)])


def challenge_add(result: dict[str, Any], **_options: Any) -> dict[str, Any]:
    """Say of every 401 that it names the ways in (RFC 9110, 11.6.1)."""
    for operations in result["paths"].values():
        for operation in operations.values():
            if refused := operation["responses"].get("401"):
                refused["headers"] = {
                    "WWW-Authenticate": {
                        "required": True,
                        "description": "The ways in: `Bearer` and `Tracking-Key`.",
                        "schema": {"type": "string"},
                    },
                    **refused.get("headers", {}),
                }
    return result


REQUEST_EXAMPLE = OpenApiExample(
    "A request for access and erasure",
    value={
        "rights": [{"code": "access"}, {"code": "erasure", "detail": "My account of 2019"}],
        "name": "Camille Estève",
        "email": "camille.esteve@example.org",
        "identifier": "L-2231",
        "language": "fr",
    },
    request_only=True,
)
MESSAGE_EXAMPLE = OpenApiExample("A message", value={"body": "My customer number is L-2231."}, request_only=True)
_GIVEN = {200: "As it stands; for a POST: received before under the same Idempotency-Key.", 201: "Received."}


class StrictSerializer(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]  # registers itself
    """Says that no other name may stand in the body."""

    target_class = "requests_app.api.serializers.Strict"
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Direction) -> Any:
        """The usual schema, closed."""
        build: Any = auto_schema._map_serializer
        return {**build(self.target, direction, bypass_extensions=True), "additionalProperties": False}
