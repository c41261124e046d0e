import type { Context } from "../context.ts";
import { followJob } from "../follow-job.ts";
import { DatabaseCreateResult } from "../shapes.ts";

/** `appliance database create`: the empty database of a new appliance; one that exists stays as it is. */
export async function createDatabase({ api, terminal }: Context): Promise<void> {
  const request = { queue: "config", name: "database.create", data: { requestedBy: "cli" } };
  const { created } = DatabaseCreateResult.parse(await followJob(api, request, terminal.say));
  terminal.print(
    created
      ? "The database was created; `appliance start` starts the application."
      : "The database exists already; nothing was changed.",
  );
}
