import { OperatorError } from "@appliance/errors";
import * as z from "zod";
import { formatBytes, formatCount, formatSeconds } from "../amounts.ts";
import { createBackupProgress } from "../backup-progress.ts";
import { Point } from "../backup-shapes.ts";
import { parseAt } from "../backup-time.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { followJob } from "../follow-job.ts";
import { whileItGoesOn } from "../goes-on.ts";
import { StatusAnswer } from "../shapes.ts";
import { tellSystemd } from "../tell-systemd.ts";
import { formatTime } from "../terminal.ts";

export interface RecoverOptions {
  yesIAmSure: boolean;
  onlyRestore: boolean;
  at?: string;
  target?: string;
  json: boolean;
}

const Recovered = z.object({
  target: z.string(),
  point: Point,
  files: z.number(),
  bytes: z.number(),
  tables: z.number(),
  rows: z.number(),
  comparedWith: z.string(),
  seconds: z.number(),
});
type Recovered = z.infer<typeof Recovered>;

const TARGET = /^[a-z0-9][a-z0-9-]{0,31}$/;
const LEFT =
  "\nThe recovery goes on without this command. The same command shows it again; so does: appliance status --watch";

/**
 * `appliance recover`: documents and database of a backup onto this bare host, and into service. Without `--yes-i-am-sure` it says what
 * it would do, does nothing, and ends as a command that was written wrongly.
 */
export async function recover(options: RecoverOptions, context: Context): Promise<number> {
  const { api, terminal } = context;
  const at = options.at === undefined ? null : parseAt(options.at).toISOString();
  const target = options.target === undefined ? null : targetName(options.target);
  if (!options.yesIAmSure) return explain({ ...options, at, target }, context);
  const data = { requestedBy: "cli", target, at, onlyRestore: options.onlyRestore };
  const request = { queue: "config", name: "config.recover", data };
  const follow = () => followJob(api, request, terminal.say, createBackupProgress());
  const answer = await whileItGoesOn(follow, LEFT, terminal.say);
  if (!options.onlyRestore) await tellSystemd("start", context);
  if (options.json) terminal.json(answer);
  else terminal.print([describe(Recovered.parse(answer)), await whatNow(context)].join("\n"));
  return EXIT.ok;
}

function targetName(name: string): string {
  if (TARGET.test(name)) return name;
  throw new OperatorError("USAGE", `${name} is no name of a target.`, {
    remedy: "Write it as in env.yml: main for appliance:backup:url, or a name of appliance:backup:targets.",
  });
}

interface Choice {
  at: string | null;
  target: string | null;
  onlyRestore: boolean;
}

function explain({ at, target, onlyRestore }: Choice, { terminal }: Context): number {
  const which = at === null ? "the last backup" : `the last backup until ${formatTime(at)}`;
  const from = target === null ? "the first target of env.yml that answers and holds one" : `the target ${target}`;
  const end = onlyRestore
    ? "the application stays stopped until `appliance start`"
    : "start the application, and order a first backup";
  terminal.print(
    [
      "This would recover the appliance on this host:",
      "- prepare storage and database server as env.yml says",
      `- restore documents, settings and database: ${which} of ${from}`,
      `- ${end}`,
      "A host that holds documents or a database is refused; nothing is written over.",
      "Nothing was done. To do it, add --yes-i-am-sure.",
    ].join("\n"),
  );
  return EXIT.usage;
}

const COMPARED: Record<string, string> = {
  manifest: "Files, sums and rows are those that the backup was made of.",
  none: "An older system made this backup, without a list to compare with; the sums that it carries itself are right.",
};

function describe({ target, point, files, bytes, tables, rows, comparedWith, seconds }: Recovered): string {
  const documents = `${formatCount(files, "file")} (${formatBytes(bytes)})`;
  const database = `${formatCount(tables, "table")} with ${formatCount(rows, "row")}`;
  return [
    `Restored from ${target} the backup of ${formatTime(point.at)} in ${formatSeconds(seconds)}: ${documents}, ${database}.`,
    COMPARED[comparedWith] ?? `Compared with: ${comparedWith}.`,
  ].join("\n");
}

async function whatNow({ api, installation }: Context): Promise<string> {
  const { phase, headline, hint, domain } = StatusAnswer.parse(await api.get("/status"));
  const port = installation.httpsPort === "443" ? "" : `:${installation.httpsPort}`;
  if (phase === "ready") return `${headline}: https://${domain}${port}/`;
  return `${headline}. ${hint ?? ""}`.trim();
}
