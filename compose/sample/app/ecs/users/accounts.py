"""Makes users and groups. Everything here may run any number of times."""

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from ecs.communication.models import OutgoingMail
from ecs.users.models import INTERNAL_GROUP, SUBMITTER_GROUP, Profile

TEST_USERS = [
    ("submitter", "Sam", "Submitter", "m", SUBMITTER_GROUP),
    ("colleague", "Clara", "Colleague", "f", SUBMITTER_GROUP),
    ("office", "Olga", "Office", "f", INTERNAL_GROUP),
]


@transaction.atomic
def ensure_user(email, first_name, last_name, gender, group, is_testuser=False):
    """
    The user with this mail address as its name, made when absent, with these names and this role.

    A new user has no password. Returns (user, whether it was made now).
    """
    names = {"email": email, "first_name": first_name, "last_name": last_name}
    user, made = User.objects.update_or_create(username=email.lower(), defaults=names)
    if made:
        user.set_unusable_password()
        user.save()
    Profile.objects.update_or_create(user=user, defaults={"gender": gender, "is_testuser": is_testuser})
    user.groups.add(Group.objects.get_or_create(name=group)[0])
    return user, made


def ensure_groups():
    """The roles that the application knows."""
    for name in (SUBMITTER_GROUP, INTERNAL_GROUP):
        Group.objects.get_or_create(name=name)


def ensure_test_users():
    """Users to try the application with; they can only be taken on with the user switcher, having no password."""
    for name, *details in TEST_USERS:
        ensure_user(f"test_{name}@{settings.DOMAIN}", *details, is_testuser=True)


def invite(user):
    """Queues a mail with a link, good for three days and for one use, at which the user chooses a password."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    link = reverse("set-password", args=[uid, default_token_generator.make_token(user)])
    body = f"An account was made for you.\n\nChoose a password: {settings.ABSOLUTE_URL_PREFIX}{link}\n"
    return OutgoingMail.objects.create(
        kind=OutgoingMail.ACCOUNT, recipient=user.email, subject="Your account", body=body, automatic=True
    )
