import { realpathSync, statSync } from "node:fs";
import { parseEnv, redactedChanges } from "@appliance/env";
import { OperatorError } from "@appliance/errors";
import { writeFileDurable } from "@appliance/files";
import type { Context } from "../context.ts";
import { readEnv } from "../read-env.ts";
import { StatusAnswer } from "../shapes.ts";
import { start } from "./start-stop.ts";

const ENV_YML = "/app/env.yml";
const STANDBY = ["appliance", "standby"] as const;

/** `appliance activate`: a host in standby becomes the live one: `standby: false` in its env.yml, and everything started. */
export async function activate(options: { json: boolean }, context: Context): Promise<void> {
  const { api, installation, terminal } = context;
  const { env } = StatusAnswer.parse(await api.get("/status"));
  if (env && env.source !== ENV_YML) throw notOurs(env.source);
  if (await leaveStandby(`${installation.root}${ENV_YML}`)) terminal.say(`${ENV_YML} says now that this host is live.`);
  terminal.say("The host that it stood by for must stay off: two would write into the same backup.");
  await start({ json: options.json, boot: false }, context);
}

/**
 * Changes this one word of the file, which keeps its owner and rights. False where it says already that the host is live.
 * @throws OperatorError `ENV_INVALID`, `ENV_NOT_EDITED` where the word stands in a way that is left to its owner
 */
export async function leaveStandby(file: string): Promise<boolean> {
  const { env, bytes } = readEnv(file);
  if (!env.appliance.standby) return false;
  const edited = withoutStandby(bytes, file);
  const after = edited === undefined ? undefined : parseEnv(edited, { file }).env;
  const changed = after ? redactedChanges(env, after).map(({ path }) => path) : [];
  if (edited === undefined || changed.join() !== STANDBY.join(":")) throw notEdited(file);
  const place = realpathSync(file);
  const { mode, uid, gid } = statSync(place);
  await writeFileDurable(place, edited, { mode: mode & 0o7777, uid, gid });
  return true;
}

/** Undefined where the value is not written plainly in one place. */
function withoutStandby(bytes: Uint8Array, file: string): Buffer | undefined {
  const { document } = parseEnv(bytes, { file });
  const [source, { line, column }] = [document.scalarSource(STANDBY), document.positionOf(STANDBY)];
  const lines = Buffer.from(bytes).toString("utf8").split("\n");
  const found = lines[line - 1];
  if (source === undefined || source.quoted || found?.slice(column - 1).startsWith(source.text) !== true)
    return undefined;
  lines[line - 1] = `${found.slice(0, column - 1)}false${found.slice(column - 1 + source.text.length)}`;
  return Buffer.from(lines.join("\n"));
}

function notOurs(source: string): OperatorError {
  return new OperatorError("ENV_NOT_EDITED", `The env.yml of this host is that of ${source}, which stays as it is.`, {
    remedy: `Set appliance:standby to false there, or in a copy at ${ENV_YML}, then run \`appliance start\`.`,
  });
}

function notEdited(file: string): OperatorError {
  return new OperatorError("ENV_NOT_EDITED", `appliance:standby stands in ${file} in a way that is left to you.`, {
    remedy: "Set it to false there, then run `appliance start`.",
  });
}
