"""Who a user is beyond what Django's own user table says."""

from django.contrib.auth.models import User
from django.db import models

INTERNAL_GROUP = "internal"
SUBMITTER_GROUP = "submitter"


class Profile(models.Model):
    """One for each user."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="profile")
    gender = models.CharField(max_length=1, choices=[("f", "female"), ("m", "male")])
    is_testuser = models.BooleanField(default=False)

    class Meta:
        db_table = "profile"


def is_internal(user):
    """True for a user of the office, who gets elevated rights once a client certificate is shown."""
    return user.is_authenticated and user.groups.filter(name=INTERNAL_GROUP).exists()
