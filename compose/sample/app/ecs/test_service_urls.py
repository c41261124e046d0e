from django.test import SimpleTestCase

from ecs import service_urls


class DatabaseUrl(SimpleTestCase):
    def test_decodes_what_a_random_password_may_hold(self):
        entry = service_urls.database("postgres://app:p%40%24s%2Fs%23@db.example:6432/ecs")
        self.assertEqual(entry["PASSWORD"], "p@$s/s#")
        self.assertEqual(
            (entry["USER"], entry["HOST"], entry["PORT"], entry["NAME"]), ("app", "db.example", 6432, "ecs")
        )

    def test_a_wrong_url_is_refused_without_showing_it(self):
        with self.assertRaisesRegex(service_urls.BadServiceUrl, "DATABASE_URL must start with") as caught:
            service_urls.database("mysql://app:secret@db/ecs")
        self.assertNotIn("secret", str(caught.exception))


class SmtpUrl(SimpleTestCase):
    def test_nothing_means_no_gateway(self):
        self.assertEqual(service_urls.smtp(""), {"EMAIL_HOST": ""})

    def test_smtps_means_tls_from_the_first_byte(self):
        found = service_urls.smtp("smtps://ecs:a%20b@mail.example")
        self.assertEqual((found["EMAIL_PORT"], found["EMAIL_USE_SSL"]), (465, True))
        self.assertEqual(found["EMAIL_HOST_PASSWORD"], "a b")
