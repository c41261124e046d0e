DOMAIN = 'sample.test'
ABSOLUTE_URL_PREFIX = 'https://{}'.format(DOMAIN)
ALLOWED_HOSTS = [DOMAIN, ]
PDFAS_SERVICE = ABSOLUTE_URL_PREFIX+ '/pdf-as-web/'
SECURE_PROXY_SSL = True
ECS_REQUIRE_CLIENT_CERTS = True
DEBUG = False
ETHICS_COMMISSION_UUID = 'ececececececececececececececec'

SECRET_KEY = 'not a secret: of a test, with $HOME and "quotes" in it'
REGISTRATION_SECRET = 'not a secret: of a test'
PASSWORD_RESET_SECRET = 'not a secret: of a test'

EMAIL_BACKEND = 'django.core.mail.backends.console.EmailBackend'
EMAIL_BACKEND_UNFILTERED = 'django.core.mail.backends.smtp.EmailBackend'
EMAIL_UNFILTERED_DOMAINS = ('example.com',)
EMAIL_UNFILTERED_INDIVIDUALS = ('ada@example.org',)

SMTPD_CONFIG['listen_addr'] = ('0.0.0.0', 8025)
SMTPD_CONFIG['domain'] = DOMAIN

# Only for this test: small limits and short waits.
SMTPD_CONFIG['data_size_limit'] = 100000
UPLOAD_LIMIT = 4 * 1024 * 1024
FORWARD_INTERVAL = timedelta(seconds=2)
FORWARD_RETRY = timedelta(seconds=1)
