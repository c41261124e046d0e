"""
Settings of the sample application.

The environment says where the services are; `ECS_SETTINGS` (`ecs:settings` in env.yml) is executed near the end and may
change everything above it. Names that it expects to find, such as SMTPD_CONFIG, are set before.
"""

import os
from datetime import timedelta

from ecs import operator_settings, service_urls


def enabled(name):
    """True when the environment variable says yes in one of the ways YAML and shells write it."""
    return os.environ.get(name, "").strip().lower() in ("true", "yes", "on", "1")


DOMAIN = os.environ.get("APPLIANCE_DOMAIN") or "localhost"
ABSOLUTE_URL_PREFIX = f"https://{DOMAIN}"
ALLOWED_HOSTS = [DOMAIN]
DEBUG = False
SECURE_PROXY_SSL = False
# Elevated rights need a client certificate, which nginx has checked.
ECS_REQUIRE_CLIENT_CERTS = True
# Test users can be taken on without a password: for test instances only.
ECS_USERSWITCHER_ENABLED = enabled("ECS_USERSWITCHER_ENABLED")
# Where browsers find the signing service, and where it is inside the group.
PDFAS_SERVICE = ABSOLUTE_URL_PREFIX + "/pdf-as-web/"
PDFAS_URL = os.environ.get("PDFAS_URL") or "http://pdfas:8080/pdf-as-web/"

# Mail to these goes out through EMAIL_BACKEND_UNFILTERED, all other mail through EMAIL_BACKEND.
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_BACKEND_UNFILTERED = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_UNFILTERED_DOMAINS = ()
EMAIL_UNFILTERED_INDIVIDUALS = ()
EMAIL_TIMEOUT = 30
globals().update(service_urls.smtp(os.environ.get("SMTP_URL", "")))
# How often waiting mail is looked at, and how long a mail that could not go waits at first; the wait doubles up to an hour.
FORWARD_INTERVAL = timedelta(minutes=1)
FORWARD_RETRY = timedelta(minutes=1)

SMTPD_CONFIG = {
    "listen_addr": ("127.0.0.1", 8025),
    "domain": DOMAIN,
    "data_size_limit": 25 * 1024 * 1024,
    "timeout": 60,
}

VAULT_FOLDER = "/app/ecs-storage-vault"
VAULT_ENCRYPT_KEY = "/app/ecs-gpg/vault_encrypt.asc"
VAULT_SIGN_KEY = "/app/ecs-gpg/vault_sign.asc"
UPLOAD_LIMIT = 32 * 1024 * 1024

DATABASES = {"default": service_urls.database(os.environ.get("DATABASE_URL") or "postgres://app@database:5432/ecs")}
CACHES = {"default": service_urls.memcached(os.environ.get("MEMCACHED_URL") or "memcached://memcached:11211")}
REDIS_URL = os.environ.get("REDIS_URL") or "redis://redis:6379/0"

INSTALLED_APPS = [
    "ecs.users",
    "ecs.submissions",
    "ecs.documents",
    "ecs.communication",
    "ecs.integration",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_extensions",
]
MIDDLEWARE = [
    "ecs.integration.middleware.HealthMiddleware",
    "ecs.integration.middleware.ContentSecurityPolicyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "ecs.users.middleware.ClientCertificateMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [os.path.join(os.path.dirname(__file__), "templates")],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "ecs.users.context_processors.rights",
            ]
        },
    }
]
ROOT_URLCONF = "ecs.urls"
WSGI_APPLICATION = "ecs.wsgi.application"
STATIC_URL = "/static/"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TIME_ZONE = "Europe/Vienna"
USE_TZ = True
LANGUAGE_CODE = "en-gb"

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "submissions"
LOGOUT_REDIRECT_URL = "login"
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# Uploads are real files in /tmp, which is memory: gpg reads them from there, and plain text never reaches a disk.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]

CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 2}
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.2, "interval_step": 0.2}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TIMEZONE = TIME_ZONE

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {
        "ecs": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        "django": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        # aiosmtpd names every command of every session otherwise.
        "mail.log": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
    },
}

operator_settings.apply(os.environ.get("ECS_SETTINGS", ""), globals())

if SECURE_PROXY_SSL:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
CELERY_BEAT_SCHEDULE = {
    "heartbeat": {"task": "ecs.integration.tasks.heartbeat", "schedule": timedelta(minutes=1)},
    "forward-messages": {"task": "ecs.communication.tasks.forward_messages", "schedule": FORWARD_INTERVAL},
    "clear-sessions": {"task": "ecs.integration.tasks.clearsessions", "schedule": timedelta(days=1)},
}
