from django.core.exceptions import ImproperlyConfigured
from django.test import SimpleTestCase

from ecs import operator_settings


class OperatorSettings(SimpleTestCase):
    def test_changes_what_was_set_before(self):
        settings = {"SMTPD_CONFIG": {"domain": "localhost"}, "DEBUG": True}
        operator_settings.apply("DOMAIN = 'a.example'\nSMTPD_CONFIG['domain'] = DOMAIN\nDEBUG = False", settings)
        self.assertEqual(settings["SMTPD_CONFIG"], {"domain": "a.example"})
        self.assertIs(settings["DEBUG"], False)

    def test_says_which_line_is_wrong_and_never_what_stands_there(self):
        for text, reason in [
            ("A = 1\nSECRET_KEY = 'hunter2", "line 2 is not Python"),
            ("A = 1\nB = hunter2", "line 2 failed: NameError"),
        ]:
            with self.subTest(reason), self.assertRaisesRegex(ImproperlyConfigured, reason) as caught:
                operator_settings.apply(text, {})
            self.assertNotIn("hunter2", str(caught.exception))
