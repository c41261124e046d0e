"""Documents of a submission. The content is in the vault; the database holds what is said about it."""

import os
import uuid

from django.contrib.auth.models import User
from django.db import models

from ecs.submissions.models import Submission

# Other types are handed out as plain bytes, so that no browser runs what a stranger has uploaded.
HARMLESS_TYPES = ("application/pdf", "text/plain", "image/png", "image/jpeg")


class Document(models.Model):
    """One uploaded file; `uuid` is also its name in the vault, `sha256` that of the plain content, in hex."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="documents")
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT)
    uploaded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "document"
        ordering = ["pk"]


def harmless_type(content_type):
    """The content type under which a document may be handed out."""
    return content_type if content_type in HARMLESS_TYPES else "application/octet-stream"


def short_name(name):
    """`name` within the 200 characters of the database, its extension kept where that is short."""
    stem, extension = os.path.splitext(name)
    return stem[: 200 - len(extension)] + extension if len(extension) <= 10 else name[:200]
