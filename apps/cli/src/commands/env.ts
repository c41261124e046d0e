import { statSync } from "node:fs";
import { dirname } from "node:path";
import { adviseEnv, chosenCommission, formatProblem, parseEnv, type Env, type Facts } from "@appliance/env";
import { isSystemError } from "@appliance/errors";
import type { Context } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { readInput } from "../read-input.ts";

/** `appliance env check FILE`: every problem at once; exit code 1 when there is an error. Works without any service. */
export function checkEnv(file: string, options: { json: boolean }, { terminal }: Pick<Context, "terminal">): number {
  const parsed = parseEnv(readInput(file), { file });
  const { env } = parsed;
  const notes = [...parsed.problems, ...adviseEnv(parsed, factsOf(file))];
  const commission = env && commissionOf(env);
  if (options.json)
    terminal.json({ file, ok: env !== undefined, problems: notes, ...(commission ? { commission } : {}) });
  else {
    for (const note of notes) terminal.print(formatProblem(note));
    if (commission) terminal.print(`Ethics commission: ${commission.name}`);
    terminal.print(verdict(file, notes));
  }
  return env === undefined ? EXIT.failed : EXIT.ok;
}

function verdict(file: string, notes: { severity: string }[]): string {
  const count = (severity: string) => notes.filter((note) => note.severity === severity).length;
  const errors = count("error");
  if (errors > 0) return `${file} has ${errors === 1 ? "an error" : `${errors} errors`}.`;
  const rest = [
    numbered(count("warning"), "warning"),
    numbered(count("advice"), "piece of advice", "pieces of advice"),
  ];
  const said = rest.filter((part) => part !== "").join(" and ");
  return `${file} is valid${said === "" ? "" : `, with ${said}`}.`;
}

const numbered = (count: number, one: string, many = `${one}s`) =>
  count === 0 ? "" : `${count} ${count === 1 ? one : many}`;

/** What the host itself tells. On another machine, a laptop say, a folder that is not there counts as one of the system's disk. */
function factsOf(file: string): Facts {
  const stats = statSync(file);
  return {
    ...(stats.isFile() ? { mode: stats.mode & 0o777 } : {}),
    isOnSystemDisk: (folder) => OWN_FOLDERS.some((own) => diskOf(own) === diskOf(folder)),
  };
}

/** What a lost disk must not take away together with the backup of it. */
const OWN_FOLDERS = ["/", "/data", "/volatile"];

/** Of the nearest folder above that is there and that this user may look at. */
function diskOf(path: string): number {
  try {
    return statSync(path).dev;
  } catch (err) {
    if (path === "/" || !isSystemError(err, "ENOENT", "ENOTDIR", "EACCES", "ELOOP", "ENAMETOOLONG")) throw err;
    return diskOf(dirname(path));
  }
}

function commissionOf({ ecs }: Env): { uuid: string; name: string } | undefined {
  const { uuid, commission } = chosenCommission(ecs.settings ?? "") ?? {};
  return uuid === undefined || !commission ? undefined : { uuid, name: commission.name };
}
