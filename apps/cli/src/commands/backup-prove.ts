import { existsSync, realpathSync } from "node:fs";
import { runCommand } from "@appliance/command";
import { backupTargetsOf, type Env } from "@appliance/env";
import { OperatorError } from "@appliance/errors";
import { formatAge, formatSeconds } from "../amounts.ts";
import { Proof, ProofFailed } from "../backup-shapes.ts";
import type { Context } from "../context.ts";
import { dockerEnvironment, requireImage } from "../docker-image.ts";
import { noteEscrow } from "../escrow-note.ts";
import { EXIT } from "../exit-codes.ts";
import { readEnv } from "../read-env.ts";
import { formatFailure, formatTime } from "../terminal.ts";

type ProveContext = Pick<Context, "backupAgent" | "installation" | "terminal">;

const TIMEOUT_MS = 15 * 60_000;

/** As backup-agent is; its entry point leaves the most of it behind. */
const CONFINED = [
  "--init",
  "--read-only",
  "--tmpfs=/tmp",
  "--security-opt=no-new-privileges",
  "--cap-drop=ALL",
  ...["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETPCAP", "SETUID"].map((name) => `--cap-add=${name}`),
];

/**
 * `appliance backup prove`: opens each target with an env.yml, in a container that has nothing else. On a host the finding is noted, so that
 * the status knows how safe env.yml is. Exit code 1 where a target does not open or was saved to with another env.yml.
 */
export async function proveEnv(file: string, { json }: { json: boolean }, context: ProveContext): Promise<number> {
  const { installation, terminal } = context;
  const { env, bytes } = readEnv(file === "-" ? "/dev/stdin" : file);
  await requireImage(installation.backupImage);
  terminal.say("Opening the backups with it");
  const proof = await prove(Buffer.from(bytes).toString("utf8"), foldersOf(env), context);
  if (json) terminal.json(proof);
  else terminal.print(describe(proof, new Date()));
  const opens = proof.targets.every((target) => target.opens);
  if (isInUse(file, context)) terminal.say("This is the file in use: a copy in a safe is proven by giving that copy.");
  else if (opens) await noteEscrow({ fingerprint: proof.fingerprint, what: "proven" }, context);
  return opens && proof.targets.every(({ env }) => env !== "different") ? EXIT.ok : EXIT.failed;
}

/** It is lost with this host, so that it opens the backup says nothing of the day on which that is needed. */
function isInUse(file: string, { installation: { root } }: ProveContext): boolean {
  const inUse = `${root}/app/env.yml`;
  return existsSync(file) && existsSync(inUse) && realpathSync(file) === realpathSync(inUse);
}

/** Targets on this host; others are reached over the network. */
const foldersOf = (env: Env): string[] =>
  backupTargetsOf(env).flatMap(({ url }) => /^file:\/\/(?<folder>\/[^,]*)$/i.exec(url)?.groups?.["folder"] ?? []);

/** @throws OperatorError what the container says of itself */
async function prove(
  env: string,
  folders: readonly string[],
  { installation: { root, backupImage } }: ProveContext,
): Promise<Proof> {
  const mounts = folders
    .filter((folder) => existsSync(`${root}${folder}`))
    .flatMap((folder) => ["--mount", `type=bind,source=${root}${folder},target=${folder},readonly`]);
  const args = ["run", "--rm", "--interactive", ...CONFINED, ...mounts, backupImage, "prove"];
  const options = { env: dockerEnvironment(), input: env, timeoutMs: TIMEOUT_MS, okExitCodes: [0, 1] };
  const { stdout } = await runCommand("docker", args, options);
  const answer: unknown = JSON.parse(stdout);
  const failed = ProofFailed.safeParse(answer).data?.failure;
  if (failed) throw new OperatorError(failed.code, failed.message, { remedy: failed.remedy });
  return Proof.parse(answer);
}

function describe({ targets }: Proof, now: Date): string {
  return targets
    .flatMap(({ target, url, opens, point, env, failure, seconds }) => {
      const newest = point
        ? `the newest backup is of ${formatTime(point.at)}, ${formatAge(point.at, now)}`
        : "no backup yet";
      const finding = opens ? `opens; ${newest}` : "does not open";
      return [
        `${target}: ${url}: ${finding} (${formatSeconds(seconds)})`,
        ...(failure ? [formatFailure(failure)] : []),
        ...(opens && point ? [`  ${SAME[env]}`] : []),
      ];
    })
    .join("\n");
}

const SAME = {
  same: "It was made with this very env.yml.",
  different:
    "It was made with another env.yml: this one is older, or was changed since.\n" +
    "  → Where this is the copy from the safe, replace it: appliance env package /app/env.yml",
  unknown: "It does not say with which env.yml it was made: an older system made it.",
};
