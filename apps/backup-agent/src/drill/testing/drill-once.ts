/** One drill in a process of its own, to be killed: `drill-once.ts JSON`. It kills itself at the sentence `killAt`. */
import type { Setting } from "../../recovery/testing/test-host.ts";
import { createProving } from "./drill-host.ts";

const { setting, killAt } = JSON.parse(process.argv[2]!) as { setting: Setting; killAt: string };
await createProving(setting).drill("main", (sentence) => {
  if (sentence === killAt) process.kill(process.pid, "SIGKILL");
});
