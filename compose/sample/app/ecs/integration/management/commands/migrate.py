from django.core.management.commands import migrate

from ecs.integration.locking import schema_lock


class Command(migrate.Command):
    """Django's own command, but two at once wait for each other."""

    def handle(self, *args, **options):
        with schema_lock():
            super().handle(*args, **options)
