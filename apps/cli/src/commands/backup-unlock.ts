import { formatCount } from "../amounts.ts";
import { UnlockResult } from "../backup-shapes.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { followJob } from "../follow-job.ts";
import { formatFailure, formatTime } from "../terminal.ts";

/** `appliance backup unlock`: breaks locks of dead runs of this host. Exit code 1 where a lock stays or a target does not answer. */
export async function unlockBackup(
  { target, json }: { target?: string; json: boolean },
  { backupAgent, terminal }: Pick<Context, "backupAgent" | "terminal">,
): Promise<number> {
  const data = { requestedBy: "cli", target: target ?? null };
  const answer = await followJob(backupAgent, { queue: "backup", name: "backup.unlock", data }, terminal.say);
  const { targets } = UnlockResult.parse(answer);
  if (json) terminal.json(answer);
  else terminal.print(targets.flatMap(describe).join("\n"));
  return targets.every(({ left, failure }) => left.length === 0 && failure === null) ? EXIT.ok : EXIT.failed;
}

function describe({ target, broken, left, failure }: UnlockResult["targets"][number]): string[] {
  if (failure) return [`${target}: not unlocked`, formatFailure(failure)];
  const foreign = left.map(
    ({ host, since }) =>
      `${target}: ${host} holds a lock since ${formatTime(since)}, which stays: only there can be seen whether it is at work`,
  );
  if (broken > 0) return [`${target}: ${formatCount(broken, "lock")} of dead runs broken`, ...foreign];
  return foreign.length > 0 ? foreign : [`${target}: nothing was locked`];
}
