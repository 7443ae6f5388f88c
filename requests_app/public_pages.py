"""What every public page does first: find the organisation, choose the language, set its clock's time zone."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_supported_language_variant
from django.utils.translation.trans_real import parse_accept_lang_header

from dsar.core.middleware import language_remember
from dsar.core.models import Organisation

LANGUAGES = frozenset(code for code, _name in settings.LANGUAGES)

OrganisationView = Callable[Concatenate[HttpRequest, Organisation, ...], HttpResponseBase]


def organisation_page(view: OrganisationView) -> Callable[..., HttpResponseBase]:
    """A public page of one active organisation, given by its slug in the address; 404 for any other.

    The page speaks the language that the reader chose, else the one the browser asks for, else the organisation's own,
    and shows instants in the organisation's time zone. Asked with `?lang=`, it remembers the language and shows itself.
    """

    @wraps(view)
    def page(request: HttpRequest, slug: str, **parameters: Any) -> HttpResponseBase:
        organisation = get_object_or_404(
            Organisation.objects.select_related("authority").filter(is_active=True), slug=slug
        )
        with timezone.override(ZoneInfo(organisation.time_zone)):
            return in_language(request, organisation.language, lambda: view(request, organisation, **parameters))

    return page


def in_language(request: HttpRequest, fallback: str, answer: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """The answer in the reader's language. A language asked for with `lang` is remembered in a cookie."""
    asked = (request.POST if request.method == "POST" else request.GET).get("lang", "")
    language = asked if asked in LANGUAGES else _language_wanted(request) or fallback
    with translation.override(language):
        response = _itself(request) if asked and request.method == "GET" else answer()
    if asked in LANGUAGES:
        language_remember(response, language)
    response.headers["Content-Language"] = language
    patch_vary_headers(response, ["Accept-Language", "Cookie"])
    return response


def _itself(request: HttpRequest) -> HttpResponse:
    """The page that was asked for, without the choice of a language: a link may open the form with boxes ticked."""
    rest = request.GET.copy()
    del rest["lang"]
    return HttpResponseRedirect(f"{request.path}?{rest.urlencode()}" if rest else request.path)


def _language_wanted(request: HttpRequest) -> str:
    """The language of the cookie, else the first one the browser accepts and we speak, else empty."""
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    if chosen in LANGUAGES:
        return chosen
    for accepted, _quality in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        if accepted == "*":
            return ""
        try:
            return get_supported_language_variant(accepted)
        except LookupError:
            continue
    return ""


def page_render(
    request: HttpRequest, organisation: Organisation, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """One of `templates/requests_app/`, with the organisation. What it shows is nobody else's to keep.

    Not `no-store`: a browser could then not go back to a page of the form without losing what was typed.
    """
    response = render(
        request, f"requests_app/{template}.html", {"organisation": organisation, **context}, status=status
    )
    response.headers["Cache-Control"] = "private, no-cache"
    return response
