import { backup } from "./backup-settings.ts";
import { checkDirectoryUrl, checkHmacKey, checkKeyId, checkProfile, LETS_ENCRYPT } from "./checks/acme.ts";
import { applicationSecrets } from "./checks/application-settings.ts";
import { checkFilePath, checkOwner, checkPathsDiffer, parseMode, showMode } from "./checks/extra-file.ts";
import { checkApplicationSource, checkGitBranch, checkGitSource } from "./checks/git.ts";
import { checkHostName, toHostName } from "./checks/host-name.ts";
import { checkDkimKey, checkTlsCertificate, checkTlsKey, checkTlsPair, coversName, isPem } from "./checks/pem.ts";
import { checkSshPublicKey, warnOfDeprecatedKeys } from "./checks/ssh-key.ts";
import { checkStorageSetup } from "./checks/storage-setup.ts";
import { checkLocale, checkOnCalendar, checkPackageName, checkSentryDsn, checkStates } from "./checks/texts.ts";
import { dsnCredentials, urlCredentials } from "./checks/url-credentials.ts";
import { flag, list, optionalSection, scalar, section, text } from "./combinators.ts";
import { INITIAL_APPLICATION_SETTINGS } from "./initial-application-settings.ts";
import { openPgpKey } from "./open-pgp-key.ts";
import type { ValueOf } from "./setting.ts";

/*
 * The table of all settings, in the order of the manual's example. A new setting is one entry here: its type, its check, its
 * redaction and its line in docs/env.md follow from it.
 */

const hostName = text({
  doc: "A host name.",
  type: "host name",
  maxLength: 253,
  required: true,
  check: checkHostName,
  normalize: toHostName,
});

const letsencrypt = section({
  doc: "Certificates from Let's Encrypt, or from another authority that speaks ACME.",
  fields: {
    enabled: flag({
      doc: "Fetches and renews the certificate of the host from Let's Encrypt.",
      note: "It needs port 80 from everywhere.",
      default: true,
      initial: "true",
    }),
    client_certs_mandatory: flag({
      doc: "The older place of `appliance:ssl:client_certs_mandatory`; one is enough.",
      default: false,
    }),
    directory_url: text({
      doc: "Where the authority is asked.",
      type: "URL",
      default: LETS_ENCRYPT,
      example: "https://ca.example/acme/directory",
      check: checkDirectoryUrl,
    }),
    profile: text({
      doc: "The kind of certificate, of those that the authority offers.",
      example: "shortlived",
      check: checkProfile,
    }),
    external_account: optionalSection({
      doc: "The account at an authority that asks for one of its own, as it shows it.",
      fields: {
        key_id: text({ doc: "Its name.", required: true, example: "your-key-id", check: checkKeyId }),
        hmac_key: text({
          doc: "Its key.",
          type: "base64url text",
          required: true,
          secret: true,
          example: "your-hmac-key-as-it-is-shown",
          check: checkHmacKey,
        }),
      },
    }),
    ca: text({
      doc: "What the authority's own https is checked with, in place of the usual authorities.",
      type: "PEM text, or file name",
      block: true,
      example: "filename-authority.pem",
      check: checkTlsCertificate,
    }),
  },
});

const ssl = section({
  doc: "The certificate of the web site and the certificates of its users.",
  fields: {
    letsencrypt,
    client_certs_mandatory: flag({
      doc: "Lets nobody in without a client certificate; else only elevated rights need one.",
      default: false,
      initial: "false",
    }),
    key: text({
      doc: "The private key of a certificate of your own; it needs `cert` beside it. A file is one in /app/etc.",
      type: "PEM text, or file name",
      block: true,
      example: "filename-key.pem",
      secret: (value) => (isPem(value) ? [value] : []),
      check: checkTlsKey,
    }),
    cert: text({
      doc: "The certificate of `key`, followed by those of the issuers.",
      type: "PEM text, or file name",
      block: true,
      example: "filename-cert.pem",
      check: checkTlsCertificate,
    }),
  },
  check: checkTlsPair,
});

const metric = section({
  doc: "What is measured and shown; it is reached through ssh port forwarding.",
  fields: {
    exporter: flag({ doc: "Exports the metrics of all subsystems.", default: false }),
    server: flag({ doc: "Stores the metrics with Prometheus and mails alerts to root.", default: false }),
    gui: flag({ doc: "Shows the metrics with Grafana on port 3000 of the host itself.", default: false }),
    pghero: flag({ doc: "Inspects the database with PgHero on port 5081 of the host itself.", default: false }),
  },
});

