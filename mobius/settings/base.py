"""Everything that does not depend on where the system runs."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static

from apps.deliveries.configuration import mail_sender, mail_server, networks
from apps.kernel.trace_export import exporters_wanted
from apps.secrets.cipher import checked_keys
from mobius.admin_navigation import NAVIGATION
from mobius.settings import environment as env
from mobius.settings.logs import logging_settings

ROOT = Path(__file__).resolve().parents[2]

SECRET_KEY = env.text("MOBIUS_SECRET_KEY", "")
DEBUG = False
ALLOWED_HOSTS = env.listing("MOBIUS_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.listing("MOBIUS_TRUSTED_ORIGINS")
PUBLIC_URL = env.text("MOBIUS_PUBLIC_URL", "http://127.0.0.1:8000")

INSTALLED_APPS = [
    "mobius",
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_eventstream",
    "apps.api",
    "apps.identity",
    "apps.secrets",
    "apps.deliveries",
    "apps.source_events",
    "apps.integrations",
    "apps.webhooks",
    "apps.agents",
    "apps.run_events",
    "apps.jobs",
    "apps.actions",
    "apps.workflows",
    "apps.interactions",
    "apps.runs",
    "apps.triggers",
    "apps.definitions",
    "apps.diagnosis",
    "apps.dispatch",
    "apps.inbox",
    "apps.audit",
    "apps.ops",
    "drf_spectacular_sidecar",
    "apps.reference",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "apps.identity.acting.ActingMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
#: The API needs no sessions, cookies or static files: see apps.realtime.bridge.
API_MIDDLEWARE: list[str] = []

#: A message may show a new API key: it stays on the server.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

#: The page for a form without a valid token, in the inbox and in the admin.
CSRF_FAILURE_VIEW = "apps.inbox.pages.refused_form"

ROOT_URLCONF = "mobius.urls"
ASGI_APPLICATION = "mobius.asgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
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

DATABASES = {
    "default": env.database(
        env.text("MOBIUS_DATABASE_URL", "postgresql://mobius@127.0.0.1:5432/mobius")
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.text("MOBIUS_REDIS_URL", "redis://127.0.0.1:6379/0")
#: Redis is a helper: nobody waits for it longer than this.
REDIS_TIMEOUT_SECONDS = env.number("MOBIUS_REDIS_TIMEOUT_SECONDS", 0.5)

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
#: How the admin shows instants.
FORMAT_MODULE_PATH = "mobius.formats"

STATIC_URL = "/static/"
#: Files are served from the packages themselves; a folder is only for collectstatic.
STATIC_ROOT = env.text("MOBIUS_STATIC_ROOT", "") or None
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"}
]

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["apps.api.rendering.JsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["apps.api.rendering.JsonParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.identity.authentication.BearerAuthentication"
    ],
    "DEFAULT_PERMISSION_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
    "TEST_REQUEST_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "EXCEPTION_HANDLER": "apps.api.exceptions.handle_exception",
}

# --- The engine's surroundings (units are in the names) -------------------------
LEASE = timedelta(seconds=env.number("MOBIUS_LEASE_SECONDS", 60))
HEARTBEAT = timedelta(seconds=env.number("MOBIUS_HEARTBEAT_SECONDS", 20))
if not timedelta(0) < HEARTBEAT < LEASE / 2:
    # The row's copy of a lease is renewed by a heartbeat in its second half.
    raise ImproperlyConfigured(
        "MOBIUS_HEARTBEAT_SECONDS must be above 0 and below half of"
        " MOBIUS_LEASE_SECONDS"
    )
CLAIM_WAIT_SECONDS_MAX = env.whole("MOBIUS_CLAIM_WAIT_SECONDS_MAX", 30)
REQUEST_BYTES_MAX = env.whole("MOBIUS_REQUEST_BYTES_MAX", 4 * 1024 * 1024)
RESULT_BYTES_MAX = env.whole("MOBIUS_RESULT_BYTES_MAX", 1024 * 1024)
#: Actions that one Celery process runs at a time, beside its tasks.
ACTION_CONCURRENCY = env.whole("MOBIUS_ACTION_CONCURRENCY", 16)
EVENT_BYTES_MAX = env.whole("MOBIUS_EVENT_BYTES_MAX", 16 * 1024)
#: What a run may remember; 0 switches the limit off.
STATE_BYTES_MAX = env.whole("MOBIUS_STATE_BYTES_MAX", 4 * 1024 * 1024)
KEEP_ALIVE_SECONDS = env.number("MOBIUS_KEEP_ALIVE_SECONDS", 15)
API_THREADS = env.whole("MOBIUS_API_THREADS", 6)
#: Requests a minute; 0 switches the limit off.
RATE_LIMIT_KEY = env.whole("MOBIUS_RATE_LIMIT_KEY", 120_000)
RATE_LIMIT_ORG = env.whole("MOBIUS_RATE_LIMIT_ORG", 240_000)
#: Requests a minute to the public address of one trigger.
RATE_LIMIT_TRIGGER = env.whole("MOBIUS_RATE_LIMIT_TRIGGER", 60_000)
#: Requests a minute to the public address of one integration.
RATE_LIMIT_INTEGRATION = env.whole("MOBIUS_RATE_LIMIT_INTEGRATION", 60_000)
INTEGRATION_BYTES_MAX = env.whole("MOBIUS_INTEGRATION_BYTES_MAX", 1024 * 1024)
#: How long what is over is kept where a project does not say otherwise.
KEEP_RUNS_DAYS = env.days("MOBIUS_KEEP_RUNS_DAYS", 90)
KEEP_RUN_EVENTS_DAYS = env.days("MOBIUS_KEEP_RUN_EVENTS_DAYS", 90)
KEEP_SOURCE_EVENTS_DAYS = env.days("MOBIUS_KEEP_SOURCE_EVENTS_DAYS", 30)

DATA_UPLOAD_MAX_MEMORY_SIZE = REQUEST_BYTES_MAX

#: Who may read /metrics; without either it does not exist and nothing is counted.
METRICS_TOKEN = env.secret("MOBIUS_METRICS_TOKEN", "", length_min=16)
METRICS_LOCALHOST = env.flag("MOBIUS_METRICS_LOCALHOST", False)
METRICS_ON = bool(METRICS_TOKEN) or METRICS_LOCALHOST

# --- What leaves the house: callbacks and mail ----------------------------------
SECRETS_KEYS = checked_keys(env.listing("MOBIUS_SECRETS_KEYS"))
#: Of every outgoing call. The second variable is what it was called before.
DELIVERY_ALLOWED_NETWORKS = networks(
    MOBIUS_OUTBOUND_ALLOW=env.listing("MOBIUS_OUTBOUND_ALLOW"),
    MOBIUS_DELIVERY_ALLOWED_NETWORKS=env.listing("MOBIUS_DELIVERY_ALLOWED_NETWORKS"),
)
#: The public keys with which Google signs what Gmail's mailboxes report.
GOOGLE_KEYS_URL = env.text(
    "MOBIUS_GOOGLE_KEYS_URL", "https://www.googleapis.com/oauth2/v3/certs"
)

_MAIL = mail_server(env.text("MOBIUS_SMTP_URL", ""))
EMAIL_BACKEND = _MAIL.backend
EMAIL_HOST = _MAIL.host
EMAIL_PORT = _MAIL.port
EMAIL_HOST_USER = _MAIL.user
EMAIL_HOST_PASSWORD = _MAIL.password
EMAIL_USE_TLS = _MAIL.starttls
EMAIL_USE_SSL = _MAIL.implicit_tls
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = mail_sender(env.text("MOBIUS_MAIL_FROM", "mobius@localhost"))

UNFOLD = {
    "SITE_TITLE": "Mobius",
    "SITE_HEADER": "Mobius",
    "SITE_SUBHEADER": "Durable workflows",
    "SITE_SYMBOL": "all_inclusive",
    "SITE_URL": None,
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("mobius/favicon.svg"),
        }
    ],
    "SHOW_BACK_BUTTON": True,
    "DASHBOARD_CALLBACK": "apps.ops.admin.fill_dashboard",
    "STYLES": [lambda request: static("mobius/admin.css")],
    "SIDEBAR": {"navigation": NAVIGATION},
}

exporters_wanted(os.environ)  # a variable that cannot be followed is named at boot

LOGGING = logging_settings(
    form=env.text("MOBIUS_LOG_FORMAT", "text"),
    level=env.text("MOBIUS_LOG_LEVEL", "INFO"),
)
