from django.test import SimpleTestCase

from ecs.documents.models import harmless_type, short_name


class Naming(SimpleTestCase):
    def test_keeps_a_short_extension_of_a_long_name(self):
        self.assertEqual(short_name("a" * 300 + ".pdf"), "a" * 196 + ".pdf")
        self.assertEqual(len(short_name("a." + "b" * 300)), 200)

    def test_hands_nothing_out_that_a_browser_would_run(self):
        for dangerous in ("text/html", "image/svg+xml", "application/javascript", ""):
            self.assertEqual(harmless_type(dangerous), "application/octet-stream")
        self.assertEqual(harmless_type("application/pdf"), "application/pdf")
