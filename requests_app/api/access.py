"""Who calls the API and what they may open: a person by the key of their request, a member of staff by a token.

Cookies of the desk open nothing here, so no page of another site can call the API in a member's name.
"""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dsar.core.actors import Actor
from dsar.core.hashing import keyed_hash, keyed_hash_matches
from dsar.core.network import network_address
from dsar.core.rates import MINUTE, Rate
from requests_app import services
from requests_app.api.reading import JsonParser
from requests_app.models import ApiToken, Case
from requests_app.portal import TRIES, attempt_key
from requests_app.references import reference_parse
from requests_app.tracking import tracking_key_parse

NOTED_SECONDS = 30 * MINUTE  # one reading of a case in the journal for so long, as a session of the tracking page


@dataclass(frozen=True)
class TrackingKey:
    """The key that the caller shows, in its canonical form; empty for what cannot be one."""

    text: str


class Credentials(BaseAuthentication):
    """`Authorization: Bearer dsar_…` of a member, or `Authorization: Tracking-Key R4QK-…` of a person."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """The member with their token, or nobody with a key, which only the request that it opens can judge."""
        scheme, _space, value = request.headers.get("Authorization", "").strip().partition(" ")
        if not scheme:
            return None
        if scheme.lower() == "tracking-key":
            return None, TrackingKey(tracking_key_parse(value) or "")
        if scheme.lower() != "bearer":
            raise exceptions.AuthenticationFailed(
                _("Show a tracking key (Authorization: Tracking-Key …) or a token (Authorization: Bearer …)."),
                "scheme_unknown",
            )
        token = services.api_token_by_text(value.strip())
        if token is None:
            raise exceptions.AuthenticationFailed(_("This token is not valid, or no longer."), "token_unknown")
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """Both ways in."""
        return 'Bearer realm="dsar", Tracking-Key realm="dsar"'


class ApiView(APIView):
    """What all views of the API share: who calls, how often, and that no cache keeps the answer."""

    authentication_classes: tuple[type[BaseAuthentication], ...] = (Credentials,)
    parser_classes = (JsonParser,)
    http_method_names = ["get", "head", "post"]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """A method that does not exist is said before anything is asked of the caller."""
        if request.method not in self.allowed_methods:
            raise exceptions.MethodNotAllowed(str(request.method))
        super().initial(request, *args, **kwargs)

    def perform_authentication(self, request: Request) -> None:
        """Count the call: for the token that is shown, else, and for one that opens nothing, for its source."""
        try:
            super().perform_authentication(request)
        except exceptions.AuthenticationFailed:
            calls_limit(_calls_of_source(), network_address(request))
            raise
        if token := token_of(request):
            calls_limit(Rate("api-token", settings.DSAR_API_TOKEN_CALLS, MINUTE), token.pk)
        else:
            calls_limit(_calls_of_source(), network_address(request))

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        """No browser and no proxy stores what is said here."""
        finalized: Response = super().finalize_response(request, response, *args, **kwargs)
        finalized.headers["Cache-Control"] = "private, no-store"
        return finalized


class NothingHere(ApiView):
    """Any address below /api/v1/ that is none."""

    authentication_classes = ()
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Whatever is asked, and however."""
        raise exceptions.NotFound(_("No such address. Addresses of the API end with a slash."))


def calls_limit(rate: Rate, key: object) -> int:
    """Count one call; how many there were in this window. Raises Throttled for one too many."""
    counted = rate.count(key)
    if counted.is_over:
        raise too_many(counted.wait)
    return counted.number


def _calls_of_source() -> Rate:
    return Rate("api", settings.DSAR_API_CALLS, MINUTE)


def too_many(wait: int) -> exceptions.Throttled:
    """The refusal that says how long to wait; built by hand, for the framework adds its own sentence to any other."""
    refused = exceptions.Throttled(wait=wait)
    words = ngettext_lazy(
        "Wait %(seconds)d second, then send it again. What was accepted before is kept.",
        "Wait %(seconds)d seconds, then send it again. What was accepted before is kept.",
        "seconds",
    )
    refused.detail = exceptions.ErrorDetail(words % {"seconds": wait}, "throttled")
    return refused


def token_of(request: Request) -> ApiToken | None:
    """The valid token of the caller."""
    return request.auth if isinstance(request.auth, ApiToken) else None


def token_for(request: Request, slug: str) -> ApiToken:
    """The token, where it is one of that organisation. Raises NotAuthenticated without one, else NotFound."""
    token = token_of(request)
    if token is None:
        raise exceptions.NotAuthenticated(_("Show the token of a member of staff (Authorization: Bearer …)."))
    if token.organisation.slug != slug:
        raise exceptions.NotFound(_("This token opens nothing there."))
    return token


def actor_of(request: Request) -> Actor:
    """The member behind the token, else the person."""
    token = token_of(request)
    return Actor.member(token.user, token.organisation) if token else Actor.DATA_SUBJECT


def case_for(request: Request, reference: str) -> Case:
    """The case that the caller may open: by token, where the member sees it; by its own key.

    Raises NotAuthenticated, NotFound for a token, AuthenticationFailed for a key, Throttled after ten wrong keys.
    """
    typed = reference_parse(reference) or ""
    if isinstance(request.auth, TrackingKey):
        return _case_by_key(request, typed, request.auth.text)
    token = token_of(request)
    if token is None:
        raise exceptions.NotAuthenticated(
            _("Show a tracking key (Authorization: Tracking-Key …) or a token (Authorization: Bearer …).")
        )
    visible = Case.objects.visible_to(token.user).filter(organisation=token.organisation)
    case = visible.select_related("organisation").filter(reference=typed).first()
    if case is None:
        raise exceptions.NotFound(_("No request with this reference is visible to this token."))
    return case


def _case_by_key(request: Request, reference: str, key: str) -> Case:
    """An unknown reference takes the same way as a wrong key, to the end: neither answer nor time tells them apart."""
    calls_limit(TRIES, attempt_key(request, reference))
    known = Case.objects.select_related("organisation").filter(organisation__is_active=True, reference=reference)
    case = known.first()
    stored = case.tracking_key_hash if case else ""
    fits = keyed_hash_matches("tracking_key", key, stored or _NO_HASH)
    if case is None or not fits:
        raise exceptions.AuthenticationFailed(
            _("This reference and this key do not belong together. Compare both with the receipt."), "key_wrong"
        )
    TRIES.forget(attempt_key(request, reference))
    _reading_note(request, case)
    return case


_NO_HASH = "0" * 64  # as long as a stored one, so that comparing takes as long


def _reading_note(request: Request, case: Case) -> None:
    """Journal that the case was opened by its key, once in half an hour for each source."""
    where = keyed_hash("api_reading", f"{case.pk}:{network_address(request)}")
    if cache.add(f"api-reading:{where}", 1, NOTED_SECONDS):
        services.portal_opened(case=case, opened_by="key")
