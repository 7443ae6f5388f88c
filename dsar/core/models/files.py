"""Files at rest, each encrypted with its own key; destroying the wrapping key makes all that it wraps unreadable."""

from typing import ClassVar, Self

from django.db import models

from dsar.core.models.organisations import Organisation
from dsar.core.models.users import User
from dsar.core.privacy import PURGE, Fate, keep
from dsar.core.roles import Act, roles_with


class EncryptionKey(models.Model):
    """A key that wraps file keys: one per case, one per organisation for what is not filed yet.

    `wrapped` is the key under the installation's DSAR_MASTER_KEY; empty once destroyed.
    """

    class Purpose(models.TextChoices):
        CASE = "case"
        INTAKE = "intake"

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="encryption_keys")
    purpose = models.CharField(max_length=8, choices=Purpose.choices)
    wrapped = models.BinaryField(null=True)
    master_key_id = models.CharField(max_length=16)
    created_at = models.DateTimeField(auto_now_add=True)
    destroyed_at = models.DateTimeField(null=True)

    personal: ClassVar[dict[str, Fate]] = {}
    impersonal: ClassVar[tuple[str, ...]] = ("wrapped", "master_key_id")

    def __str__(self) -> str:
        return f"{self.purpose} key {self.pk}"


class StoredFileQuerySet(models.QuerySet["StoredFile"]):
    def visible_to(self, user: User) -> Self:
        """Files of the organisations whose cases the user may read."""
        return self.filter(
            key__organisation__memberships__user=user,
            key__organisation__memberships__role__in=roles_with(Act.CASE_READ),
        ).distinct()


class StoredFile(models.Model):
    """One encrypted file in Django storage. Written and read by `dsar.core.files` only."""

    key = models.ForeignKey(EncryptionKey, on_delete=models.PROTECT, related_name="files")
    wrapped_key = models.BinaryField()
    path = models.CharField(max_length=200, unique=True)
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()  # bytes, of the clear text
    sha256 = models.CharField(max_length=64)  # of the clear text
    created_at = models.DateTimeField(auto_now_add=True)

    objects = StoredFileQuerySet.as_manager()

    personal: ClassVar[dict[str, Fate]] = {
        "name": PURGE,
        "sha256": keep("inventory of what was sent or received (GDPR art. 5(2))"),
    }
    impersonal: ClassVar[tuple[str, ...]] = ("wrapped_key", "path", "content_type")

    def __str__(self) -> str:
        return f"file {self.pk}"
