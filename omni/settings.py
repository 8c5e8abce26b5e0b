"""Settings, all from the environment (`.env.example` explains each); the defaults open the demo shop."""

import sys
from pathlib import Path
from typing import Any

import django_stubs_ext
import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from omni.desk.unfold import UNFOLD  # noqa: F401  read by Unfold
from omni.embedded import postgres as embedded_postgres

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

# `demo` opens the shop on this machine alone, `test` is set by the test suite, `production` refuses unsafe values.
MODE: str = env("OMNI_MODE", default="test" if "pytest" in sys.modules else "demo")
if MODE not in {"demo", "test", "production"}:
    raise ImproperlyConfigured(f"OMNI_MODE is {MODE!r}; it takes demo, test or production.")
PRODUCTION = MODE == "production"

# Everything that the shop writes outside PostgreSQL, and the embedded PostgreSQL itself.
DATA_DIR = Path(env("OMNI_DATA_DIR", default=str(BASE_DIR / ".omni"))).expanduser().resolve()

DEBUG: bool = env.bool("DEBUG", default=False)
SECRET_KEY: str = env("SECRET_KEY", default="" if PRODUCTION else embedded_postgres.local_secret(DATA_DIR))
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[] if PRODUCTION else ["*"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Where a customer or a colleague reaches this shop; links in messages begin with it.
PUBLIC_URL: str = env("PUBLIC_URL", default="http://127.0.0.1:8000").rstrip("/")

INSTALLED_APPS = [
    "omni.apps.OmniConfig",
    "omni.embedded",
    "omni.desk.apps.DeskConfig",
    "omni.reports",
    "omni.channels",
    "orders",
    "loyalty",
    "catalog",
    "customers",
    "omni.core",
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "omni.core.guard.Guard",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "omni.urls"
WSGI_APPLICATION = "omni.wsgi.application"
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# PostgreSQL is the only database; without DATABASE_URL it is the embedded one in DATA_DIR.
EMBEDDED_DATABASE: bool = "DATABASE_URL" not in env.ENVIRON
_database: dict[str, Any] = embedded_postgres.django_database(DATA_DIR) if EMBEDDED_DATABASE else env.db("DATABASE_URL")
_database["ENGINE"] = "django.db.backends.postgresql"
_database["CONN_MAX_AGE"] = env.int("DATABASE_CONN_MAX_AGE", default=600)
_database["CONN_HEALTH_CHECKS"] = True
_database.setdefault("OPTIONS", {})
# A wait for a lock is bounded: somebody is told rather than everybody queued.
_database["OPTIONS"]["options"] = (
    f"-c lock_timeout={env.int('DATABASE_LOCK_TIMEOUT_MS', default=5000)}"
    # Short set-based statements gain nothing from being compiled, and pay for it each time.
    " -c idle_in_transaction_session_timeout=60000 -c jit=off -c timezone=UTC"
)
DATABASES = {"default": _database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CELERY_BROKER_URL: str = env("CELERY_BROKER_URL", default="memory://")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# A worker outlives a broker that is away for long.
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "omni.core.background:Scheduler"
CELERY_WORKER_CONSUMER = "omni.core.background:Consumer"
# Publishing only makes things quick; a broker that hangs must not hold a buyer.
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_TASK_PUBLISH_RETRY = False
# Shops that share a broker each have a queue of their own.
CELERY_TASK_DEFAULT_QUEUE: str = env("CELERY_QUEUE", default="omni")
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any]
match CELERY_BROKER_URL.split(":")[0]:
    case "memory":
        CELERY_BROKER_TRANSPORT_OPTIONS = {"polling_interval": 0.05}
    case "redis" | "rediss":
        CELERY_BROKER_TRANSPORT_OPTIONS = {
            "socket_timeout": 2,
            "socket_connect_timeout": 2,
            "max_retries": 0,
            # What a killed worker had taken comes back after so many seconds; the sweep is long past it by then.
            "visibility_timeout": 300,
        }
    case "amqp" | "amqps":
        CELERY_BROKER_TRANSPORT_OPTIONS = {"write_timeout": 2, "max_retries": 0}
        # Quorum queues survive the loss of a broker node; they exist in RabbitMQ only.
        CELERY_TASK_DEFAULT_QUEUE_TYPE = "quorum"
        CELERY_WORKER_DETECT_QUORUM_QUEUES = True
    case other:
        raise ImproperlyConfigured(f"CELERY_BROKER_URL begins with {other!r}; it takes amqp, amqps, redis or rediss.")

LANGUAGE_CODE = "vi"
LANGUAGES = [("vi", _("Vietnamese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "omni" / "locale"]
FORMAT_MODULE_PATH = "omni.locale"
USE_I18N = True
USE_TZ = True
# The zone of the retailer; a location has its own.
TIME_ZONE: str = env("TIME_ZONE", default="Asia/Ho_Chi_Minh")

STATIC_URL = "static/"
STATIC_ROOT = Path(env("STATIC_ROOT", default=str(DATA_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "omni" / "desk" / "assets"]
WHITENOISE_USE_FINDERS = not PRODUCTION
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
MEDIA_ROOT = Path(env("MEDIA_ROOT", default=str(DATA_DIR / "media")))
MEDIA_URL = "media/"

LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = PRODUCTION and env.bool("SECURE_SSL_REDIRECT", default=True)
BEHIND_PROXY: bool = env.bool("BEHIND_PROXY", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_HSTS_SECONDS = 31536000 if PRODUCTION else 0
# Whether other hosts of the domain speak https too, only their owner knows.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "omni.core.api.authentication.BearerToken",
        "omni.core.api.authentication.StaffSession",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["omni.core.api.permissions.MayCall"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["omni.core.api.parsing.PlainJson"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "omni.core.api.errors.answer_exception",
    "UNAUTHENTICATED_USER": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Omni retail API",
    "DESCRIPTION": "One customer, one catalog, one stock, one order, one ledger, for every channel.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
}

# The business clock moves (`advance_clock`) only where no real business depends on it.
CLOCK_CAN_MOVE = not PRODUCTION

EMAIL_HOST: str = env("EMAIL_HOST", default="127.0.0.1")
EMAIL_PORT: int = env.int("EMAIL_PORT", default=1025)
EMAIL_HOST_USER: str = env("EMAIL_HOST_USER", default="")
EMAIL_HOST_PASSWORD: str = env("EMAIL_HOST_PASSWORD", default="")
EMAIL_USE_TLS: bool = env.bool("EMAIL_USE_TLS", default=False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL: str = env("DEFAULT_FROM_EMAIL", default="Omni <shop@example.com>")

# How the shop trades. Amounts are minor units of DEFAULT_CURRENCY.
DEFAULT_CURRENCY: str = env("DEFAULT_CURRENCY", default="VND")
# What the key of codes and tokens is derived from; changing it ends every live code.
CODE_KEY: str = env("CODE_KEY", default=SECRET_KEY)
QUOTE_MINUTES: int = env.int("QUOTE_MINUTES", default=30)
UNPAID_HOLD_MINUTES: int = env.int("UNPAID_HOLD_MINUTES", default=15)
# An identifier that more customers than this share says nothing of who somebody is.
GENERIC_IDENTIFIER_CUSTOMERS: int = env.int("GENERIC_IDENTIFIER_CUSTOMERS", default=5)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "class": "omni.core.logs.LineFormatter",
            "format": "{asctime} {levelname} {name} {message}",
            "style": "{",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="WARNING")},
    # A refusal is an answer, not an event; defects stay loud.
    # The in-memory broker has no host, and is told so at every connection.
    "loggers": {
        "django.request": {"level": "ERROR"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        "kombu.connection": {"level": "ERROR" if CELERY_BROKER_URL.startswith("memory:") else "WARNING"},
    },
}

if PRODUCTION:
    _wrong = [
        told
        for told, bad in {
            "SECRET_KEY must be set, 50 characters or more": len(SECRET_KEY) < 50,
            "CODE_KEY must be set, 32 characters or more, and differ from SECRET_KEY": len(CODE_KEY) < 32
            or CODE_KEY == SECRET_KEY,
            "DEBUG must be off": DEBUG,
            "ALLOWED_HOSTS must name your hosts, without *": not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS,
            "DATABASE_URL must be set, the embedded server is for a first run": EMBEDDED_DATABASE,
            "CELERY_BROKER_URL must be set, the in-memory broker is for a first run": CELERY_BROKER_URL.startswith(
                "memory:"
            ),
            "PUBLIC_URL must begin with https://": not PUBLIC_URL.startswith("https://"),
            "EMAIL_HOST must be set": "EMAIL_HOST" not in env.ENVIRON,
        }.items()
        if bad
    ]
    if _wrong:
        raise ImproperlyConfigured("Unsafe for production:\n- " + "\n- ".join(_wrong))
