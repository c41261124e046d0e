/** `ecs:settings` of a new env.yml, as in the manual, in the notation of the templates of `appliance env create`. */
export const INITIAL_APPLICATION_SETTINGS = `\
DOMAIN = '{{ domain }}'
ABSOLUTE_URL_PREFIX = 'https://{}'.format(DOMAIN)
ALLOWED_HOSTS = [DOMAIN, ]
PDFAS_SERVICE = ABSOLUTE_URL_PREFIX + '/pdf-as-web/'
# PDFAS_SERVICE = "mock:" pretends to sign documents, for tests
SECURE_PROXY_SSL = True
ECS_REQUIRE_CLIENT_CERTS = True
DEBUG = False
# SENTRY_DSN = 'https://url'  # where errors of the application are reported

# The commission that this server is for; \`appliance commissions\` lists them.
ETHICS_COMMISSION_UUID = 'ecececececececececececececececec'

SECRET_KEY = '{{ base64_secret() }}'
REGISTRATION_SECRET = '{{ base64_secret() }}'
PASSWORD_RESET_SECRET = '{{ base64_secret() }}'

# EMAIL_BACKEND_UNFILTERED sends registrations, invitations, password resets, client
# certificates, and all mail to EMAIL_UNFILTERED_DOMAINS and EMAIL_UNFILTERED_INDIVIDUALS.
# EMAIL_BACKEND sends all other mail. console writes mail to the log alone, smtp sends it;
# for a server in use set both to smtp.
EMAIL_BACKEND = 'django.core.mail.backends.console.EmailBackend'
EMAIL_BACKEND_UNFILTERED = 'django.core.mail.backends.smtp.EmailBackend'
EMAIL_UNFILTERED_DOMAINS = ()  # ('example.com',)
EMAIL_UNFILTERED_INDIVIDUALS = ()  # ('ada@example.org', 'tom@example.com')

SMTPD_CONFIG['listen_addr'] = ('0.0.0.0', 8025)
SMTPD_CONFIG['domain'] = DOMAIN
`;
