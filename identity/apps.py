"""GDPR art. 12(6): is this the data subject, or entitled to act for them?"""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IdentityConfig(AppConfig):
    name = "identity"
    verbose_name = _("Identity")
