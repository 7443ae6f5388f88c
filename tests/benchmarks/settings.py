"""The product's settings with one view more. Tables come straight from the models: migrating is not measured."""

from dsar.settings import *  # noqa: F403 - a settings file is all its names
from dsar.settings import INSTALLED_APPS

ROOT_URLCONF = "tests.benchmarks.urls"
MIGRATION_MODULES = {name.rpartition(".")[2]: None for name in INSTALLED_APPS}
