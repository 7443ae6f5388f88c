"""The operations of the API: the same services as every other door, spoken to in JSON."""

import json
import re
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from dsar.core.models import Organisation
from dsar.core.network import network_address
from dsar.core.rates import MINUTE, Rate
from requests_app import services
from requests_app.api import document
from requests_app.api.access import ApiView, actor_of, calls_limit, case_for, token_for, token_of
from requests_app.api.problems import Refused
from requests_app.api.serializers import (
    ListIn,
    MessageIn,
    MessageListOut,
    MessageOut,
    MessagesIn,
    RequestIn,
    RequestListOut,
    RequestOneOut,
    RequestOpenedOut,
)
from requests_app.api.shown import message_shown, messages_page, messages_told, request_shown, requests_page
from requests_app.incoming import IncomingRequest, RightInvoked
from requests_app.vocabulary import Channel, SpamSign

_IDEMPOTENCY_KEY = re.compile(r"[0-9A-Za-z-]{32,128}")
_FACTS = ("name", "email", "phone", "postal", "identifier", "text", "subject_name", "subject_email", "country")


class Requests(ApiView):
    """The requests of one organisation."""

    @extend_schema(
        operation_id="request_list",
        summary="List requests",
        description="The requests that the token's member sees at this organisation, the nearest date first.",
        parameters=[ListIn, document.RETRY_AFTER],
        responses=document.answers({200: RequestListOut}, 400, 401, 404),
        auth=document.BY_TOKEN,
        tags=["requests"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """One page."""
        token = token_for(request, slug)
        asked = ListIn(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        return Response(RequestListOut(requests_page(token, asked.validated_data)).data)

    @extend_schema(
        operation_id="request_create",
        summary="Make a request",
        description="Open to everybody. With the token of a member who works on cases, for one that arrived elsewhere.",
        parameters=[document.IDEMPOTENCY_KEY, document.LOCATION, document.RETRY_AFTER],
        examples=[document.REQUEST_EXAMPLE],
        request=RequestIn,
        responses=document.answers(
            {200: RequestOpenedOut, 201: RequestOpenedOut}, 400, 401, 403, 404, 409, 413, 415, 422
        ),
        auth=document.BY_ANYBODY_OR_TOKEN,
        tags=["requests"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Take the request; the clock runs from now (GDPR art. 12(3))."""
        token = token_for(request, slug) if token_of(request) else None
        organisation = Organisation.objects.filter(slug=slug, is_active=True).first()
        if organisation is None:
            raise NotFound(_("No organisation of this name takes requests here."), "organisation_unknown")
        key = idempotency_key(request)
        given = RequestIn(data=request.data, context={"is_staff": token is not None})
        given.is_valid(raise_exception=True)
        opened = services.request_post(
            incoming=_incoming(request, organisation, given.validated_data, () if token else _spam_signs(request)),
            organisation=organisation,
            key=key,
            content=json.dumps(given.validated_data, sort_keys=True, default=str),
            actor=actor_of(request),
        )
        opened.case.organisation = organisation
        shown = {**request_shown(opened.case, is_staff=token is not None), "tracking_key": opened.tracking_key}
        told = RequestOpenedOut(shown).data
        if not opened.is_new:
            return Response(told)
        return Response(told, status=201, headers={"Location": told["links"]["self"]})


class RequestOne(ApiView):
    """One request."""

    @extend_schema(
        operation_id="request_read",
        summary="Read a request",
        description="Stage, dates and their explanation for each right.",
        parameters=[document.REFERENCE, document.RETRY_AFTER],
        responses=document.answers({200: RequestOneOut}, 401, 404),
        auth=document.BY_KEY_OR_TOKEN,
        tags=["requests"],
    )
    def get(self, request: Request, reference: str) -> Response:
        """As it stands."""
        case = case_for(request, reference)
        shown = request_shown(case, is_staff=token_of(request) is not None)
        return Response(RequestOneOut({**shown, "messages_count": messages_told(case).count()}).data)


class Messages(ApiView):
    """The messages of one request."""

    @extend_schema(
        operation_id="message_list",
        summary="List messages",
        description="What the person wrote and what was written to them; neither notes nor automatic mails.",
        parameters=[document.REFERENCE, MessagesIn, document.RETRY_AFTER],
        responses=document.answers({200: MessageListOut}, 400, 401, 404),
        auth=document.BY_KEY_OR_TOKEN,
        tags=["messages"],
    )
    def get(self, request: Request, reference: str) -> Response:
        """One page."""
        case = case_for(request, reference)
        asked = MessagesIn(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        return Response(MessageListOut(messages_page(case, asked.validated_data["after"])).data)

    @extend_schema(
        operation_id="message_create",
        summary="Write a message",
        description="With a tracking key the person writes to us; with a token a member who works on cases writes to "
        "the person.",
        parameters=[document.REFERENCE, document.IDEMPOTENCY_KEY, document.RETRY_AFTER],
        examples=[document.MESSAGE_EXAMPLE],
        request=MessageIn,
        responses=document.answers({200: MessageOut, 201: MessageOut}, 400, 401, 403, 404, 409, 413, 415, 422),
        auth=document.BY_KEY_OR_TOKEN,
        tags=["messages"],
    )
    def post(self, request: Request, reference: str) -> Response:
        """File it."""
        case = case_for(request, reference)
        key = idempotency_key(request)
        given = MessageIn(data=request.data)
        given.is_valid(raise_exception=True)
        posted = services.message_post(
            case=case, body=given.validated_data["body"], key=key, actor=actor_of(request)
        )
        shown = MessageOut(message_shown(posted.message)).data
        return Response(shown, status=201 if posted.is_new else 200)


def idempotency_key(request: Request) -> str:
    """The key of the call, empty without one. Raises Refused for one that could be another caller's by chance."""
    key: str | None = request.headers.get("Idempotency-Key")
    if key is None:
        return ""
    if not _IDEMPOTENCY_KEY.fullmatch(key):
        raise Refused(
            "Idempotency-Key",
            _("Draw a key by chance, such as a UUID: 32 to 128 letters, digits and hyphens."),
            "idempotency_key_wrong",
        )
    return key


def _spam_signs(request: Request) -> tuple[SpamSign, ...]:
    """Count a request without a token; very many from one source are taken, and looked at before we mail anybody."""
    rate = Rate("api-requests", settings.DSAR_API_REFUSE_AFTER, settings.DSAR_API_MINUTES * MINUTE)
    return (SpamSign.RATE,) if calls_limit(rate, network_address(request)) > settings.DSAR_API_LOOK_AFTER else ()


def _incoming(
    request: Request, organisation: Organisation, facts: dict[str, Any], spam_signs: tuple[SpamSign, ...]
) -> IncomingRequest:
    """The request that the validated facts add up to; words without a right are a question (GDPR art. 12(2))."""
    asks = bool(request.headers.get("Accept-Language"))
    language = facts.get("language") or (get_language() if asks else "") or organisation.language
    rights = [RightInvoked(right["code"], right.get("detail", "")) for right in facts.get("rights", ())]
    return IncomingRequest(
        organisation_slug=organisation.slug,
        rights=tuple(rights) or (RightInvoked("question"),),
        language=language,
        capacity=facts["capacity"],
        received_at=facts.get("received_at") or datetime.now(UTC),
        channel=Channel.API,
        spam_signs=spam_signs,
        **{name: facts[name] for name in _FACTS if name in facts},
    )
