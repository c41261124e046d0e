import { checkBackup } from "./checks/backup.ts";
import { checkBackupPassword, checkCredentialName, checkTargetName } from "./checks/backup-target.ts";
import { checkBackupUrl } from "./checks/backup-url.ts";
import { checkMountSource, checkMountTarget, checkMountType, mountSecrets } from "./checks/mount.ts";
import { checkKnownHosts, checkSshSecretKey } from "./checks/ssh-files.ts";
import { checkOnCalendar } from "./checks/texts.ts";
import { urlCredentials } from "./checks/url-credentials.ts";
import { choice, flag, list, map, number, optionalSection, section, text } from "./combinators.ts";
import { openPgpKey } from "./open-pgp-key.ts";

/*
 * `appliance:backup` of the table of settings. What a file of the old system has keeps its meaning: without `engine` it is
 * duplicity.
 */

export const BACKUP_ENGINES = ["duplicity", "restic"] as const;

/** The public half of a key that nobody has. */
const EXAMPLE_HOST =
  "backup.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHF74TnDPy4YXleOY0DzXtxKICwSBC7gK9tsI6j+5CuI\n";

/** Whole, and of a seed of nothing but zeros: everybody has it. */
const EXAMPLE_SSH_KEY = `-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
QyNTUxOQAAACA7aie8zrakLWKjqNAqbw1zZTIVdx3iQ6Y6wEihi1naKQAAAJAAAAAAAAAA
AAAAAAtzc2gtZWQyNTUxOQAAACA7aie8zrakLWKjqNAqbw1zZTIVdx3iQ6Y6wEihi1naKQ
AAAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAADtqJ7zOtqQtYqOo0CpvDXNl
MhV3HeJDpjrASKGLWdopAAAAB2V4YW1wbGUBAgMEBQY=
-----END OPENSSH PRIVATE KEY-----
`;

/** What a target has beside its URL, the first one and each further one alike. */
const access = {
  options: text({
    doc: "Options that are handed to duplicity.",
    note: "docs/backup.md has those that are taken.",
    example: "--num-retries 5",
  }),
  known_hosts: text({
    doc: "The keys of the target's host, for sftp and scp.",
    note: "A run without it shows the line to add.",
    type: "lines of known_hosts",
    block: true,
    example: EXAMPLE_HOST,
    check: checkKnownHosts,
  }),
  ssh_key: text({
    doc: "The private key to log in with, for sftp and scp.",
    type: "private key for ssh, without a passphrase",
    block: true,
    secret: true,
    example: EXAMPLE_SSH_KEY,
    check: checkSshSecretKey,
  }),
  environment: map({
    doc: "Credentials that the program reads from its environment.",
    name: "AWS_ACCESS_KEY_ID",
    checkName: checkCredentialName,
    value: text({ doc: "A credential.", required: true, secret: true, example: "your-key-id" }),
  }),
  append_only: flag({
    doc: "The account cannot delete: old backups are removed at the target itself.",
    note: "Who breaks in here then cannot delete backups: docs/backup.md.",
    default: false,
  }),
};

/** `folder` is where the example mounts it. */
const mount = (folder: string) =>
  optionalSection({
    doc: "A network folder, mounted while a backup runs.",
    note: `\`url\` is then file://${folder}/folder.`,
    fields: {
      type: text({
        doc: "The type of the file system, as mount(8) has it.",
        required: true,
        example: "cifs",
        check: checkMountType,
      }),
      source: text({ doc: "What is mounted.", required: true, example: "//1.2.3.4/datavolume" }),
      target: text({
        doc: "The folder where it is mounted.",
        type: "absolute path",
        required: true,
        example: folder,
        check: checkMountTarget,
      }),
      options: text({
        doc: "Options of the mount, with commas between them.",
        example: "user=username,pass=password",
        secret: mountSecrets,
      }),
    },
    check: checkMountSource,
  });

