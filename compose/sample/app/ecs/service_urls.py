"""Reads the URLs that tell the application where its services are. Pure: no network, no environment."""

from urllib.parse import unquote, urlsplit


class BadServiceUrl(ValueError):
    """A service URL that cannot be used. The text names the variable and never repeats the URL: it holds a password."""


def _split(name, url, schemes):
    parts = urlsplit(url)
    if parts.scheme not in schemes:
        raise BadServiceUrl(f"{name} must start with {' or '.join(s + '://' for s in schemes)}")
    if not parts.hostname:
        raise BadServiceUrl(f"{name} names no host")
    return parts


def database(url):
    """`postgres://user:password@host:port/name` as an entry of Django's DATABASES."""
    parts = _split("DATABASE_URL", url, ("postgres", "postgresql"))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname,
        "PORT": parts.port or 5432,
        # A connection that a restart of the database has cut is noticed and replaced before it is used.
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 3},
    }


def memcached(url):
    """`memcached://host:port` as an entry of Django's CACHES. A cache that is away counts as empty."""
    parts = _split("MEMCACHED_URL", url, ("memcached",))
    return {
        "BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache",
        "LOCATION": f"{parts.hostname}:{parts.port or 11211}",
        "OPTIONS": {"ignore_exc": True, "connect_timeout": 1, "timeout": 1},
    }


def smtp(url):
    """`smtp://user:password@host:port` or `smtps://…` as Django's EMAIL_* settings; empty host for an empty URL."""
    if not url:
        return {"EMAIL_HOST": ""}
    parts = _split("SMTP_URL", url, ("smtp", "smtps"))
    implicit_tls = parts.scheme == "smtps"
    return {
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or (465 if implicit_tls else 25),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": implicit_tls,
    }
