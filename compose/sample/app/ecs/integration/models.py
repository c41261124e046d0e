"""What the application knows about itself."""

from django.db import models
from django.utils import timezone


class Heartbeat(models.Model):
    """When the chain beat → queue → worker → database last worked. One row."""

    at = models.DateTimeField()

    class Meta:
        db_table = "heartbeat"

    @classmethod
    def note(cls):
        """Notes that the chain works now."""
        cls.objects.update_or_create(pk=1, defaults={"at": timezone.now()})

    @classmethod
    def age_seconds(cls):
        """Whole seconds since the last one, None when there was none."""
        last = cls.objects.filter(pk=1).first()
        return int((timezone.now() - last.at).total_seconds()) if last else None
