"""How staff sign in: accounts are made by an administrator, and the desk greets each in their own language."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from dsar.core.middleware import language_remember
from dsar.core.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # django-allauth ships no type hints
    """django-allauth with sign-up closed."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("This address and this password do not belong together."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody makes an account for themselves."""
        return False

    def post_login(self, request: HttpRequest, user: User, **details: Any) -> HttpResponse:
        """The pages after sign-in speak the language of the account, unless this browser has chosen one."""
        response: HttpResponse = super().post_login(request, user, **details)
        if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
            language_remember(response, user.language)
        return response
