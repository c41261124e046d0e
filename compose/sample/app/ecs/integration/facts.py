"""Figures about the application, for the status page and the status operation."""

from django.db.models import Count

from ecs.communication.models import OutgoingMail
from ecs.documents.models import Document
from ecs.integration.health import Health
from ecs.submissions.models import Submission


def collect():
    """Health and counts as plain data. Needs a migrated database."""
    mails = OutgoingMail.objects.order_by().values_list("state").annotate(Count("pk"))
    return {
        "health": Health().report(),
        "submissions": Submission.objects.count(),
        "documents": Document.objects.count(),
        "mails": dict(mails),
    }
