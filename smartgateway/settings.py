"""Every setting, read once from the environment. What is missing or malformed stops the start and is named."""

import os
import sys
import warnings
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import available_timezones

import environ
from django.core.exceptions import ImproperlyConfigured

from smartgateway import look

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
env = environ.Env()
if env.bool("READ_DOT_ENV", default=True):
    environ.Env.read_env(BASE_DIR / ".env")


def truth(value: str) -> bool:
    if value.lower() not in ("1", "true", "on", "yes", "0", "false", "off", "no"):
        raise ValueError(value)
    return value.lower() in ("1", "true", "on", "yes")


PLAIN: dict[str, tuple[Callable[[str], Any], str]] = {
    "int": (int, "a whole number"),
    "float": (float, "a number"),
    "bool": (truth, "1 or 0"),
}


def read(kind: str, name: str, **options: Any) -> Any:
    """The variable `name` as `kind`; a malformed value is an error that names it. Empty counts as absent."""
    if not os.environ.get(name) and "default" in options:
        return options["default"]
    value = env.str(name, **options)
    if kind == "str":
        return value
    convert, wanted = PLAIN[kind]
    try:
        return convert(value.strip())
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {value!r}: use {wanted}") from None


def choice(name: str, allowed: tuple[str, ...], default: str) -> str:
    value: str = read("str", name, default=default)
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} is {value!r}: use one of {', '.join(allowed)}")
    return value


def positive(name: str, default: float, kind: str = "int") -> Any:
    value = read(kind, name, default=default)
    if not 0 < value < float("inf"):
        raise ImproperlyConfigured(f"{name} is {value}: use a number above 0")
    return value


def not_negative(name: str) -> float:
    value: float = read("float", name, default=0.0)
    if not 0 <= value < float("inf"):
        raise ImproperlyConfigured(f"{name} is {value}: use a number of at least 0")
    return value


def base_url(name: str, default: str = "") -> str:
    """An http(s) address without trailing slash, `/v1` (both accepted) or user; a malformed one is not shown."""
    value: str = read("str", name, default=default).rstrip("/").removesuffix("/v1")
    if value and not is_web_address(value):
        raise ImproperlyConfigured(f"{name} is no web address: use one that starts with http:// or https://")
    parts = urlsplit(value)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def is_web_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # of the port
        return False


def basic_auth(name: str) -> str:
    """The header's value for the user that an address names; empty without one."""
    user, at, _ = urlsplit(read("str", name, default="")).netloc.rpartition("@")
    credentials = ":".join(map(unquote, user.split(":", 1))) + ("" if ":" in user else ":")
    return f"Basic {b64encode(credentials.encode()).decode()}" if at else ""


def database(name: str) -> dict[str, Any]:
    """What the address names, SQLite in var/ without one; a malformed address is not shown, it may hold a password."""
    address = os.environ.get(name) or f"sqlite:///{VAR_DIR / 'smartgateway.sqlite3'}"
    with warnings.catch_warnings(action="ignore"):  # they would show the address
        try:
            named: dict[str, Any] = env.db_url_config(address)
        except ValueError:
            named = {}
    if not named.get("ENGINE"):
        raise ImproperlyConfigured(f"{name} is not a database address: use postgres://user:password@host/name")
    return named


def redis_url(name: str) -> str:
    """Empty for none; a malformed address is not shown, it may hold a password."""
    value: str = read("str", name, default="")
    if value and urlsplit(value).scheme not in ("redis", "rediss", "unix"):
        raise ImproperlyConfigured(f"{name} is not a Redis address: use redis://host:6379/0")
    return value


def chain_key(name: str) -> str:
    """Required wherever the record is to be believed; while debugging, one that follows from SECRET_KEY will do."""
    value: str = read("str", name, default="")
    if not value and not DEBUG:
        raise ImproperlyConfigured(f"{name} is not set: it is the secret that proves the record, like SECRET_KEY")
    return value or f"debug {SECRET_KEY}"


def time_zone(name: str, default: str) -> str:
    value: str = read("str", name, default=default)
    if value not in available_timezones():
        raise ImproperlyConfigured(f"{name} is {value!r}: use a name like Europe/Berlin")
    return value


