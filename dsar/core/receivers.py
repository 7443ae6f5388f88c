"""Signal receivers of the kernel."""

from typing import Any

from django.apps import apps
from django.db import connections
from django.db.models.signals import post_migrate

from dsar.core.triggers import database_guards_install


def guards_restore(*, using: str, **_: Any) -> None:
    """After migrating, and after a flush: the guards are back. Sent once, when the tables of all apps exist."""
    database_guards_install(connections[using])


post_migrate.connect(guards_restore, sender=apps.get_app_config("core"), dispatch_uid="core.guards_restore")
