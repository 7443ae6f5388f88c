"""The project's own source as the architecture tests read it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db.models import Model

PACKAGES = ("dsar", "requests_app", "identity", "exports")
APPS = ("core", "requests_app", "identity", "exports")
LEVELS = {"core": 0, "requests_app": 1, "identity": 2, "exports": 2}  # foreign keys and imports point down


def own_models() -> list[type[Model]]:
    """Every model of our apps, tables between two of them included."""
    return [model for label in APPS for model in apps.get_app_config(label).get_models(include_auto_created=False)]


@cache
def own_modules() -> dict[str, tuple[Path, ast.Module]]:
    """Dotted name → path and syntax tree of every module, migrations apart."""
    found = {}
    for package in PACKAGES:
        for path in sorted((settings.BASE_DIR / package).rglob("*.py")):
            parts = path.relative_to(settings.BASE_DIR).with_suffix("").parts
            if "migrations" not in parts:
                name = ".".join(parts).removesuffix(".__init__")
                found[name] = (path, ast.parse(path.read_text(encoding="utf-8")))
    return found


def imported(tree: ast.Module) -> Iterator[str]:
    """Dotted names that a module imports, wherever in it; `from a import b` gives both a and a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
