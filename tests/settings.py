"""The settings of the suite: the product's own, on a folder that vanishes, without a broker, with quick hashes."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

# Set before the product's settings are read; every process of a parallel run gets a folder of its own.
DATA = Path(tempfile.mkdtemp(prefix="dsar-test-"))
atexit.register(shutil.rmtree, DATA, ignore_errors=True)
(DATA / "static").mkdir()  # whitenoise warns of a folder that is missing
os.environ["DSAR_DATA_DIR"] = str(DATA)
for name in ("REDIS_URL", "EMAIL_URL", "DSAR_DEMO", "DEBUG", "DSAR_BASE_URL", "ALLOWED_HOSTS", "BEHIND_PROXY"):
    os.environ.pop(name, None)
os.environ["SECRET_KEY"] = "a-key-of-the-suite-that-protects-nothing"
os.environ["DSAR_MASTER_KEY"] = "a-master-key-of-the-suite-that-protects-nothing"

from dsar.settings import *  # noqa: E402, F403 - the environment above comes first; a settings file is all its names
from dsar.settings import DATABASES, INSTALLED_APPS, STORAGES  # noqa: E402

INSTALLED_APPS = [*INSTALLED_APPS, "django_linear_migrations"]
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, as in the product, so that threads and the live server open connections of their own.
    DATABASES["default"]["TEST"] = {"NAME": DATA / "test.sqlite3"}
    DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 0
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
# Tests call tasks as functions; what a service queues on commit is kept in memory and dropped.
CELERY_BROKER_URL = "memory://"
PASSWORD_HASHERS = ["tests.hashers.QuickArgon2PasswordHasher"]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
