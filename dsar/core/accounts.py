"""How staff sign in: accounts are made by an administrator, and the desk greets each in their own language."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from dsar.core.middleware import language_remember
from dsar.core.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # django-allauth ships no type hints
    """django-allauth with sign-up closed."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody makes an account for themselves."""
        return False

    def post_login(self, request: HttpRequest, user: User, **details: Any) -> HttpResponse:
        """The pages after sign-in speak the language of the account, unless this browser has chosen one."""
        response: HttpResponse = super().post_login(request, user, **details)
        if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
            language_remember(response, user.language)
        return response
