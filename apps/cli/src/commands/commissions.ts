import { findCommissions } from "@appliance/env";
import type { Context } from "../context.ts";
import { EXIT } from "../exit-codes.ts";

/** `appliance commissions [SEARCH]`: the ethics commissions and their UUIDs, for `ETHICS_COMMISSION_UUID`. Needs no service. */
export function listCommissions(
  search: string | undefined,
  options: { json: boolean },
  { terminal }: Pick<Context, "terminal">,
): number {
  const found = findCommissions(search ?? "");
  if (options.json) terminal.json(found);
  else
    for (const { uuid, name, outOfUse } of found)
      terminal.print(`${uuid}  ${outOfUse ? "Nicht verwenden: " : ""}${name}`);
  if (found.length === 0) terminal.say(`No commission has '${search}' in its name or UUID.`);
  return found.length === 0 ? EXIT.failed : EXIT.ok;
}
