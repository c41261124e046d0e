from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from ecs.integration.health import pending_migrations
from ecs.integration.locking import schema_lock
from ecs.users.accounts import ensure_groups, ensure_test_users


class Command(BaseCommand):
    help = "Makes what the application needs in its database. Safe to run at every start."

    def handle(self, **options):
        with schema_lock(), transaction.atomic():
            if pending_migrations():
                raise CommandError("migrations pending: run migrate first")
            ensure_groups()
            self.stdout.write("groups are there")
            if settings.ECS_USERSWITCHER_ENABLED or settings.DEBUG:
                ensure_test_users()
                self.stdout.write("test users are there")
