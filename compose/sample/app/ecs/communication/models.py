"""Mail that leaves, and the answers that come in."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone

from ecs.communication.addresses import reply_address
from ecs.submissions.models import Submission

LONGEST_WAIT = timedelta(hours=1)


def new_reply_id():
    """A name that nobody can guess."""
    return uuid.uuid4().hex


class OutgoingMail(models.Model):
    """
    A mail on its way out. `waiting` until the mail gateway has taken it (`sent`) or refused it for good (`refused`);
    `logged` when the operator's settings say that it is written to the log and not sent.
    """

    MESSAGE, NOTICE, ACCOUNT = "message", "notice", "account"
    WAITING, SENT, LOGGED, REFUSED = "waiting", "sent", "logged", "refused"

    reply_id = models.CharField(max_length=32, unique=True, default=new_reply_id)
    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, null=True, related_name="mails")
    kind = models.CharField(max_length=10, default=MESSAGE)
    recipient = models.EmailField()
    subject = models.CharField(max_length=200)
    body = models.TextField()
    automatic = models.BooleanField(default=False)
    in_reply_to = models.CharField(max_length=998, blank=True)
    state = models.CharField(max_length=10, default=WAITING)
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True)
    attempts = models.IntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        db_table = "outgoing_mail"
        ordering = ["pk"]
        indexes = [models.Index(fields=["next_attempt_at"], name="mail_waiting", condition=models.Q(state="waiting"))]

    @property
    def reply_address(self):
        """The sender of this mail, at which answers to it are accepted."""
        return reply_address(self.reply_id, settings.DOMAIN)

    def close(self, state, error=""):
        """Notes the end of the journey."""
        self.state, self.last_error, self.attempts = state, error[:300], self.attempts + 1
        self.sent_at = timezone.now() if state == self.SENT else None
        self.save()

    def postpone(self, error):
        """Notes a failed attempt and when to try again: each time twice as long, up to an hour."""
        wait = min(settings.FORWARD_RETRY * 2 ** min(self.attempts, 12), LONGEST_WAIT)
        self.attempts, self.last_error, self.next_attempt_at = self.attempts + 1, error[:300], timezone.now() + wait
        self.save()


class Answer(models.Model):
    """A mail that came in to the reply address of an outgoing one. `digest` is the SHA-256 of the message as received."""

    mail = models.ForeignKey(OutgoingMail, on_delete=models.CASCADE, related_name="answers")
    sender = models.CharField(max_length=320)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    automatic = models.BooleanField()
    message_id = models.CharField(max_length=998, blank=True)
    digest = models.CharField(max_length=64)
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "answer"
        ordering = ["pk"]
        # A gateway that got no reply to its DATA delivers again: the same message is one answer.
        constraints = [models.UniqueConstraint(fields=["mail", "digest"], name="answer_once")]
