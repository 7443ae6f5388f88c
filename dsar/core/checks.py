"""System checks of the kernel: `manage.py check --database default`, also run before every migration."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

from dsar.core.triggers import guards_missing


@register(Tags.database)
def guards_check(
    *, app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None, **_: Any
) -> list[CheckMessage]:
    """core.E001: somebody or something removed, disabled or altered what guards the journal or feeds the search."""
    return [
        Error(
            f"The database guard {name} is missing, disabled or altered.",
            hint="Run 'manage.py migrate --skip-checks', which puts it back, and then 'manage.py journal_verify'.",
            obj=alias,
            id="core.E001",
        )
        for alias in databases or ()
        for name in guards_missing(connections[alias])
    ]
