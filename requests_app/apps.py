"""Intake and case: from the door to the answer."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RequestsAppConfig(AppConfig):
    name = "requests_app"
    verbose_name = _("Requests")

    def ready(self) -> None:
        """Listen to the news of rights that move."""
        from requests_app import receivers  # noqa: F401 - imported for what it registers
