import logging
import smtplib

from django.test import SimpleTestCase, TestCase, override_settings
from django.utils import timezone

from ecs.communication.composing import backend_of, compose
from ecs.communication.models import LONGEST_WAIT, OutgoingMail
from ecs.communication.tasks import _failed, forward_messages

SMTP = "django.core.mail.backends.smtp.EmailBackend"
CONSOLE = "django.core.mail.backends.console.EmailBackend"


def mail(**facts):
    return OutgoingMail(recipient="rita@example.com", subject="About", body="x", **facts)


@override_settings(
    EMAIL_BACKEND=CONSOLE,
    EMAIL_BACKEND_UNFILTERED=SMTP,
    EMAIL_UNFILTERED_DOMAINS=("Example.org",),
    EMAIL_UNFILTERED_INDIVIDUALS=("ada@example.net",),
)
class Backend(SimpleTestCase):
    def test_lets_only_accounts_and_named_recipients_get_real_mail(self):
        self.assertEqual(backend_of(mail()), CONSOLE)
        self.assertEqual(backend_of(mail(kind=OutgoingMail.ACCOUNT)), SMTP)
        for recipient in ("tom@EXAMPLE.org", "Ada@example.net"):
            self.assertEqual(backend_of(OutgoingMail(recipient=recipient)), SMTP)


@override_settings(DOMAIN="ecs.example")
class Message(SimpleTestCase):
    def test_has_a_reply_address_of_its_own(self):
        first, second = compose(mail()), compose(mail())
        self.assertRegex(first.from_email, r"^ecs-[0-9a-f]{32}@ecs\.example$")
        self.assertNotEqual(first.from_email, second.from_email)

    def test_says_that_it_is_automatic_and_what_it_follows(self):
        headers = compose(mail(automatic=True, in_reply_to="<1@a>")).message()
        self.assertEqual(headers["Auto-Submitted"], "auto-generated")
        self.assertEqual((headers["In-Reply-To"], headers["References"]), ("<1@a>", "<1@a>"))
        self.assertIsNone(compose(mail()).message()["Auto-Submitted"])

    def test_keeps_a_subject_with_line_breaks_on_one_line(self):
        self.assertEqual(compose(mail_with_subject("a\r\nBcc: all@example.com")).subject, "a Bcc: all@example.com")


def mail_with_subject(subject):
    return OutgoingMail(recipient="rita@example.com", subject=subject, body="x")


class Failure(TestCase):
    def setUp(self):
        logging.disable(logging.CRITICAL)
        self.addCleanup(logging.disable, logging.NOTSET)

    def test_for_good_ends_the_journey(self):
        refused = mail()
        go_on = _failed(refused, smtplib.SMTPRecipientsRefused({"rita@example.com": (550, b"no such user")}))
        self.assertEqual((refused.state, refused.last_error, go_on), ("refused", "550 no such user", True))

    def test_for_now_waits_twice_as_long_each_time_up_to_an_hour(self):
        greylisted, waits = mail(), []
        for _ in range(20):
            _failed(greylisted, smtplib.SMTPSenderRefused(451, b"later", "x"))
            waits.append(greylisted.next_attempt_at - timezone.now())
        self.assertGreater(waits[1], waits[0] * 1.9)
        self.assertAlmostEqual(waits[-1], LONGEST_WAIT, delta=LONGEST_WAIT / 100)
        self.assertEqual(greylisted.state, "waiting")

    def test_of_the_gateway_stops_the_round(self):
        self.assertIs(_failed(mail(), ConnectionRefusedError(111, "Connection refused")), False)

    @override_settings(EMAIL_BACKEND=SMTP, EMAIL_HOST="")
    def test_to_have_a_gateway_leaves_mail_waiting_and_says_so(self):
        waiting = mail()
        waiting.save()
        forward_messages()
        waiting.refresh_from_db()
        self.assertEqual(waiting.state, "waiting")
        self.assertIn("SMTP_URL", waiting.last_error)