const extraFile = section({
  doc: "One file.",
  aliases: { content: "contents" },
  fields: {
    path: text({
      doc: "Where the file is written.",
      type: "absolute path",
      required: true,
      maxLength: 4095,
      example: "/path/of/filename",
      check: checkFilePath,
    }),
    contents: text({
      doc: "What the file holds, byte for byte.",
      block: true,
      required: true,
      mayBeEmpty: true,
      maxLength: 256 * 1024,
      secret: true,
      example: "# Your content here\n",
    }),
    owner: text({
      doc: "Its owner, root if not set; may be a user whom a package or a state brings.",
      type: "user or user:group",
      example: "user:group",
      check: checkOwner,
    }),
    permissions: scalar({
      doc: "The mode of the file; an unquoted 0600 means the same as a quoted one.",
      type: "octal mode",
      example: "0600",
      parse: parseMode,
      show: showMode,
    }),
  },
});

const extra = section({
  doc: "Additions to the host.",
  fields: {
    files: list({
      doc: "Files to write on the host; one that is no longer listed stays there.",
      item: extraFile,
      check: checkPathsDiffer,
    }),
    packages: list({
      doc: "Debian packages to install on the host; one that is no longer listed stays.",
      item: text({
        doc: "The name of a package.",
        type: "package name",
        required: true,
        maxLength: 100,
        example: "qrcode",
        check: checkPackageName,
      }),
    }),
    states: text({
      doc: "Salt states for what has no key of its own; docs/states.md has their functions.",
      type: "YAML in a text of several lines",
      note: "One that fails stops the start and updates.",
      example: "testing:\n  pkg.installed:\n    - name: curl\n",
      block: true,
      secret: true,
      check: checkStates,
    }),
  },
});

const update = section({
  doc: "Automatic updates of the appliance, the application and the host.",
  fields: {
    automatic: flag({
      doc: "Updates by itself.",
      note: "Then measure too (`appliance:metric`), to see when one went wrong.",
      default: true,
    }),
    oncalendar: text({
      doc: "When to update, on the host's clock.",
      note: "Not within six hours of the backup's beginning.",
      type: "OnCalendar expression of systemd.time(7)",
      default: "*-*-* 06:30:00",
      example: "Sun *-*-* 06:30:00",
      check: checkOnCalendar,
    }),
  },
});

const STORAGE_SETUP = `format:
  /dev/vdb:
    fstype: ext4
    options: ["-L ecs-data"]
  /dev/vdc:
    fstype: ext4
    options: ["-L ecs-volatile"]
`;

const storage = section({
  doc: "Volumes for /data and /volatile; docs/storage.md explains them.",
  fields: {
    setup: text({
      doc: "Disks to set up, with arrays, encryption, volumes, mounts and swap: docs/storage.md.",
      type: "YAML in a text of several lines",
      example: STORAGE_SETUP,
      block: true,
      secret: true,
      check: checkStorageSetup,
    }),
    ignore: section({
      doc: "Volumes that are not looked for.",
      fields: {
        volatile: flag({
          doc: "Looks for no volume labelled ecs-volatile: /volatile is on the system's disk.",
          default: false,
          initial: "true",
        }),
        data: flag({
          doc: "Looks for no volume labelled ecs-data: /data is on the system's disk.",
          default: false,
          initial: "true",
        }),
      },
    }),
    proxy_cache: flag({
      doc: "Keeps up to 10 GB of Debian packages for builds and upgrades.",
      default: false,
    }),
  },
});

