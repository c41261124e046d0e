import json

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from ecs.integration.facts import collect
from ecs.integration.health import pending_migrations


class Command(BaseCommand):
    help = "Prints health and counts as one JSON object."

    def handle(self, **options):
        try:
            pending = pending_migrations()
            facts = {"pendingMigrations": pending} if pending else {"pendingMigrations": [], **collect()}
        except DatabaseError as error:
            raise CommandError(f"the database does not answer: {str(error).strip().splitlines()[0]}") from error
        self.stdout.write(json.dumps(facts))
