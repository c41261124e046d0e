from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from ecs.users.accounts import ensure_user, invite
from ecs.users.models import INTERNAL_GROUP


class Command(BaseCommand):
    help = "Makes a user of the office and queues a mail with a link to choose a password."

    def add_arguments(self, parser):
        parser.add_argument("email")
        parser.add_argument("first_name")
        parser.add_argument("last_name")
        parser.add_argument("gender", choices=["f", "m"])

    def handle(self, email, first_name, last_name, gender, **options):
        try:
            validate_email(email)
        except ValidationError:
            raise CommandError(f"{email} is not a mail address") from None
        user, made = ensure_user(email, first_name, last_name, gender, INTERNAL_GROUP)
        if not made:
            self.stdout.write(f"{email} existed already; names and role are as given now")
            return
        invite(user)
        # The link itself is not printed: the output of operations is kept in a queue and in logs.
        self.stdout.write(f"{email} made, a mail with a link to choose a password is on its way")
        self.stdout.write(f"without mail: docker exec -it ecs_ecs.web_1 /start run ./manage.py changepassword {email}")