# The server
HOST: str = read("str", "HOST", default="127.0.0.1")
PORT: int = positive("PORT", 8000)
WEB_CONCURRENCY: int = positive("WEB_CONCURRENCY", min(4, os.cpu_count() or 1))
PUBLIC_URL: str = base_url("PUBLIC_URL")
HTTPS: bool = read("bool", "HTTPS", default=PUBLIC_URL.startswith("https://"))
SECRET_KEY: str = read("str", "SECRET_KEY")
DEBUG: bool = read("bool", "DEBUG", default=False)
LOG_LEVEL = choice("LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR"), "INFO")
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = []
if PUBLIC_URL:
    ALLOWED_HOSTS.append(urlsplit(PUBLIC_URL).hostname or "")
    CSRF_TRUSTED_ORIGINS.append(PUBLIC_URL)
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REDIRECT_EXEMPT = [r"^health/"]

# Where things are kept
DATABASES = {"default": {**database("DATABASE_URL"), "CONN_HEALTH_CHECKS": True}}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # REST framework and unfold load it where they can, and psycopg with it: 10 MB in each process
    sys.modules["django.contrib.postgres"] = None  # type: ignore[assignment]  # so it cannot be imported
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
else:
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 5,
        "tcp_user_timeout": 30_000,  # milliseconds; else a host that vanished is waited for, for a quarter of an hour
        **DATABASES["default"].get("OPTIONS", {}),
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = redis_url("REDIS_URL")

# Local and Claude
ANTHROPIC_API_KEY: str = read("str", "ANTHROPIC_API_KEY", default="")
ANTHROPIC_BASE_URL = base_url("ANTHROPIC_BASE_URL", "https://api.anthropic.com")
ANTHROPIC_BASIC_AUTH = basic_auth("ANTHROPIC_BASE_URL")
DEFAULT_MODEL: str = read("str", "DEFAULT_MODEL", default="claude-sonnet-5-5")
OPUS_MODEL: str = read("str", "OPUS_MODEL", default="claude-opus-5-5")
HAIKU_MODEL: str = read("str", "HAIKU_MODEL", default="claude-haiku-5-5")
LOCAL_LLM_BASE_URL = base_url("LOCAL_LLM_BASE_URL")
LOCAL_LLM_BASIC_AUTH = basic_auth("LOCAL_LLM_BASE_URL")
LOCAL_LLM_KIND = choice("LOCAL_LLM_KIND", ("ollama", "openai_compatible"), "ollama")
LOCAL_LLM_API_KEY: str = read("str", "LOCAL_LLM_API_KEY", default="")
LOCAL_LLM_DEFAULT_MODEL: str = read("str", "LOCAL_LLM_DEFAULT_MODEL", default="qwen2.5-coder:14b-instruct")
LOCAL_FIM_MODEL: str = read("str", "LOCAL_FIM_MODEL", default="")
LOCAL_EMBEDDING_MODEL: str = read("str", "LOCAL_EMBEDDING_MODEL", default="nomic-embed-text")
LOCAL_NUM_CTX: int = positive("LOCAL_NUM_CTX", 16_384)
LOCAL_KEEP_ALIVE: str = read("str", "LOCAL_KEEP_ALIVE", default="30m")
LOCAL_MAX_INFLIGHT: int = positive("LOCAL_MAX_INFLIGHT", 2)
LOCAL_LLM_TIMEOUT_SECONDS: float = positive("LOCAL_LLM_TIMEOUT_SECONDS", 120.0, "float")
LOCAL_CF_ACCESS_CLIENT_ID: str = read("str", "LOCAL_CF_ACCESS_CLIENT_ID", default="")
LOCAL_CF_ACCESS_CLIENT_SECRET: str = read("str", "LOCAL_CF_ACCESS_CLIENT_SECRET", default="")
UPSTREAM_FIRST_BYTE_SECONDS: float = positive("UPSTREAM_FIRST_BYTE_SECONDS", 300.0, "float")
UPSTREAM_TRANSPORT = choice("UPSTREAM_TRANSPORT", ("fast", "httpx"), "fast")

