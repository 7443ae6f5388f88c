"""One-time codes sent to an address: to confirm it, to open the tracking page, to download."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from dsar.core.privacy import PURGE, Fate
from requests_app.models.cases import OfCaseQuerySet, PartyAddress


class OfAddressQuerySet(OfCaseQuerySet):
    case_path = "address__party__case"


class AccessCode(models.Model):
    """A six-digit code, stored as a keyed hash; for `confirm` a link token goes with it. Used once, few attempts."""

    class Purpose(models.TextChoices):
        CONFIRM = "confirm", _("confirm an address")
        PORTAL = "portal", _("open the tracking page")
        DOWNLOAD = "download", _("download")

    address = models.ForeignKey(PartyAddress, on_delete=models.PROTECT, related_name="codes")
    purpose = models.CharField(max_length=8, choices=Purpose.choices)
    token_hash = models.CharField(max_length=64, blank=True, db_index=True)
    code_hash = models.CharField(max_length=64)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    objects = OfAddressQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {"token_hash": PURGE, "code_hash": PURGE}
    impersonal: ClassVar[tuple[str, ...]] = ()

    def __str__(self) -> str:
        return f"code {self.pk}"
