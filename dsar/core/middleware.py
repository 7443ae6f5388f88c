"""Staff pages speak the member's language and show instants in their time zone, whatever the browser asks for."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone, translation

STAFF_PATHS = ("/desk/", "/accounts/")


class StaffLanguageMiddleware:
    """Activates `User.language` and `User.time_zone` on staff pages; public pages keep the visitor's own choice.

    Before sign-in, `?lang=fr` chooses the language of the sign-in pages and is remembered by the browser.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(STAFF_PATHS):
            return self.get_response(request)
        if request.user.is_authenticated:
            with timezone.override(ZoneInfo(request.user.zone_name)):
                return self._in_language(request, request.user.language)
        asked = request.GET.get("lang", "")
        if asked not in dict(settings.LANGUAGES):
            return self.get_response(request)
        response = self._in_language(request, asked)
        language_remember(response, asked)
        return response

    def _in_language(self, request: HttpRequest, language: str) -> HttpResponseBase:
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response


def language_remember(response: HttpResponseBase, language: str) -> None:
    """Let this browser keep the language for public pages and those before sign-in."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, language, max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax",
    )  # fmt: skip
