/**
 * One recovery in a process of its own, to be killed: `recover-once.ts JSON`. It kills itself at the first event that begins with
 * `killAt`, and else prints the lines of the command.
 */
import { recoverCommand } from "../command.ts";
import { createDeps, type Setting } from "./test-host.ts";

const { setting, args, killAt } = JSON.parse(process.argv[2]!) as {
  setting: Setting;
  args: string[];
  killAt: string | null;
};
const deps = createDeps(setting, (event) => strike(event));
process.exitCode = await recoverCommand({
  args,
  deps,
  write: (line) => {
    console.log(line);
    const { progress } = JSON.parse(line) as { progress?: { sentence: string } };
    if (progress) strike(progress.sentence);
  },
  secrets: () => [],
  signal: new AbortController().signal,
});

function strike(event: string) {
  if (killAt !== null && event.startsWith(killAt)) process.kill(process.pid, "SIGKILL");
}
