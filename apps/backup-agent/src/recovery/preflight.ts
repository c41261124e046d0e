import { OperatorError } from "@appliance/errors";
import { DATABASE, FOLDERS } from "../contents.ts";
import { chooseBackup, type ChosenBackup } from "./choose-backup.ts";
import { combine, failure } from "./failures.ts";
import type { Journal } from "./journal.ts";
import { problemsOfPlaces, problemsOfServer, problemsOfSpace, problemsOfVersion } from "./look-at-host.ts";
import { isMovingIn, type RecoveryRequest } from "./plan-recovery.ts";
import { say } from "./progress.ts";
import type { Recovery, RecoveryDeps } from "./recovery.ts";

/**
 * Looks at everything that could stop the recovery later, and changes nothing. `left` is a recovery that is given up for this one:
 * what it holds does not count.
 * @throws OperatorError with all that stands in the way at once.
 */
export async function checkBefore(
  request: RecoveryRequest,
  deps: RecoveryDeps,
  signal: AbortSignal,
  left?: Journal,
): Promise<ChosenBackup> {
  say(deps.report, "Checking the host and the backup");
  const { databaseLocale, standby } = await deps.slice();
  const { replace } = request;
  const [places, server, chosen] = await Promise.all([
    attempt(problemsOfPlaces(deps.dataDir, replace ? FOLDERS : [])),
    attempt(problemsOfServer(deps.server, databaseLocale, replace)),
    attempt(chooseBackup(request, deps, signal)),
  ]);
  const problems = [...problemsIn(places), ...problemsIn(server), ...problemsIn(chosen)];
  if (replace && !standby) problems.push(failure("RECOVERY_REPLACE_REFUSED", "env.yml says that it is the live one"));
  if ("value" in places) problems.push(...places.value);
  if ("value" in server) problems.push(...server.value.problems);
  const manifest = "value" in chosen ? chosen.value.manifest : null;
  if (manifest && "value" in server) problems.push(...problemsOfVersion(manifest, server.value.facts));
  if (manifest) problems.push(...(await problemsOfSpace(deps.dataDir, manifest, await sizeOf(left?.folder, deps))));
  if (problems.length > 0 || !("value" in chosen)) throw combine(problems);
  return chosen.value;
}

/**
 * Before an interrupted recovery goes on: whether anybody has used the places meanwhile.
 * @throws OperatorError as `checkBefore`.
 */
export async function checkAgain({ journal, deps }: Recovery): Promise<void> {
  const record = journal.record();
  const { begunFolders, databaseOid, wanted } = record;
  const { databaseLocale, standby } = await deps.slice();
  // Once a folder is being replaced neither the old nor the new is whole, and the only way out is to the end.
  if (wanted.replace && !standby && !isMovingIn(record))
    throw failure("RECOVERY_REPLACE_REFUSED", "env.yml says that it is the live one");
  const renamed = databaseOid !== null && (await deps.server.nameOf(databaseOid)) === DATABASE;
  const { problems } = await problemsOfServer(deps.server, databaseLocale, wanted.replace || renamed);
  const places = await problemsOfPlaces(deps.dataDir, wanted.replace ? FOLDERS : begunFolders);
  if (places.length + problems.length > 0) throw combine([...places, ...problems]);
}

type Attempt<T> = { value: T } | { problem: OperatorError };

/** One finding does not hide the others; what nobody expected is thrown. */
async function attempt<T>(work: Promise<T>): Promise<Attempt<T>> {
  try {
    return { value: await work };
  } catch (error) {
    if (error instanceof OperatorError) return { problem: error };
    throw error;
  }
}

const problemsIn = (attempted: Attempt<unknown>) => ("problem" in attempted ? [attempted.problem] : []);

const SIZE_MS = 3_600_000;

async function sizeOf(folder: string | undefined, { run }: RecoveryDeps): Promise<number> {
  if (folder === undefined) return 0;
  const { stdout } = await run("du", ["--summarize", "--block-size=1", "--", folder], { timeoutMs: SIZE_MS });
  return Number.parseInt(stdout, 10);
}
