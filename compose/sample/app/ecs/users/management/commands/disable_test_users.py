from django.contrib.auth.models import User
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Closes the accounts of all test users; bootstrap does not open them again."

    def handle(self, **options):
        closed = User.objects.filter(profile__is_testuser=True, is_active=True).update(is_active=False)
        self.stdout.write(f"{closed} test users disabled")
