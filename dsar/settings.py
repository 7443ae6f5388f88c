"""All settings, read from the environment; without one the embedded default runs on SQLite.

Every secret may also come from a file named by the same variable with the suffix `_FILE`.
"""

import hashlib
import os
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.FileAwareEnv()

# The embedded default keeps everything it writes in one folder: database, files, mail, broker, keys.
DATA_DIR = Path(env.str("DSAR_DATA_DIR", default=str(BASE_DIR / "var"))).resolve()
DEMO = env.bool("DSAR_DEMO", default=False)
DEBUG = env.bool("DEBUG", default=False)
BASE_URL = env.str("DSAR_BASE_URL", default=f"http://localhost:{env.int('PORT', default=8000)}").rstrip("/")


def embedded_secret(name: str) -> str:
    """The value of `name`, else one made once and kept in DATA_DIR; only the embedded SQLite default may do that."""
    value: str = env.str(name, default="")
    if value:
        return value
    if env.str("DATABASE_URL", default=""):
        raise ImproperlyConfigured(f"{name} must be set (or {name}_FILE) when DATABASE_URL is set.")
    return embedded_secret_read(DATA_DIR / "keys" / name.lower())


def embedded_secret_read(path: Path) -> str:
    """The secret kept at `path`; made on first use, readable by the owner only, whole or not there at all."""
    import secrets
    import tempfile

    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as fresh:
            fresh.write(secrets.token_urlsafe(32))
        try:
            os.link(fresh.name, path)  # of two processes that start together, the first wins and both read one secret
        except FileExistsError:
            pass
        Path(fresh.name).unlink()
    return path.read_text().strip()


SECRET_KEY = embedded_secret("SECRET_KEY")
MASTER_KEY = embedded_secret("DSAR_MASTER_KEY")
MASTER_KEYS_PREVIOUS = env.list("DSAR_MASTER_KEY_PREVIOUS", default=[])  # still open what they wrapped

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
_https = BASE_URL.startswith("https://")
CSRF_TRUSTED_ORIGINS = [BASE_URL]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=False)
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", default=False) else None
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
SESSION_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "dsar.core",
    "requests_app",
    "identity",
    "exports",
    "dsar",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "requests_app.middleware.FormHistoryMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "dsar.core.middleware.StaffLanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "dsar.urls"
WSGI_APPLICATION = "dsar.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
            ],
        },
    }
]

# SQLite is opened so that a writer waits for its turn instead of failing with "database is locked".
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{quote(str(DATA_DIR / 'dsar.sqlite3'))}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


def broker_socket(data_dir: Path) -> Path:
    """Where the embedded broker of `data_dir` answers: in the folder itself, or in a short one where that is too deep.

    The path of a unix socket holds 107 bytes on Linux and 103 on macOS.
    """
    path = data_dir / "broker" / "valkey.sock"
    if len(os.fsencode(path)) <= 103:
        return path
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    # The same for every process of this user, whatever its TMPDIR; `serve` refuses a folder that is not ours.
    return Path(f"/tmp/dsar-{os.getuid()}-{digest}/valkey.sock")  # noqa: S108 - see above


# The embedded broker answers on a unix socket; `manage.py serve` starts it.
REDIS_URL = env.str("REDIS_URL", default="")
BROKER_SOCKET = broker_socket(DATA_DIR)
_broker = REDIS_URL or f"redis+socket://{quote(str(BROKER_SOCKET))}"
CACHES = {
    "default": {
        "BACKEND": "dsar.core.cache.RedisCache",
        "LOCATION": REDIS_URL or f"unix://{quote(str(BROKER_SOCKET))}",
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }
}
CELERY_BROKER_URL = _broker
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A task not acknowledged within this time goes to another worker: a little over the longest task (a package).
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,
    # A broker that is away or hangs must not hold up a page: one try, then the sweep. Seconds; a worker has longer.
    "socket_timeout": 1,
    "socket_connect_timeout": 1,
    "connect_retries_timeout": 1,
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
}
CELERY_TIMEZONE = "UTC"
# What each sweep does is said where the task is; the broker may lose a message, the next sweep finds the work.
CELERY_BEAT_SCHEDULE = {
    "outbox": {"task": "requests_app.outbox_sweep", "schedule": timedelta(seconds=30)},
    "collections": {"task": "exports.collections_sweep", "schedule": timedelta(seconds=60)},
    "webhooks": {"task": "requests_app.webhooks_sweep", "schedule": timedelta(seconds=30)},
    "letters": {"task": "requests_app.letters_sweep", "schedule": timedelta(seconds=60)},
    "notices": {"task": "requests_app.notices_sweep", "schedule": timedelta(seconds=60)},
    "clocks": {"task": "requests_app.clocks_sweep", "schedule": timedelta(hours=6)},
    "breaches": {"task": "requests_app.breaches_sweep", "schedule": timedelta(minutes=5)},
    "mail": {"task": "requests_app.mail_sweep", "schedule": timedelta(minutes=5)},
    "restrictions": {"task": "requests_app.restrictions_sweep", "schedule": timedelta(minutes=5)},
    "form-files": {"task": "requests_app.form_files_sweep", "schedule": timedelta(hours=1)},
    "reminders": {"task": "requests_app.reminders_sweep", "schedule": timedelta(minutes=5)},
    "journal-anchor": {"task": "core.journal_anchor", "schedule": timedelta(hours=1)},
}

