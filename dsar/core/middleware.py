"""Staff pages speak the member's language and show instants in their time zone, whatever the browser asks for."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone, translation

STAFF_PATHS = ("/desk/", "/accounts/")


class StaffLanguageMiddleware:
    """Activates `User.language` and `User.time_zone` on staff pages; public pages keep the visitor's own choice."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(STAFF_PATHS) or not request.user.is_authenticated:
            return self.get_response(request)
        with translation.override(request.user.language), timezone.override(ZoneInfo(request.user.time_zone)):
            request.LANGUAGE_CODE = translation.get_language()
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", request.user.language)
            return response
