"""The database guards the journal and keeps the search index: see dsar.core.triggers. `migrate` restores them each time."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from dsar.core.triggers import database_guards_install, database_guards_lift


def install(_apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """On the tables that exist by now: the kernel's journal and the cases."""
    database_guards_install(schema_editor.connection)


def lift(_apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Backwards: the tables are about to go."""
    database_guards_lift(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial"), ("requests_app", "0001_initial")]

    operations = [migrations.RunPython(install, lift)]
