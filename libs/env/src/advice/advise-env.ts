import type { Path, Position, YamlDocument } from "@appliance/yaml11";
import type { ParsedEnv } from "../parse-env.ts";
import { joinPath } from "../place.ts";
import type { Problem } from "../problem.ts";
import { adviseOnAccess } from "./access.ts";
import type { Advice, Facts, Remark } from "./advice.ts";
import { adviseOnApplication } from "./application.ts";
import { adviseOnBackup } from "./backup.ts";
import { adviseOnCertificate } from "./certificate.ts";
import { adviseOnCommission } from "./commission.ts";
import { adviseOnSecrets } from "./secrets.ts";
import { adviseOnUpdate } from "./update.ts";

const ADVISERS = [
  adviseOnAccess,
  adviseOnCertificate,
  adviseOnBackup,
  adviseOnUpdate,
  adviseOnSecrets,
  adviseOnApplication,
  adviseOnCommission,
];

/**
 * What could be better in an env.yml, in the order of the file; nothing for one with errors, which come first. It is for who
 * checks a file before it is used, and no part of applying it.
 */
export function adviseEnv(parsed: ParsedEnv, facts: Facts = {}): (Advice | Problem)[] {
  const { env } = parsed;
  if (!env) return [];
  const remarks = ADVISERS.flatMap((advise) => advise(env, facts));
  return remarks.map((remark) => located(remark, parsed)).sort((a, b) => a.line - b.line || a.column - b.column);
}

function located(
  { severity = "advice", path, line, message, remedy }: Remark,
  { document }: ParsedEnv,
): Advice | Problem {
  const position = positionOf(path, document);
  // A text of several lines begins in the line below its key.
  const place = line === undefined ? position : { line: position.line + line, column: 1 };
  return { severity, file: document.file, ...place, path: joinPath(path), message, remedy };
}

/** Of the value; of the key where nothing stands behind it; for the file as a whole its beginning. */
function positionOf(path: Path, document: YamlDocument): Position {
  if (path.length === 0) return { line: 1, column: 1 };
  const node = document.nodeAt(path);
  return node?.kind === "scalar" && node.type === "null" ? document.keyPositionOf(path) : document.positionOf(path);
}