const appliance = section({
  doc: "The appliance itself.",
  fields: {
    standby: flag({
      doc: "Prepares the host and starts no application: this one waits for the day that the live one fails.",
      note: "With `appliance:backup:pull` it holds the data of the last backup: docs/recovery.md.",
      default: false,
    }),
    domain: text({
      doc: "The name under which the appliance is reached, for web and mail.",
      type: "host name",
      required: true,
      maxLength: 253,
      example: "whatever.example",
      initial: "{{ domain }}",
      check: checkHostName,
      normalize: toHostName,
    }),
    allowed_hosts: list({
      doc: "The names under which the web site answers.",
      item: hostName,
      split: true,
      defaultText: "the domain",
      example: "whatever.example, www.whatever.example",
      initial: "{{ domain }}",
    }),
    ssl,
    sentry: section({
      doc: "Reports of errors.",
      fields: {
        dsn: text({
          doc: "Where errors of the appliance go; for the application see SENTRY_DSN in `ecs:settings`.",
          type: "Sentry DSN",
          example: "https://key@sentry.example/1",
          secret: dsnCredentials,
          check: checkSentryDsn,
        }),
      },
    }),
    metric,
    git: section({
      doc: "Where updates of the appliance come from.",
      fields: {
        branch: text({ doc: "The branch, tag or commit.", maxLength: 250, example: "main", check: checkGitBranch }),
        source: text({
          doc: "The repository.",
          type: "git URL",
          example: "https://git.example/appliance.git",
          secret: urlCredentials,
          check: checkGitSource,
        }),
      },
    }),
    extra,
    update,
    storage,
    dkim: section({
      doc: "The signature of outgoing mail.",
      fields: {
        key: text({
          doc: "The private key whose public half stands in the TXT record `default._domainkey`.",
          type: "RSA private key in PEM",
          initial: "{{ rsa_secret() }}",
          block: true,
          secret: true,
          check: checkDkimKey,
        }),
      },
    }),
    backup,
    database: section({
      doc: "The database of the application.",
      fields: {
        locale: text({
          doc: "Sorting and upper case of a new database; an old one keeps its own.",
          type: "UTF-8 locale",
          default: "de_DE.UTF-8",
          check: checkLocale,
        }),
      },
    }),
  },
  check: ({ domain, allowed_hosts, ssl: { cert } }, place) => {
    if (cert !== undefined && !coversName(cert, domain))
      place.at("ssl").at("cert").warning("is not for appliance:domain, so that it is not served");
    if (allowed_hosts.length > 0 && !allowed_hosts.includes(domain))
      place.at("allowed_hosts").warning("does not have appliance:domain, so that the site does not answer to it");
  },
});

const ecs = section({
  doc: "The application.",
  fields: {
    git: section({
      doc: "Where the application comes from.",
      fields: {
        branch: text({ doc: "The branch, tag or commit.", maxLength: 250, example: "stable", check: checkGitBranch }),
        source: text({
          doc: "The repository, or `builtin:sample` for the application that comes along.",
          type: "git URL, or builtin:sample",
          example: "https://git.example/application.git",
          secret: urlCredentials,
          check: checkApplicationSource,
        }),
      },
    }),
    userswitcher: section({
      doc: "Changing to another user, for tests.",
      fields: {
        enabled: flag({ doc: "Lets a user of a test instance act as any other.", default: false, initial: "false" }),
      },
    }),
    settings: text({
      doc: "Settings of the application, given to it as they are in `ECS_SETTINGS`.",
      type: "Python in a text of several lines",
      block: true,
      initial: INITIAL_APPLICATION_SETTINGS,
      secret: applicationSecrets,
    }),
    vault_encrypt: openPgpKey("ecs_mediaserver", "The key that encrypts the documents of the application."),
    vault_sign: openPgpKey("ecs_authority", "The key that signs the documents of the application."),
  },
});

const SSH_KEY = {
  doc: "One line as in authorized_keys.",
  type: "ssh public key",
  required: true,
  maxLength: 16 * 1024,
  // Of the digest of its comment, so that nobody has the private key: who uncomments it lets nobody in.
  example: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHF74TnDPy4YXleOY0DzXtxKICwSBC7gK9tsI6j+5CuI somebody@somewhere",
} as const;

/** The whole of env.yml. */
export const settings = section({
  doc: "All settings.",
  fields: {
    ssh_authorized_keys: list({
      doc: "Who may log in as root, and as app to forward ports; cloud-init reads this too.",
      initial: "",
      item: text({ ...SSH_KEY, check: checkSshPublicKey }),
    }),
    ssh_deprecated_keys: list({
      doc: "Keys that are taken from root and app, even those above; a log of past access, of any text.",
      initial: "",
      item: text(SSH_KEY),
    }),
    disable_root: flag({
      doc: "Lets root no longer log in by ssh; refused while nobody else could become root. cloud-init reads this too.",
      default: false,
      initial: "false",
    }),
    appliance,
    ecs,
  },
  check: (env, place) => {
    if (env.disable_root) place.at("disable_root").warning("lets root no longer log in by ssh");
    warnOfDeprecatedKeys(env, place);
  },
});

/** All settings of a file without errors; what it does not set has its default, or is undefined. */
export type Env = ValueOf<typeof settings>;