# Routing: the first policy is made from these; afterwards the rows rule
ENABLE_SMART_ROUTING: bool = read("bool", "ENABLE_SMART_ROUTING", default=True)
SMART_ROUTING_MODE = choice("SMART_ROUTING_MODE", ("local_first", "keyword", "observe"), "local_first")
ROUTING_CLASSIFIER_MODEL: str = read("str", "ROUTING_CLASSIFIER_MODEL", default=LOCAL_LLM_DEFAULT_MODEL)
ROUTING_CLASSIFIER_TIMEOUT: float = positive("ROUTING_CLASSIFIER_TIMEOUT", 5.0, "float")
ROUTING_CLASSIFIER_CACHE_SIZE: int = positive("ROUTING_CLASSIFIER_CACHE_SIZE", 256)
LOCAL_CONTEXT_CHAR_LIMIT: int = positive("LOCAL_CONTEXT_CHAR_LIMIT", 30_000)
POLICY_VARIABLES = (
    "DEFAULT_MODEL",
    "OPUS_MODEL",
    "HAIKU_MODEL",
    "LOCAL_LLM_DEFAULT_MODEL",
    "ENABLE_SMART_ROUTING",
    "SMART_ROUTING_MODE",
    "ROUTING_CLASSIFIER_MODEL",
    "ROUTING_CLASSIFIER_TIMEOUT",
    "ROUTING_CLASSIFIER_CACHE_SIZE",
    "LOCAL_CONTEXT_CHAR_LIMIT",
)
SET_POLICY_VARIABLES = frozenset(name for name in POLICY_VARIABLES if os.environ.get(name))

# The record
AUDIT_DURABILITY = choice("AUDIT_DURABILITY", ("journal", "database"), "journal")
AUDIT_JOURNAL_DIR = Path(read("str", "AUDIT_JOURNAL_DIR", default=str(VAR_DIR / "journal")))
AUDIT_JOURNAL_MAX_MB: int = positive("AUDIT_JOURNAL_MAX_MB", 1024)
AUDIT_CHAIN_KEY = chain_key("AUDIT_CHAIN_KEY")
AUDIT_RETENTION_DAYS = int(not_negative("AUDIT_RETENTION_DAYS"))  # 0: for ever
REPORT_TIME_ZONE = time_zone("REPORT_TIME_ZONE", "UTC")
LOCAL_MONTHLY_COST: float = not_negative("LOCAL_MONTHLY_COST")  # USD; 0 is not said

# Bootstrap
BOOTSTRAP_API_KEY: str = read("str", "BOOTSTRAP_API_KEY", default="")
BOOTSTRAP_ADMIN_USERNAME: str = read("str", "BOOTSTRAP_ADMIN_USERNAME", default="admin")
BOOTSTRAP_ADMIN_PASSWORD: str = read("str", "BOOTSTRAP_ADMIN_PASSWORD", default="")

# Django
INSTALLED_APPS = [
    "unfold",
    "smartgateway.keys",  # ahead of Django's: its createsuperuser is the one that counts
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "smartgateway.dashboard",
    "smartgateway.workbench",
    "smartgateway.local",
    "routing",
    "audit",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "smartgateway.urls"
ASGI_APPLICATION = "smartgateway.asgi.application"
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
            ]
        },
    }
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = LOGOUT_REDIRECT_URL = "dashboard:sign_in"
LOGIN_REDIRECT_URL = "dashboard:overview"
UNFOLD = look.ADMIN
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
FORMAT_MODULE_PATH = "smartgateway.formats"
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024 * 1024  # of a form; what is too long for its field is refused beside it
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = True  # served from where they are: no collectstatic step, none forgotten
STATICFILES_DIRS = [BASE_DIR / "smartgateway" / "static"]
APPEND_SLASH = True
REST_FRAMEWORK = {"DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"]}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {"httpx": {"level": "WARNING"}, "uvicorn": {"level": "WARNING"}},
}

# Celery; without a Redis tasks run where they are called
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=") or "memory://"
CELERY_TASK_ALWAYS_EAGER = not REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = REPORT_TIME_ZONE

TESTING = "pytest" in sys.modules
