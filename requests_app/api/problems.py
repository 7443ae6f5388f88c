"""Every refusal of the API in one form: problem details (RFC 9457), in the language that the caller accepts."""

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import APIView

from dsar.core.errors import Conflict, DomainError, NotAllowed

MEDIA_TYPE = "application/problem+json"
TITLES = {
    400: _("The request is not well formed"),
    401: _("No valid key or token"),
    403: _("Not allowed"),
    404: _("Not found"),
    405: _("This method is not possible here"),
    406: _("No such format"),
    409: _("Changed meanwhile"),
    413: _("Too large"),
    415: _("Only JSON is read here"),
    422: _("Not possible"),
    429: _("Too many calls"),
    500: _("A mistake of ours"),
}
# What a service refuses is 422, except where HTTP has a word of its own for it.
STATUS_OF = {"organisation_unknown": 404}


class TooLarge(exceptions.APIException):
    """The body is over the limit; nothing of it was read further."""

    status_code = 413
    default_code = "too_large"


class Refused(exceptions.ValidationError):
    """A header or a parameter of the address that cannot be used."""

    def __init__(self, parameter: str, message: Any, code: str) -> None:
        super().__init__(message, code)
        self.parameter = parameter


def problem_answer(error: Exception, context: dict[str, Any]) -> Response | None:
    """The answer to any error that a view raises; None for a mistake of ours, which is logged as such."""
    if isinstance(error, DomainError):
        return _problem(_status_of(error), error.code, str(error))
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException):
        return None
    headers = {}
    if challenge := getattr(error, "auth_header", ""):
        headers["WWW-Authenticate"] = challenge
    if isinstance(error, exceptions.Throttled):
        headers["Retry-After"] = str(getattr(error, "wait", None) or 1)
    if isinstance(error, exceptions.ValidationError):
        return _problem(400, "invalid", str(_("Correct what “errors” names and send it again.")), list(_errors(error)))
    return _problem(error.status_code, *_words(error, context.get("view")), headers=headers)


def _status_of(error: DomainError) -> int:
    if isinstance(error, NotAllowed):
        return 403
    return 409 if isinstance(error, Conflict) else STATUS_OF.get(error.code, 422)


def _words(error: exceptions.APIException, view: APIView | None) -> tuple[str, str]:
    """Code and sentence; the framework's own sentences are replaced by what to do."""
    code = str(error.get_codes())
    if isinstance(error, exceptions.MethodNotAllowed):
        allowed = ", ".join(view.allowed_methods) if view else ""
        return code, str(_("Possible here: %(methods)s.")) % {"methods": allowed}
    if isinstance(error, exceptions.NotAcceptable):
        return code, str(_("Answers are application/json: let the Accept header allow it."))
    if isinstance(error, exceptions.UnsupportedMediaType):
        return code, str(_("Send JSON, with the header Content-Type: application/json."))
    return code, str(error.detail)


def _errors(error: exceptions.ValidationError) -> Iterator[dict[str, str]]:
    """Each mistake with its place: `pointer` into what was sent (RFC 6901), or `parameter`, the name of a header."""
    if isinstance(error, Refused):
        for message in error.detail:
            yield {"parameter": error.parameter, "code": str(getattr(message, "code", "")), "detail": str(message)}
    else:
        yield from _placed(error.detail, "#")


def _placed(detail: Any, place: str) -> Iterator[dict[str, str]]:
    if isinstance(detail, dict):
        for name, inner in detail.items():
            own = name == "non_field_errors"
            step = str(name).replace("~", "~0").replace("/", "~1")
            yield from _placed(inner, place if own else f"{place}/{step}")
    elif isinstance(detail, list):
        for number, inner in enumerate(detail):
            yield from _placed(inner, place if isinstance(inner, str) else f"{place}/{number}")
    else:
        yield {"pointer": place, "code": str(getattr(detail, "code", "invalid")), "detail": str(detail)}


def _problem(
    status: int,
    code: str,
    detail: str,
    errors: list[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    body = problem_body(status, code, detail)
    if errors is not None:
        body["errors"] = errors
    return Response(body, status=status, headers=headers, content_type=MEDIA_TYPE)


def problem_body(status: int, code: str, detail: str) -> dict[str, Any]:
    """`type` is about:blank, which says that the status tells the kind; `code` is the stable word for programs."""
    return {
        "type": "about:blank",
        "title": str(TITLES.get(status, "")),
        "status": status,
        "detail": detail,
        "code": code,
    }
