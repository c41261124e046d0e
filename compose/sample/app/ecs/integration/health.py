"""Is the application ready? Asked without login, so answers are fixed words: what exactly is wrong goes to the log."""

import logging
import time

import redis
from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor

from ecs.documents import vault
from ecs.integration.models import Heartbeat

log = logging.getLogger(__name__)

MIGRATIONS_TRUSTED_SECONDS = 30


class Health:
    """Keeps what is worth keeping between two questions: the connection to Redis, and that migrations were complete."""

    def __init__(self):
        self._redis = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2)
        self._vault = vault.default()
        self._migrated_until = 0.0

    def report(self):
        """`{status, checks, heartbeatAgeSeconds}`; status is "ok" only when every check is."""
        database = self._database()
        checks = {"database": database, "migrations": self._migrations() if database == "ok" else "unknown"}
        checks |= {"redis": self._redis_ping(), "vault": self._vault_check()}
        ready = all(word == "ok" for word in checks.values())
        age = Heartbeat.age_seconds() if checks["migrations"] == "ok" else None
        return {"status": "ok" if ready else "unavailable", "checks": checks, "heartbeatAgeSeconds": age}

    def _database(self):
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            return "ok"
        except Error as error:
            return _failed("database", error, "away")

    def _migrations(self):
        if time.monotonic() < self._migrated_until:
            return "ok"
        if pending_migrations():
            return "migrations pending"
        self._migrated_until = time.monotonic() + MIGRATIONS_TRUSTED_SECONDS
        return "ok"

    def _redis_ping(self):
        try:
            self._redis.ping()
            return "ok"
        except redis.RedisError as error:
            return _failed("redis", error, "away")

    def _vault_check(self):
        try:
            self._vault.check()
            return "ok"
        except vault.VaultError as error:
            return _failed("vault", error, "not usable")


def pending_migrations():
    """The names of the migrations of this code that the database has not."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def _failed(check, error, word):
    log.warning("health check %s failed: %s", check, str(error).strip().splitlines()[0] if str(error) else error)
    return word
