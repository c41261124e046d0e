"""One at a time across containers, by PostgreSQL's advisory locks."""

from contextlib import contextmanager

from django.core.management.base import CommandError
from django.db import OperationalError, connection

# Any number that nothing else in this database uses.
SCHEMA_LOCK = 0x6563735F


@contextmanager
def schema_lock():
    """Waits until no other container migrates or bootstraps. The lock ends with the connection, so none is left behind."""
    try:
        connection.ensure_connection()
    except OperationalError as error:
        raise CommandError(f"the database does not answer: {str(error).strip().splitlines()[0]}") from error
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [SCHEMA_LOCK])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [SCHEMA_LOCK])
