import { OperatorError, suggest } from "@appliance/errors";

const NUMBER = /^\d{1,9}$/;
const WORD = /^[A-Za-z0-9._:/=,@-]{1,200}$/;
const HTTP_URL = /^https?:\/\/[A-Za-z0-9._:/-]{1,200}$/;
const ABSOLUTE_PATH = /^\/[A-Za-z0-9._/-]{1,200}$/;
/** How gpg packs and encrypts. Its other options could name files and programs. */
const GPG = /^--(?:(?:compress|cipher|digest|bzip2-compress)-(?:algo|level)[= ][A-Za-z0-9]{1,12}|rfc4880)$/;
/** How ssh waits. Its other options could start programs or trust other hosts. */
const SSH = /^-o ?(?:ServerAliveInterval|ServerAliveCountMax|ConnectTimeout)=\d{1,5}$/;

/**
 * What of duplicity's options env.yml may set, each with the form of its value; null for one without. It is closed: an option
 * that starts a program, names the key, moves the archive or chooses what is backed up is the engine's own.
 */
const ALLOWED: Readonly<Record<string, RegExp | null>> = {
  "--volsize": NUMBER,
  "--num-retries": NUMBER,
  "--backend-retry-delay": NUMBER,
  "--timeout": NUMBER,
  "--concurrency": NUMBER,
  "--max-blocksize": NUMBER,
  "--copy-blocksize": NUMBER,
  "--numeric-owner": null,
  "--asynchronous-upload": null,
  "--ftp-passive": null,
  "--ftp-regular": null,
  "--imap-full-address": null,
  "--imap-mailbox": WORD,
  "--gpg-options": GPG,
  "--ssh-options": SSH,
  "--par2-redundancy": NUMBER,
  "--par2-volumes": NUMBER,
  "--ssl-cacert-file": ABSOLUTE_PATH,
  "--ssl-cacert-path": ABSOLUTE_PATH,
  "--ssl-no-check-certificate": null,
  "--swift-storage-policy": WORD,
  "--mp-segment-size": NUMBER,
  "--azure-blob-tier": /^(Hot|Cool|Cold|Archive)$/,
  "--azure-max-block-size": NUMBER,
  "--azure-max-connections": NUMBER,
  "--azure-max-single-put-size": NUMBER,
  "--b2-hide-files": null,
  "--s3-endpoint-url": HTTP_URL,
  "--s3-region-name": WORD,
  "--s3-kms-key-id": WORD,
  "--s3-kms-grant": WORD,
  "--s3-multipart-chunk-size": NUMBER,
  "--s3-multipart-max-procs": NUMBER,
  "--s3-unencrypted-connection": null,
  "--s3-use-glacier-ir": null,
  "--s3-use-ia": null,
  "--s3-use-onezone-ia": null,
  "--s3-use-rrs": null,
  "--s3-use-server-side-encryption": null,
  "--s3-use-server-side-kms-encryption": null,
};

/** Options that env.yml sets, sorted out: gpg and ssh get theirs together with the engine's in one argument each. */
export interface DuplicityOptions {
  args: readonly string[];
  gpg: readonly string[];
  ssh: readonly string[];
}

/**
 * `appliance:backup:options` as arguments. No shell reads them, so nothing in them is expanded.
 * @throws OperatorError `BACKUP_OPTION_REFUSED` with the option.
 */
export function parseDuplicityOptions(text: string): DuplicityOptions {
  const options = { args: [] as string[], gpg: [] as string[], ssh: [] as string[] };
  const words = splitWords(text);
  while (words.length > 0) {
    const [name, value] = takeOption(words);
    if (name === "--gpg-options") options.gpg.push(value ?? "");
    else if (name === "--ssh-options") options.ssh.push(value ?? "");
    else options.args.push(value === undefined ? name : `${name}=${value}`);
  }
  return options;
}

function takeOption(words: string[]): [name: string, value: string | undefined] {
  const word = words.shift() ?? "";
  const [, name = word, attached] = /^(--[a-z0-9-]+)=(.*)$/s.exec(word) ?? [];
  if (!Object.hasOwn(ALLOWED, name)) throw refused(name, whyUnknown(name));
  const form = ALLOWED[name];
  if (!form) {
    if (attached !== undefined) throw refused(name, "takes no value");
    return [name, undefined];
  }
  const value = attached ?? words.shift();
  if (value === undefined || !form.test(value)) throw refused(name, "has a value that is not taken");
  return [name, value];
}

/** Words as a shell would see them: single and double quotes keep blanks together. */
function splitWords(text: string): string[] {
  const words = text.match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? [];
  if (words.join("").length !== text.replace(/\s+(?=(?:[^"']|"[^"]*"|'[^']*')*$)/g, "").length)
    throw refused(text.trim().split(/\s/)[0] ?? "", "is followed by a quote that does not end");
  return words.map((word) => word.replace(/"([^"]*)"|'([^']*)'/g, "$1$2"));
}

function whyUnknown(name: string): string {
  const near = suggest(name, Object.keys(ALLOWED));
  return `is not among those that env.yml may set${near === undefined ? "" : `; did you mean ${near}?`}`;
}

const refused = (option: string, why: string) =>
  new OperatorError("BACKUP_OPTION_REFUSED", `appliance:backup:options: ${option.slice(0, 60)} ${why}.`, {
    remedy: "Remove or correct the option in env.yml. What is kept, and for how long, has settings of its own.",
  });
