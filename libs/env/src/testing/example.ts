import { generateKeyPairSync } from "node:crypto";

/**
 * The example of the manual, section 3.2. A line `#name# key: value` is in force when `name` is asked for, and a comment
 * otherwise, so that any choice of settings can be made from it.
 */
const EXAMPLE = `#cloud-config
ssh_authorized_keys:
  #authorized# - "{{ssh}} somebody@somewhere"
ssh_deprecated_keys:
  #deprecated# - "ssh-rsa AAAA somebody, until 2019"
#disableRoot# disable_root: false

appliance:
  #standby# standby: true
  domain: ecs.example
  #hosts# allowed_hosts: ecs.example
  ssl:
    letsencrypt:
      #letsencrypt# enabled: true
      #olderMandatory# client_certs_mandatory: true
    #mandatory# client_certs_mandatory: false
    #certificate# key: filename-key.pem
    #certificate# cert: filename-cert.pem
  #sentry# sentry:
  #sentry#   dsn: 'https://0123456789abcdef@sentry.example/1'
  metric:
    #exporter# exporter: false
    #server# server: false
    #gui# gui: false
    #pghero# pghero: false
  git:
    #branch# branch: master
    #source# source: https://git.example/appliance.git
  extra:
    #files# files:
    #files#   - path: /path/of/filename
    #files#     contents: |
    #files#       # Your content here
    #files#     owner: user:group
    #files#     permissions: "0600"
    #packages# packages:
    #packages#   - qrcode
    #states# states: |
    #states#   testing:
    #states#     pkg.installed:
    #states#       - name: curl
  update:
    #automatic# automatic: true
    #oncalendar# oncalendar: Sun *-*-* 06:30:00
  storage:
    #setup# setup: |
    #setup#   format:
    #setup#     /dev/vdb:
    #setup#       fstype: ext4
    #setup#       options: ["-L ecs-data"]
    #proxyCache# proxy_cache: true
    ignore:
      #volatile# volatile: true
      #data# data: true
  dkim:
    #dkim# key: |
    #dkim# {{rsa}}
  backup:
    #url# url: file:///volatile/ecs-backup-test/
    #mountedUrl# url: file:///mnt/appliance-backup-mount/ecs
    #options# options: "--num-retries 5"
    #mount# mount:
    #mount#   type: "cifs"
    #mount#   source: "//1.2.3.4/datavolume"
    #mount#   target: "/mnt/appliance-backup-mount"
    #mount#   options: "user=username,pass=password"
    #encrypt# encrypt: |
    #encrypt# {{pgp}}
  database:
    #locale# locale: de_DE.UTF-8

ecs:
  git:
    #ecsBranch# branch: stable
    #ecsSource# source: builtin:sample
  userswitcher:
    #userswitcher# enabled: false
  #settings# settings: |
  #settings#   DOMAIN = 'ecs.example'
  #settings#   SECRET_KEY = 'a secret of the application'
  #settings#   EMAIL_UNFILTERED_DOMAINS = () # = ('example.com',)
  #vaultEncrypt# vault_encrypt: |
  #vaultEncrypt# {{pgp}}
  #vaultSign# vault_sign: |
  #vaultSign# {{pgp}}
`;

const MARKED = /^( *)#(\w+)# /gm;

/** Every name that `exampleEnv` knows, in the order of the file. */
export const exampleNames = [...new Set([...EXAMPLE.matchAll(MARKED)].map(([, , name = ""]) => name))];

/** What the manual's example has in force; the other names are comments there. */
export const namesInForce = exampleNames.filter((name) =>
  /^(?:disableRoot|hosts|letsencrypt|mandatory|volatile|data|dkim|url|encrypt|userswitcher|settings|vault.*)$/.test(
    name,
  ),
);

/** The text of an env.yml with these settings. */
export function exampleEnv(names: readonly string[] = namesInForce): string {
  const lines = EXAMPLE.replaceAll(MARKED, (marked, indent: string, name: string) =>
    names.includes(name) ? indent : marked,
  );
  return lines
    .replaceAll(/^( *)\{\{(\w+)\}\}$/gm, (_, indent: string, kind: string) =>
      indented(kind === "rsa" ? rsaKey : secretKeyBlock, `${indent}  `),
    )
    .replace("{{ssh}}", sshKey);
}

const indented = (text: string, indent: string) => text.trimEnd().replaceAll(/^(?=.)/gm, indent);

/** @param bits of the modulus */
export function makeRsaKey(bits: number): string {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: bits });
  return privateKey.export({ type: "pkcs1", format: "pem" }).toString();
}

const rsaKey = makeRsaKey(2048);

/** `ssh-ed25519` and base64 of its length, its name and 32 bytes. */
export const sshKey = `ssh-ed25519 ${Buffer.concat([lengthOf(11), Buffer.from("ssh-ed25519"), lengthOf(32), Buffer.alloc(32, 7)]).toString("base64")}`;

function lengthOf(bytes: number): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes);
  return length;
}

/** A secret key without a passphrase, made by gpg for these tests alone; `keys.int.test.ts` makes others. */
export const secretKeyBlock = `-----BEGIN PGP PRIVATE KEY BLOCK-----

lFgEawN7EhYJKwYBBAHaRw8BAQdAgaGEVitu7aY5e5Nk8l8OCX1pvWhflsb3FUKy
eDuFExUAAP9yhC8ZI8HKO0Pi0MK5hOPTJc1BH5VdaNOwwU6u2L5/OhILtAplY3Nf
YmFja3VwiJAEExYIADgWIQSU3jUPozBoJhvlHhpYUAwqUAqU5AUCawN7EgIbAwUL
CQgHAgYVCgkICwIEFgIDAQIeAQIXgAAKCRBYUAwqUAqU5G63AP9oTuA+TC0dX1UZ
ZJvi7QQyEWchzIcRPU/FsWLfP0c1ngEArULT69hLZzZ+3Z0GWe6wCJPmwXYDfYE0
hp3q6h5xHgc=
=sI2H
-----END PGP PRIVATE KEY BLOCK-----
`;
