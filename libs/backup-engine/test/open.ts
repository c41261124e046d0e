import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  openDuplicityEngine,
  openResticEngine,
  type DuplicitySettings,
  type ResticSettings,
  type Target,
} from "../src/index.ts";
import { S3 } from "./targets.ts";
import { REMOTE_PROGRAM, type TestHost } from "./test-host.ts";

export const LEGACY = join(import.meta.dirname, "..", "vectors", "legacy-backup");
export const LEGACY_KEY = readFileSync(join(LEGACY, "backup-key.asc"), "utf8");

/** Small volumes, so that little data makes several; few and short waits for servers that do not answer. */
export const QUICK_OPTIONS = "--volsize 1 --num-retries 2 --backend-retry-delay 1 --timeout 10";

const optionsFor = ({ url }: Target) =>
  url.startsWith("boto3+s3:") ? `${QUICK_OPTIONS} --s3-endpoint-url ${S3}` : QUICK_OPTIONS;

export function openDuplicity(host: TestHost, target: Target, state: string, more: Partial<DuplicitySettings> = {}) {
  return openDuplicityEngine(
    { target, key: LEGACY_KEY, options: optionsFor(target), ...more },
    { ...places(state), run: host.run, now: () => new Date(), remoteProgram: REMOTE_PROGRAM },
  );
}

const PASSWORD = "the restic password";

export function openRestic(
  host: TestHost,
  target: Target,
  state: string,
  { hostName = "appliance-a", ...more }: Partial<ResticSettings> & { hostName?: string } = {},
) {
  const settings = { target, password: PASSWORD, ...more };
  return openResticEngine(settings, { ...places(state), run: host.run, now: () => new Date(), hostName });
}

/** A backup of `dump` in `root` as an earlier day would have made it. `date` is as in `2026-01-10`. */
export const backUpResticOn = (host: TestHost, date: string, repository: string, root: string) =>
  host.run(
    "restic",
    ["-r", repository, "backup", "--host=appliance", "--tag=appliance", "--time", `${date} 00:30:00`, "dump"],
    { cwd: root, env: { RESTIC_PASSWORD: PASSWORD }, timeoutMs: 60_000 },
  );

function places(state: string) {
  const folders = {
    scratch: join(state, "scratch"),
    temporary: join(state, "temporary"),
    archive: join(state, "archive"),
  };
  for (const folder of Object.values(folders)) mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folders;
}
