"""Turns an OutgoingMail into the message that goes over the wire."""

from django.conf import settings
from django.core.mail import EmailMessage


def backend_of(mail):
    """The mail backend for this mail: the settings may let only certain recipients get real mail."""
    domain = mail.recipient.rpartition("@")[2].lower()
    unfiltered = (
        mail.kind == mail.ACCOUNT
        or domain in {d.lower() for d in settings.EMAIL_UNFILTERED_DOMAINS}
        or mail.recipient.lower() in {i.lower() for i in settings.EMAIL_UNFILTERED_INDIVIDUALS}
    )
    return settings.EMAIL_BACKEND_UNFILTERED if unfiltered else settings.EMAIL_BACKEND


def sends_by_smtp(backend):
    """False for the backends that only write to the log."""
    return ".smtp." in backend


def compose(mail, connection=None):
    """
    The message, with the mail's own reply address as its sender.

    Its Message-ID is made from the reply id, so a mail that goes out twice after a crash is one mail to its reader.
    See RFC 3834 section 5 for Auto-Submitted and RFC 5322 section 3.6.4 for the references.
    """
    headers = {"Message-ID": f"<{mail.reply_id}@{settings.DOMAIN}>"}
    if mail.automatic:
        headers["Auto-Submitted"] = "auto-generated"
    if mail.in_reply_to:
        headers |= {"In-Reply-To": mail.in_reply_to, "References": mail.in_reply_to}
    subject = " ".join(mail.subject.split())
    return EmailMessage(
        subject, mail.body, mail.reply_address, [mail.recipient], headers=headers, connection=connection
    )
