"""Data sources, collections and packages: what the organisation holds, gathered and handed over."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ExportsConfig(AppConfig):
    name = "exports"
    verbose_name = _("Data sources and packages")

    def ready(self) -> None:
        """Listen to the news of rights that move."""
        from exports import receivers  # noqa: F401 - imported for what it registers
