from django.core.management.base import BaseCommand, CommandError

from ecs.documents.models import Document
from ecs.documents.storing import read_document
from ecs.documents.vault import VaultError


class Command(BaseCommand):
    help = "Reads the newest COUNT documents back: decrypts, checks signature and content. Ends with 1 when one is bad."

    def add_arguments(self, parser):
        parser.add_argument("count", type=int, nargs="?", default=100)

    def handle(self, count, **options):
        documents = Document.objects.order_by("-pk")[:count]
        bad = [document for document in documents if not self.is_good(document)]
        self.stdout.write(f"{len(documents) - len(bad)} documents good, {len(bad)} bad")
        if bad:
            raise CommandError("the vault holds documents that cannot be read back")

    def is_good(self, document):
        try:
            read_document(document).close()
        except VaultError as error:
            self.stderr.write(str(error))
            return False
        return True
