import { generateKeyPairSync, randomBytes, randomUUID } from "node:crypto";
import { generateKey } from "openpgp";

const SECRET_BYTES = 39;
const DKIM_BITS = 2048;

/**
 * An env.yml for the built-in application, complete and with fresh secrets, so that an appliance can be tried before it is
 * configured. Its keys have no passphrase: the file itself is the secret.
 */
export async function sampleEnv(domain: string): Promise<string> {
  const [backup, encrypt, sign] = await Promise.all(
    ["ecs_backup", "ecs_mediaserver", "ecs_authority"].map((name) => pgpKey(name, domain)),
  );
  return template({ domain, dkim: dkimKey(), backup: backup!, encrypt: encrypt!, sign: sign! }).trimEnd();
}

/** RSA, because the gpg of every release that an old env.yml met can use it. */
async function pgpKey(name: string, domain: string): Promise<string> {
  const { privateKey } = await generateKey({
    userIDs: [{ name, email: `${name}@${domain.includes(".") ? domain : "example.invalid"}` }],
    type: "rsa",
    rsaBits: 3072,
    format: "armored",
  });
  return privateKey;
}

function dkimKey(): string {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: DKIM_BITS });
  return privateKey.export({ type: "pkcs1", format: "pem" }).toString();
}

function secret(): string {
  return randomBytes(SECRET_BYTES).toString("base64");
}

function indent(text: string, spaces: number): string {
  return text
    .trim()
    .split(/\r?\n/)
    .map((line) => (line ? " ".repeat(spaces) + line : ""))
    .join("\n");
}

interface Secrets {
  domain: string;
  dkim: string;
  backup: string;
  encrypt: string;
  sign: string;
}

function template({ domain, dkim, backup, encrypt, sign }: Secrets): string {
  return `#cloud-config
# This file is the whole configuration of the server and all of its secrets. Keep a copy of it in a safe place:
# together with the backup it is all that is needed to make the same server again.
# Every setting is explained in docs/env.md; after a change run: appliance apply

ssh_authorized_keys: []
disable_root: false

appliance:
  domain: ${domain}
  allowed_hosts: ${domain}
  ssl:
    letsencrypt:
      enabled: ${domain.includes(".")}
    client_certs_mandatory: false
  storage:
    # The data lies on the root file system; false looks for volumes labelled ecs-data and ecs-volatile.
    ignore:
      data: true
      volatile: true
  database:
    locale: de_DE.UTF-8
  dkim:
    key: |
${indent(dkim, 6)}
  backup:
    url: file:///volatile/ecs-backup-test/
    encrypt: |
${indent(backup, 6)}

ecs:
  git:
    # The application that comes with the appliance, to try it out.
    source: builtin:sample
  userswitcher:
    enabled: true
  settings: |
    DOMAIN = '${domain}'
    ABSOLUTE_URL_PREFIX = 'https://{}'.format(DOMAIN)
    ALLOWED_HOSTS = [DOMAIN, ]
    PDFAS_SERVICE = ABSOLUTE_URL_PREFIX + '/pdf-as-web/'
    SECURE_PROXY_SSL = True
    ECS_REQUIRE_CLIENT_CERTS = True
    DEBUG = False
    ETHICS_COMMISSION_UUID = '${randomUUID().replaceAll("-", "")}'
    SECRET_KEY = '${secret()}'
    REGISTRATION_SECRET = '${secret()}'
    PASSWORD_RESET_SECRET = '${secret()}'
    EMAIL_BACKEND = 'django.core.mail.backends.smtp.EmailBackend'
    EMAIL_BACKEND_UNFILTERED = 'django.core.mail.backends.smtp.EmailBackend'
    EMAIL_UNFILTERED_DOMAINS = ()
    EMAIL_UNFILTERED_INDIVIDUALS = ()
    SMTPD_CONFIG['listen_addr'] = ('0.0.0.0', 8025)
    SMTPD_CONFIG['domain'] = DOMAIN
  vault_encrypt: |
${indent(encrypt, 4)}
  vault_sign: |
${indent(sign, 4)}
`;
}
