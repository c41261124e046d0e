"""Sends waiting mail. The database says what waits; losing the queue loses nothing."""

import logging
import smtplib

from celery import shared_task
from django.conf import settings
from django.core.mail import get_connection
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from ecs.communication.composing import backend_of, compose, sends_by_smtp
from ecs.communication.models import OutgoingMail

log = logging.getLogger(__name__)


@shared_task
def forward_messages():
    """Sends what is due, until the gateway is found to be away. Runs at every new mail and, from beat, every minute."""
    due = OutgoingMail.objects.filter(state=OutgoingMail.WAITING, next_attempt_at__lte=timezone.now())
    for pk in due.values_list("pk", flat=True):
        if not _forward_one(pk):
            return


def forward_soon():
    """Asks the worker to send once the transaction is committed. With the queue away, beat's next round does it."""
    transaction.on_commit(_request_forward)


def _request_forward():
    try:
        forward_messages.delay()
    except OperationalError as error:
        log.warning("queue is away, mail waits for the next round: %s", error)


def _forward_one(pk):
    """Returns False when there is no use in trying further mails now."""
    with transaction.atomic():
        # Locked, so that two workers do not send the same mail; one that is gone was sent meanwhile.
        mail = (
            OutgoingMail.objects.select_for_update(skip_locked=True).filter(pk=pk, state=OutgoingMail.WAITING).first()
        )
        return _deliver(mail) if mail else True


def _deliver(mail):
    backend = backend_of(mail)
    if sends_by_smtp(backend) and not settings.EMAIL_HOST:
        mail.last_error = "no mail gateway is configured (SMTP_URL)"
        mail.save(update_fields=["last_error"])
        return True
    try:
        compose(mail, get_connection(backend)).send()
    except (smtplib.SMTPException, OSError) as error:
        return _failed(mail, error)
    except ValueError as error:
        mail.close(OutgoingMail.REFUSED, f"no mail can be made of it: {type(error).__name__}")
        return True
    mail.close(OutgoingMail.SENT if sends_by_smtp(backend) else OutgoingMail.LOGGED)
    log.info("Forwarding message %s to %s", mail.reply_id, mail.recipient)
    return True


def _failed(mail, error):
    code, text = _reply(error)
    if code is not None and code >= 500:
        mail.close(OutgoingMail.REFUSED, text)
        log.warning("Not forwarding message %s to %s: %s", mail.reply_id, mail.recipient, text)
        return True
    mail.postpone(text)
    log.warning("Forwarding message %s later: %s", mail.reply_id, text)
    return code is not None


def _reply(error):
    """The gateway's reply as (code, text); code is None when there was none, so the gateway is away."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()))
        return code, f"{code} {_text(text)}"
    if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code > 0:
        return error.smtp_code, f"{error.smtp_code} {_text(error.smtp_error)}"
    reason = getattr(error, "strerror", None) or type(error).__name__
    return None, f"the mail gateway is away: {reason}"


def _text(reply):
    return reply.decode(errors="replace") if isinstance(reply, bytes) else str(reply)
