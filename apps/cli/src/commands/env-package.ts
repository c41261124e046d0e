import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { sealSecretsOf, type Env } from "@appliance/env";
import { OperatorError, isSystemError } from "@appliance/errors";
import type { Context } from "../context.ts";
import type { MailServer } from "../escrow/mail-settings.ts";
import type { Package } from "../escrow/package-env.ts";
import { noteEscrow } from "../escrow-note.ts";
import { readEnv } from "../read-env.ts";
import { readInput } from "../read-input.ts";

export interface PackageOptions {
  out?: string;
  gpgkeys?: string;
  emailto?: string;
  smtpUrlFile?: string;
  requirements: boolean;
}

type PackageContext = Pick<Context, "backupAgent" | "installation" | "terminal">;

/**
 * `appliance env package FILE`: env.yml as paper, as a seed image and, for the keys of gpgkeys.txt, as an encrypted archive, which
 * is mailed to the addresses of emailto.txt. Both files are also found beside env.yml. Prints the paths of what was made.
 */
export async function packageEnvFile(
  file: string | undefined,
  options: PackageOptions,
  context: PackageContext,
): Promise<void> {
  const { terminal, installation } = context;
  if (options.requirements) terminal.say("Nothing needs to be installed: the appliance brings what it needs for this.");
  if (file === undefined) return requireFile(options);
  const { env, bytes, data } = readEnv(file); // what no appliance takes is not worth a safe
  const { domain } = env.appliance;
  const out = options.out ?? dirname(file);
  const gpgKeys = readBeside(file, "gpgkeys.txt", options.gpgkeys);
  const mailing = await planMailing(file, options, gpgKeys !== undefined, terminal.say);
  const metaData = readBeside(file, "meta-data.custom", undefined);
  const vendorData = readBeside(file, "vendor-data", undefined);
  await makeFolder(out);

  const { packageEnv } = await import("../escrow/package-env.ts");
  const made = await packageEnv({
    env: bytes,
    domain,
    out,
    now: new Date(),
    toolsImage: installation.toolsImage,
    ...(gpgKeys ? { gpgKeys } : {}),
    ...(metaData ? { metaData: Buffer.from(metaData.text) } : {}),
    ...(vendorData ? { vendorData: Buffer.from(vendorData.text) } : {}),
  });
  await report(made, terminal);
  if (mailing && made.encrypted) await mail(made.encrypted.path, domain, mailing, terminal.say);
  await notePackaged(env, data, context);
}

/** So that the status of backups knows that there is a copy. */
async function notePackaged(env: Env, data: unknown, context: PackageContext): Promise<void> {
  const sealSecrets = sealSecretsOf(env);
  if (sealSecrets === undefined) return;
  const { envFingerprint } = await import("@appliance/backup-content/env-fingerprint");
  await noteEscrow({ fingerprint: envFingerprint(sealSecrets, data), what: "packaged" }, context);
}

function requireFile({ requirements }: PackageOptions): void {
  if (requirements) return;
  throw new OperatorError("USAGE", "No file was named.", { remedy: "Use: appliance env package /app/env.yml" });
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    if (!isSystemError(cause, "EEXIST", "ENOTDIR", "ENOENT", "EACCES", "EPERM", "EROFS", "ENAMETOOLONG")) throw cause;
    throw usage(
      `The folder ${folder} cannot be made (${cause.code}).`,
      "Name a folder with --out that you may write to.",
    );
  }
}

/** A file that was named, or the one of this name beside env.yml when there is one. */
function readBeside(file: string, name: string, named: string | undefined): { name: string; text: string } | undefined {
  const path = named ?? join(dirname(file), name);
  if (named === undefined && !existsSync(path)) return undefined;
  return { name: path, text: readInput(path).toString("utf8") };
}

interface Mailing {
  to: string[];
  server: MailServer;
}

/** Everything that could be wrong about the mail is found before anything is made. */
async function planMailing(
  file: string,
  { emailto, smtpUrlFile }: PackageOptions,
  hasKeys: boolean,
  say: (line: string) => void,
): Promise<Mailing | undefined> {
  const receivers = readBeside(file, "emailto.txt", emailto);
  if (!receivers && smtpUrlFile === undefined) return undefined;
  if (!receivers) throw usage("There is nobody to mail to.", "Name a file of addresses with --emailto.");
  if (smtpUrlFile === undefined && emailto === undefined) {
    say(
      `${receivers.name} is there, but no mail server; name a file with its URL with --smtp-url-file to mail the archive.`,
    );
    return undefined;
  }
  if (smtpUrlFile === undefined)
    throw usage("There is no mail server.", "Name a file with its URL with --smtp-url-file.");
  if (!hasKeys)
    throw usage("env.yml is mailed encrypted only, and there is no key.", "Name a file of public keys with --gpgkeys.");
  const { parseAddresses, parseSmtpUrl } = await import("../escrow/mail-settings.ts");
  const url = smtpUrlFile === "-" ? await text(process.stdin) : readInput(smtpUrlFile).toString("utf8");
  return { to: parseAddresses(receivers.name, receivers.text), server: parseSmtpUrl(url) };
}

function usage(what: string, remedy: string): OperatorError {
  return new OperatorError("USAGE", what, { remedy });
}

async function report({ paper, iso, encrypted }: Package, { print, say }: Context["terminal"]): Promise<void> {
  print(paper);
  print(iso);
  if (!encrypted)
    return say(`Print ${paper} and keep it in a safe. There was no gpgkeys.txt, so no encrypted archive was made.`);
  print(encrypted.path);
  const { describeKey } = await import("../escrow/gpg-keys.ts");
  say(`Print ${paper} and keep it in a safe. The archive is encrypted to:`);
  for (const key of encrypted.keys) say(`  ${describeKey(key)}`);
}

async function mail(
  archive: string,
  domain: string,
  { to, server }: Mailing,
  say: (line: string) => void,
): Promise<void> {
  const { sendLetter } = await import("../escrow/mail.ts");
  const name = basename(archive);
  const lines = [
    `Attached is ${name}, the encrypted env.yml of ${domain}, with its paper and its seed image.`,
    "It is all that is needed to make this server again. Keep it where it is safe and found.",
    "",
    "To read it, where your key is:",
    `  appliance env unpackage ${name} --out env.yml`,
    "or without the appliance:",
    `  gpg --decrypt ${name} | tar -xz env.yml`,
    "",
    `It was sent to: ${to.join(", ")}`,
  ];
  await sendLetter(
    {
      from: server.user?.includes("@") ? server.user : `root@${domain}`,
      to,
      subject: `env.yml of ${domain}, encrypted`,
      text: `${lines.join("\n")}\n`,
      attachment: { name, data: await readFile(archive) },
    },
    server,
  );
  say(`Mailed to ${to.join(", ")} by ${server.host}.`);
}
