"""The kernel: what every other app may import, and nothing that knows them."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    name = "dsar.core"
    label = "core"
    verbose_name = _("Organisations, people and the journal")

    def ready(self) -> None:
        """Import what registers itself: system checks and signal receivers."""
        from dsar.core import checks, receivers  # noqa: F401 - imported for what they register
