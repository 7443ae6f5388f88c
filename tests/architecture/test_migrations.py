"""Migrations are up to date with the models and follow each other in one line, on whatever database runs the suite."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db.migrations.loader import MigrationLoader

from tests.architecture.source import APPS


@pytest.mark.django_db
def test_no_model_has_changed_without_a_migration() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.parametrize("label", APPS)
def test_migrations_are_linear(label: str) -> None:
    loader = MigrationLoader(None, load=False)
    loader.load_disk()
    own = {name: migration for (app, name), migration in loader.disk_migrations.items() if app == label}
    parents = [name for migration in own.values() for app, name in migration.dependencies if app == label]
    assert len(parents) == len(set(parents)), "two migrations follow the same one"
    assert len(own) - len(parents) == 1, "there must be exactly one first migration"
    assert all(re.fullmatch(r"\d{4}_\w+", name) for name in own)
    named = Path(apps.get_app_config(label).path) / "migrations" / "max_migration.txt"
    assert named.read_text().strip() == max(own), "of two that are added at once, git shows the clash in this file"


def test_migrations_are_only_where_models_are() -> None:
    with_migrations = {
        config.label
        for config in apps.get_app_configs()
        if (path := settings.BASE_DIR.joinpath(*config.name.split("."), "migrations")).is_dir()
        and len(list(path.glob("0*.py")))
    }
    assert with_migrations == set(APPS)
