import { expect, it } from "vitest";
import { oncePerHolder } from "./supervise.ts";

it("asks for one repair while another run holds the host, and again once it has ended", async () => {
  let holder: string | undefined;
  const lease = {
    holder: async () =>
      holder === undefined
        ? undefined
        : {
            runId: holder,
            kind: "backup" as const,
            agent: "backup-agent",
            since: "2026-11-23T00:30:00Z",
            hostBoot: "1",
          },
  };
  const mayAsk = oncePerHolder(lease);
  const asked: boolean[] = [];
  for (holder of ["backup-1", "backup-1", "backup-1", "backup-2", undefined, undefined]) asked.push(await mayAsk());
  expect(asked).toEqual([true, false, false, true, true, true]);
});