const RETENTION = "How many backups restic keeps; duplicity keeps four months.";
const MOST_KEPT = 3660;

const targets = list({
  doc: "Further targets; each gets every backup, whatever becomes of the others.",
  item: section({
    doc: "One target.",
    fields: {
      name: text({
        doc: "What it is called; `main` is the target of `appliance:backup:url`.",
        type: "small letters, digits and '-'",
        required: true,
        example: "second",
        check: checkTargetName,
      }),
      engine: choice({
        doc: "The program that keeps its backups; not set, that of `appliance:backup`.",
        words: BACKUP_ENGINES,
        example: "restic",
      }),
      url: text({
        doc: "The target, as in `appliance:backup:url`.",
        type: "URL",
        required: true,
        example: "file:///mnt/appliance-backup-second/folder",
        secret: urlCredentials,
        check: checkBackupUrl,
      }),
      ...access,
      retention: section({
        doc: RETENTION,
        note: "What is not set is that of `appliance:backup:retention`.",
        fields: {
          daily: number({
            doc: "The last one of each day. Of the last 7 days every one is kept.",
            from: 1,
            to: MOST_KEPT,
            example: "14",
          }),
          weekly: number({ doc: "The last one of each week.", from: 0, to: MOST_KEPT, example: "8" }),
          monthly: number({ doc: "The last one of each month.", from: 0, to: MOST_KEPT, example: "12" }),
        },
      }),
      mount: mount("/mnt/appliance-backup-second"),
    },
  }),
});

export const backup = section({
  doc: "Where the encrypted backup goes.",
  fields: {
    engine: choice({
      doc: "The program that keeps the backups: restic stores nothing twice, duplicity is what older files mean.",
      words: BACKUP_ENGINES,
      default: "duplicity",
      initial: "restic",
    }),
    url: text({
      doc: "The target, as duplicity(1) writes URLs; docs/backup.md has what restic takes.",
      type: "URL",
      note: "What lies on this machine is lost with it.",
      default: "file:///volatile/ecs-backup-test/",
      example: "sftp://user@backup.example/folder",
      initial: "file:///volatile/ecs-backup-test/",
      secret: urlCredentials,
      check: checkBackupUrl,
    }),
    ...access,
    password: text({
      doc: "What restic encrypts all backups with; without it none can be read again.",
      secret: true,
      initial: "'{{ base64_secret() }}'",
      check: checkBackupPassword,
    }),
    encrypt: openPgpKey(
      "ecs_backup",
      "The key that duplicity encrypts all backups with; without it none can be read again.",
    ),
    retention: section({
      doc: RETENTION,
      fields: {
        daily: number({
          doc: "The last one of each day. Of the last 7 days every one is kept.",
          from: 1,
          to: MOST_KEPT,
          default: 14,
        }),
        weekly: number({ doc: "The last one of each week.", from: 0, to: MOST_KEPT, default: 8 }),
        monthly: number({ doc: "The last one of each month.", from: 0, to: MOST_KEPT, default: 12 }),
      },
    }),
    oncalendar: schedule("When to back up, on the host's clock.", "*-*-* 00:30:00", "*-*-* 02:00:00"),
    verify_oncalendar: schedule("When to look whether all backups are whole.", "*-*-* 20:30:00", "*-*-* 19:00:00"),
    drill_oncalendar: schedule(
      "When to prove that a backup can be restored, in a scratch place.",
      "Sun *-*-* 10:30:00",
      "Sat *-*-* 10:30:00",
    ),
    pull: flag({
      doc: "On a standby host: restores the backup of the live host every night.",
      default: false,
    }),
    mount: mount("/mnt/appliance-backup-mount"),
    targets,
  },
  check: checkBackup,
});

function schedule(doc: string, usual: string, example: string) {
  return text({
    doc,
    type: "OnCalendar expression of systemd.time(7)",
    default: usual,
    example,
    check: checkOnCalendar,
  });
}
