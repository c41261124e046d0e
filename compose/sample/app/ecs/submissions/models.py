"""What is handed in to the committee."""

from django.contrib.auth.models import User
from django.db import models, transaction
from django.utils import timezone


class Submission(models.Model):
    """A study that a submitter hands in. `ec_number` is the name people use for it, such as 2026/0017."""

    ec_number = models.CharField(max_length=16, unique=True, null=True)
    title = models.CharField(max_length=200)
    investigator = models.CharField(max_length=200)
    summary = models.TextField(blank=True)
    presenter = models.ForeignKey(User, on_delete=models.PROTECT, related_name="submissions")
    created_at = models.DateTimeField(auto_now_add=True)
    acknowledged_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "submission"
        ordering = ["-pk"]

    def __str__(self):
        return f"{self.ec_number} {self.title}"

    @property
    def state(self):
        """The word people read for where the submission stands."""
        return "acknowledged" if self.acknowledged_at else "submitted"

    @transaction.atomic
    def hand_in(self):
        """Saves a new submission under a number of its own."""
        self.save()
        self.ec_number = f"{timezone.localdate().year}/{self.pk:04d}"
        self.save(update_fields=["ec_number"])

    def acknowledge(self):
        """Notes that the office has taken it up; a second time changes nothing."""
        Submission.objects.filter(pk=self.pk, acknowledged_at=None).update(acknowledged_at=timezone.now())


def visible_to(request):
    """The submissions that the request may see: all with elevated rights, otherwise the user's own."""
    everything = Submission.objects.select_related("presenter")
    return everything if request.elevated else everything.filter(presenter=request.user)
