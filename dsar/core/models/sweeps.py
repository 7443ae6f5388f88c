"""When a sweep last came to its end: what the dead-man's switch reads (DESIGN §5), and which version it has seen."""

from typing import ClassVar

from django.db import models

from dsar.core.privacy import Fate


class Sweep(models.Model):
    """One line a sweep, in the database, so that an emptied cache neither hides an outage nor invents one."""

    name = models.CharField(max_length=60, unique=True)
    ran_at = models.DateTimeField()
    version = models.CharField(max_length=64, blank=True)  # of what it last went through, where that matters

    personal: ClassVar[dict[str, Fate]] = {}
    impersonal: ClassVar[tuple[str, ...]] = ("name", "version")

    def __str__(self) -> str:
        return self.name
