from django.test import SimpleTestCase

from ecs.communication.addresses import reply_id_of
from ecs.communication.incoming import InvalidMessage, read_message

PERSON = "rita@example.com"


def message(*lines):
    return "\r\n".join(lines).encode()


class ReplyAddress(SimpleTestCase):
    def test_only_the_exact_form_is_one(self):
        self.assertEqual(reply_id_of("ECS-" + "A" * 32), "a" * 32)
        for other in ["ecs-" + "a" * 31, "ecs-" + "a" * 33, "ecs-" + "g" * 32, "x-ecs-" + "a" * 32, "postmaster", ""]:
            self.assertIsNone(reply_id_of(other), other)


class Automatic(SimpleTestCase):
    def test_is_what_rfc_3834_and_its_neighbours_mark(self):
        for header in ["Auto-Submitted: auto-replied", "Auto-Submitted: auto-generated; x=y", "Precedence: bulk"]:
            self.assertTrue(read_message(message(header, "", "x"), PERSON).automatic, header)
        self.assertTrue(read_message(message("Subject: x", "", "x"), "").automatic)

    def test_is_not_what_a_person_wrote(self):
        for header in ["Auto-Submitted: no", "Auto-Submitted: No (by hand)", "Subject: x"]:
            self.assertFalse(read_message(message(header, "", "x"), PERSON).automatic, header)


class Text(SimpleTestCase):
    def test_prefers_plain_text_and_decodes_it(self):
        parts = message(
            "MIME-Version: 1.0",
            'Content-Type: multipart/alternative; boundary="b"',
            "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=",
            "",
            "--b",
            "Content-Type: text/html",
            "",
            "<p>html</p>",
            "--b",
            "Content-Type: text/plain; charset=iso-8859-1",
            "Content-Transfer-Encoding: quoted-printable",
            "",
            "pl=E4in",
            "--b--",
        )
        incoming = read_message(parts, PERSON)
        self.assertEqual((incoming.subject, incoming.text.strip()), ("Grüße", "pläin"))

    def test_takes_the_words_out_of_html_alone(self):
        html = "<style>p{}</style><p>Yes<br>please</p><script>alert(1)</script>"
        incoming = read_message(message("Content-Type: text/html", "", html), PERSON)
        self.assertEqual(incoming.text.split(), ["Yes", "please"])

    def test_has_no_characters_that_the_database_refuses(self):
        incoming = read_message(b"Subject: a\x00b\r\n\r\nc\x00d\xff\x1b[2J", PERSON)
        self.assertNotRegex(incoming.subject + incoming.text, "[\x00\x1b\ud800-\udfff]")

    def test_of_a_broken_message_is_found_or_refused_but_never_an_accident(self):
        for content in [
            b"",
            b"\r\n",
            b"Content-Type: multipart/mixed\r\n\r\n--",
            b"Content-Type: text/plain; charset=nope\r\n\r\nx",
        ]:
            try:
                read_message(content, PERSON)
            except InvalidMessage:
                pass
