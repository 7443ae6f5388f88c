"""Where members make tokens for their programs, and administrators set up webhooks."""

from collections.abc import Callable

from django.contrib import messages
from django.db.models import Count, Prefetch, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from dsar.core.roles import Act
from requests_app import services
from requests_app.desk_access import (
    actor_in,
    desk_act,
    desk_page,
    desk_render,
    member,
    organisations_allowing,
    somewhere_or_403,
)
from requests_app.desk_acts import act_try, button_done
from requests_app.integration_forms import ApiTokenForm, OfOrganisationForm, WebhookForm
from requests_app.models import ApiToken, WebhookDelivery, WebhookEndpoint
from requests_app.services import ShownSecret
from requests_app.vocabulary import OutgoingState, WebhookEvent

SHOWN = 10  # deliveries of each webhook, the newest first


@desk_page
def tokens(request: HttpRequest) -> HttpResponse:
    """The member's tokens, and the form for another one."""
    return _tokens_render(request)


def _tokens_render(request: HttpRequest, form: ApiTokenForm | None = None, *, text: str = "") -> HttpResponse:
    """The page; `text` is the token just made, shown this once."""
    user = somewhere_or_403(request, Act.CASE_READ)
    context = {
        "section": "tokens",
        "form": form or ApiTokenForm(organisations=organisations_allowing(user, Act.CASE_READ)),
        "refused": form.refused if form else [],
        "tokens": ApiToken.objects.visible_to(user).select_related("organisation"),
        "text": text,
    }
    return desk_render(request, "requests_app/desk_tokens.html", context, status=form.status if form else 200)


@desk_act
def api_token_add(request: HttpRequest) -> HttpResponseBase:
    """Make a token, and show it."""
    user = somewhere_or_403(request, Act.CASE_READ)
    form = ApiTokenForm(request.POST, organisations=organisations_allowing(user, Act.CASE_READ))
    if not _added(request, form, services.api_token_add):
        return _tokens_render(request, form)
    return _tokens_render(request, text=form.result.text)


def _added(request: HttpRequest, form: OfOrganisationForm, service: Callable[..., object]) -> bool:
    """As `act_try`, for the organisation that the form names."""
    return form.is_valid() and act_try(request, form.cleaned_data["organisation"], form, service)


@desk_act
def api_token_revoke(request: HttpRequest, token_id: int) -> HttpResponseBase:
    """Revoke one of the member's own tokens."""
    user = member(request)
    token = ApiToken.objects.select_related("organisation").filter(pk=token_id, user=user).first()
    if token is None:
        raise Http404
    token.user = user
    services.api_token_revoke(token=token)
    messages.success(request, str(_("The token is revoked. Programs that use it are refused.")))
    return redirect("desk-tokens")


@desk_page
def webhooks(request: HttpRequest) -> HttpResponse:
    """The webhooks of the organisations that the member administers, with what was sent last."""
    return _webhooks_render(request)


def _webhooks_render(
    request: HttpRequest, form: WebhookForm | None = None, *, shown: ShownSecret | None = None
) -> HttpResponse:
    """The page; `shown` has the secret just made, shown this once."""
    user = somewhere_or_403(request, Act.ORGANISATION_EDIT)
    latest = Prefetch("deliveries", WebhookDelivery.objects.order_by("-pk")[:SHOWN], to_attr="latest")
    endpoints = (
        WebhookEndpoint.objects.visible_to(user)
        .select_related("organisation")
        .prefetch_related(latest)
        .annotate(failed=Count("deliveries", filter=Q(deliveries__state=OutgoingState.FAILED)))
    )
    context = {
        "section": "webhooks",
        "form": form or WebhookForm(organisations=organisations_allowing(user, Act.ORGANISATION_EDIT)),
        "refused": form.refused if form else [],
        "endpoints": [(endpoint, [WebhookEvent(code).label for code in endpoint.events]) for endpoint in endpoints],
        "shown": shown,
    }
    return desk_render(request, "requests_app/desk_webhooks.html", context, status=form.status if form else 200)


def webhook_or_404(request: HttpRequest, webhook_id: int) -> WebhookEndpoint:
    """The webhook, if the member administers its organisation, else Http404."""
    visible = WebhookEndpoint.objects.visible_to(member(request)).select_related("organisation", "key")
    endpoint: WebhookEndpoint | None = visible.filter(pk=webhook_id).first()
    if endpoint is None:
        raise Http404
    return endpoint


@desk_act
def webhook_add(request: HttpRequest) -> HttpResponseBase:
    """Add a webhook, and show its secret."""
    user = somewhere_or_403(request, Act.ORGANISATION_EDIT)
    form = WebhookForm(request.POST, organisations=organisations_allowing(user, Act.ORGANISATION_EDIT))
    if not _added(request, form, services.webhook_add):
        return _webhooks_render(request, form)
    return _webhooks_render(request, shown=form.result)


@desk_act
def webhook_rotate(request: HttpRequest, webhook_id: int) -> HttpResponseBase:
    """A new secret, and show it."""
    endpoint = webhook_or_404(request, webhook_id)
    shown = services.webhook_rotate(endpoint=endpoint, actor=actor_in(request, endpoint.organisation))
    return _webhooks_render(request, shown=shown)


@desk_act
def webhook_disable(request: HttpRequest, webhook_id: int) -> HttpResponseBase:
    """Switch it off."""
    endpoint = webhook_or_404(request, webhook_id)
    done = _("The webhook is switched off. What was waiting is not sent.")
    button_done(request, endpoint.organisation, services.webhook_disable, done, endpoint=endpoint)
    return redirect("desk-webhooks")


@desk_act
def webhook_enable(request: HttpRequest, webhook_id: int) -> HttpResponseBase:
    """Switch it on again."""
    endpoint = webhook_or_404(request, webhook_id)
    done = _("The webhook is switched on, from the next event on.")
    button_done(request, endpoint.organisation, services.webhook_enable, done, endpoint=endpoint)
    return redirect("desk-webhooks")


@desk_act
def webhook_test(request: HttpRequest, webhook_id: int) -> HttpResponseBase:
    """Send a test."""
    endpoint = webhook_or_404(request, webhook_id)
    done = _("A test is on its way. Load this page again to see what became of it.")
    button_done(request, endpoint.organisation, services.webhook_test, done, endpoint=endpoint)
    return redirect("desk-webhooks")


@desk_act
def webhook_retry(request: HttpRequest, webhook_id: int) -> HttpResponseBase:
    """Send again what failed for good."""
    endpoint = webhook_or_404(request, webhook_id)
    count = services.webhook_retry(endpoint=endpoint, actor=actor_in(request, endpoint.organisation))
    words = ngettext("%(count)d delivery is tried again.", "%(count)d deliveries are tried again.", count)
    messages.success(request, words % {"count": count})
    return redirect("desk-webhooks")
