"""Keeps answers and tells the presenter of the submission about them."""

from django.db import transaction

from ecs.communication.models import Answer, OutgoingMail
from ecs.communication.tasks import forward_soon


def is_expected(reply_id):
    """True when a mail with this reply id has left."""
    return OutgoingMail.objects.filter(reply_id=reply_id).exists()


@transaction.atomic
def keep_answer(reply_id, sender, incoming):
    """
    Stores an answer; the same message a second time changes nothing. Returns whether it was new.

    It is on disk when this returns, since PostgreSQL commits with fsync.
    """
    mail = OutgoingMail.objects.select_related("submission__presenter").get(reply_id=reply_id)
    facts = {"sender": sender[:320], "subject": incoming.subject, "text": incoming.text}
    facts |= {"automatic": incoming.automatic, "message_id": incoming.message_id}
    answer, new = Answer.objects.get_or_create(mail=mail, digest=incoming.digest, defaults=facts)
    if new and mail.submission and not incoming.automatic:
        _notify_presenter(answer)
    return new


def _notify_presenter(answer):
    submission = answer.mail.submission
    OutgoingMail.objects.create(
        submission=submission,
        kind=OutgoingMail.NOTICE,
        recipient=submission.presenter.email,
        subject=f"Answer to submission {submission.ec_number}",
        body=f"{answer.sender} has answered:\n\n{answer.text}\n",
        automatic=True,
        in_reply_to=f"<{answer.mail.reply_id}@{answer.mail.reply_address.rpartition('@')[2]}>",
    )
    forward_soon()
