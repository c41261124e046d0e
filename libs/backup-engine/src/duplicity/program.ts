import type { CommandResult } from "@appliance/command";
import type { Cancellable } from "../engine.ts";
import { withStallLimit } from "../stall.ts";
import { isSsh } from "../ssh.ts";
import { credentialsOf, type TargetUrl } from "../target.ts";
import type { DuplicityContext } from "./context.ts";
import { damageIn, explain } from "./failures.ts";
import { createLogReader, saysDamage, type LogMessage } from "./machine-log.ts";

/** The name of the backup in duplicity's archive folder: the folder below `archive` with its manifests and signatures. */
export const ARCHIVE_NAME = "duplicity";

/** No run of a backup is longer; what hangs is ended earlier, by the stall limit. */
const LONGEST_RUN_MS = 7 * 24 * 3_600_000;
const MOST_MESSAGES = 200;

/**
 * Once it has said that a volume is damaged, duplicity ends at once, or waits for ever for a gpg whose output it stopped to read.
 */
const LAST_WORDS_MS = 10_000;

/** Stored documents are encrypted and cannot be compressed: trying costs more than all the rest of the work. */
const GPG_OPTIONS = ["--compress-algo=none", "--digest-algo=SHA256"];

/** Defaults that `options` of env.yml may set otherwise: of an option given twice the last counts. */
const DEFAULTS = ["--volsize=25", "--num-retries=3", "--backend-retry-delay=10"];

export interface CallOptions extends Cancellable {
  onMessage?: (message: LogMessage) => void;
  input?: string;
  onOutput?: (line: string) => void;
}

/** Runs `duplicity ACTION OPTION… ARGUMENT… URL…`. @throws OperatorError of `failures.ts`. */
export function callDuplicity(
  context: DuplicityContext,
  action: string,
  { before = [], after = [], ...options }: CallOptions & { before?: readonly string[]; after?: readonly string[] },
): Promise<CommandResult> {
  return call(context, "duplicity", [action, ...commonArguments(context), ...before, ...after], options);
}

/** Runs `duplicity-remote VERB`, which works on single files of the target. @throws as `callDuplicity`. */
export function callRemote(
  context: DuplicityContext,
  verb: readonly string[],
  options: CallOptions,
): Promise<CommandResult> {
  const args = [...verb, ...commonArguments(context), duplicityUrl(context.url)];
  return call(context, context.remoteProgram, args, options);
}

async function call(
  context: DuplicityContext,
  program: string,
  args: readonly string[],
  { signal, onMessage, onOutput, input }: CallOptions,
): Promise<CommandResult> {
  context.recent.forget();
  const kept: LogMessage[] = [];
  const ending = new AbortController();
  let lastWords: NodeJS.Timeout | undefined;
  const reader = createLogReader((message) => {
    if (message.level === "ERROR" || message.level === "WARNING") kept.push(message);
    if (kept.length > MOST_MESSAGES) kept.shift();
    onMessage?.(message);
  });
  try {
    return await withStallLimit({ target: context.url.label, stallMs: context.stallMs, signal }, (watch) =>
      context.run(program, args, {
        env: environment(context),
        secrets: [context.url.password ?? ""],
        timeoutMs: LONGEST_RUN_MS,
        signal: AbortSignal.any([watch.signal, ending.signal]),
        ...(input === undefined ? {} : { input }),
        onLine: (line, stream) => {
          watch.alive();
          if (stream === "stdout") return onOutput?.(line);
          reader.line(line);
          if (saysDamage(line)) lastWords ??= setTimeout(() => ending.abort(), LAST_WORDS_MS);
        },
      }),
    );
  } catch (error) {
    reader.end();
    throw (ending.signal.aborted && damageIn(kept, context)) || (await explain(error, kept, context));
  } finally {
    clearTimeout(lastWords);
    reader.end();
  }
}

function commonArguments({ archive, temporary, gpg, options, ssh, url }: DuplicityContext): string[] {
  return [
    `--archive-dir=${archive}`,
    `--name=${ARCHIVE_NAME}`,
    `--tempdir=${temporary}`,
    "--log-fd=2",
    `--encrypt-key=${gpg.fingerprint}`,
    `--sign-key=${gpg.fingerprint}`,
    // The name of a host changes with each recovery. Whose backup it is, its key says.
    "--allow-source-mismatch",
    `--gpg-options=${[`--homedir=${gpg.folder}`, ...GPG_OPTIONS, ...options.gpg].join(" ")}`,
    ...(isSsh(url) ? [`--ssh-options=${sshOptions(ssh, options.ssh)}`] : []),
    ...DEFAULTS,
    ...options.args,
  ];
}

function sshOptions({ knownHosts, key }: DuplicityContext["ssh"], own: readonly string[]): string {
  const identity = key === undefined ? [] : [`-oIdentityFile=${key}`];
  return [`-oUserKnownHostsFile=${knownHosts}`, "-oGlobalKnownHostsFile=/dev/null", ...identity, ...own].join(" ");
}

function environment({ scratch, target, url }: DuplicityContext): Record<string, string> {
  const password = url.password === undefined ? {} : { FTP_PASSWORD: url.password };
  // An empty passphrase, or duplicity would ask for one. ssh and lftp look for settings in HOME, and find none.
  return { HOME: `${scratch}/home`, PASSPHRASE: "", PYTHONUNBUFFERED: "1", ...credentialsOf(target), ...password };
}

/** The URL without the password, which goes by the environment. */
export function duplicityUrl({ scheme, user, host, port, path }: TargetUrl): string {
  if (host === "" && scheme !== "file") return `${scheme}:${path.startsWith("/") ? "//" : ""}${path}`;
  const login = user === undefined ? "" : `${encodeURIComponent(user)}@`;
  return `${scheme}://${login}${host}${port === undefined ? "" : `:${port}`}${path}`;
}