# Mail: a folder that can be browsed unless EMAIL_URL names a server (smtp+tls://user:password@host:587).
if env.str("EMAIL_URL", default=""):
    vars().update(env.email_url("EMAIL_URL"))
    EMAIL_TIMEOUT = 20
else:
    EMAIL_BACKEND = "requests_app.mail_folder.EmailBackend"
MAIL_DIR = DATA_DIR / "mail"
# Who writes to staff: reminders, sign-in. Mail to a data subject always comes from the organisation.
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=f"dsar@{urlsplit(BASE_URL).hostname}")

STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(DATA_DIR / "files"), "base_url": None},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
# Of what is typed; files, mails and answers of sources have limits of their own where they are read.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# Files that a person may attach to the public form or to one message: how many, megabytes of one and of all together.
DSAR_FORM_FILES = env.int("DSAR_FORM_FILES", default=10)
DSAR_FORM_FILE_MB = env.int("DSAR_FORM_FILE_MB", default=10)
DSAR_FORM_FILES_MB = env.int("DSAR_FORM_FILES_MB", default=25)
# The same for staff, with one form of the desk.
DSAR_DESK_FILES = env.int("DSAR_DESK_FILES", default=20)
DSAR_DESK_FILE_MB = env.int("DSAR_DESK_FILE_MB", default=50)
DSAR_DESK_FILES_MB = env.int("DSAR_DESK_FILES_MB", default=200)
# Requests from one address of the network in so many minutes: above the first number a person looks at them before any
# mail leaves; above the second the form says to come back later, and keeps what was typed. Files count up to the third.
DSAR_FORM_MINUTES = env.int("DSAR_FORM_MINUTES", default=60)
DSAR_FORM_LOOK_AFTER = env.int("DSAR_FORM_LOOK_AFTER", default=10)
DSAR_FORM_REFUSE_AFTER = env.int("DSAR_FORM_REFUSE_AFTER", default=100)
DSAR_FORM_FILES_REFUSE_AFTER = env.int("DSAR_FORM_FILES_REFUSE_AFTER", default=200)
# Requests by the API without a token, counted and judged alike; then calls a minute, from one address and by one token.
DSAR_API_MINUTES = env.int("DSAR_API_MINUTES", default=60)
DSAR_API_LOOK_AFTER = env.int("DSAR_API_LOOK_AFTER", default=10)
DSAR_API_REFUSE_AFTER = env.int("DSAR_API_REFUSE_AFTER", default=60)
DSAR_API_CALLS = env.int("DSAR_API_CALLS", default=120)
DSAR_API_TOKEN_CALLS = env.int("DSAR_API_TOKEN_CALLS", default=600)
CSRF_FAILURE_VIEW = "requests_app.public_form_views.csrf_failure"

AUTH_USER_MODEL = "core.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/desk/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_ADAPTER = "dsar.core.accounts.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"  # accounts are made by an administrator for an address the organisation knows
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_NOTIFICATIONS = False
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # a stranger gets no mail from us and no hint: nobody can sign up

LANGUAGE_CODE = "en"
LANGUAGES = [("fr", _("French")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "dsar" / "locale"]
LANGUAGE_COOKIE_AGE = int(timedelta(days=365).total_seconds())
USE_TZ = True
TIME_ZONE = "UTC"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# Only JSON in and out, nobody signed in by a cookie; `requests_app.api` says the rest.
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [],
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "requests_app.api.problems.problem_answer",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "dsar",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": [],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {"RightCode": "dsar.core.rights.RIGHT_CHOICES"},
    "WEBHOOKS": [
        f"requests_app.api.webhook_document.{name}"
        for name in ("case_opened", "right_moved", "right_answered", "webhook_test")
    ],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "requests_app.api.webhook_document.webhook_headers_add",
        "requests_app.api.document.challenge_add",
    ],
}

# How the days of a suspension are counted where the EU rule holds; no source fixes the formula (law.md §2.4):
# half_open (the day of the question runs, the day of the answer does not), exclude_both (stricter by a day),
# inclusive (a day more, the United Kingdom's statute), none (strict art. 12(3): a question suspends nothing).
DSAR_SUSPENSION_COUNTING = env.str("DSAR_SUSPENSION_COUNTING", default="half_open")
if DSAR_SUSPENSION_COUNTING not in ("half_open", "exclude_both", "inclusive", "none"):
    raise ImproperlyConfigured("DSAR_SUSPENSION_COUNTING must be half_open, exclude_both, inclusive or none.")

# Days during which a released answer may be downloaded, again and again (law.md §6.3: package 30 days after delivery).
DSAR_DOWNLOAD_DAYS = env.int("DSAR_DOWNLOAD_DAYS", default=30)

# Webhooks may call addresses of private networks: off, so that the desk's pages open no way into the one it stands in.
DSAR_WEBHOOK_PRIVATE = env.bool("DSAR_WEBHOOK_PRIVATE", default=DEMO)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "filters": {"secrets": {"()": "dsar.core.logs.SecretAddressFilter"}},
    "loggers": {
        # Chatty about each step of each page; what goes wrong still shows.
        **{name: {"level": "ERROR"} for name in ("weasyprint", "fontTools")},
        # These name the address that was asked for.
        **{name: {"filters": ["secrets"]} for name in ("django.request", "django.security.csrf")},
    },
}
