import { arch, cpus, loadavg, release, totalmem } from "node:os";
import { run } from "../lab/index.ts";

/** What the figures depend on, in words. It names no host. */
export async function describeMachine(): Promise<string> {
  const cores = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const { stdout } = await run("docker", ["version", "--format", "{{.Server.Version}}"]);
  const processor = `${cores.length} cores (${cores[0]?.model.trim() ?? arch()})`;
  return `${processor}, ${memory} GB of memory, Linux ${release()}, Docker ${stdout.trim()}, Node ${process.versions.node}`;
}

/** How busy the machine is: processes that want a core, over the last minute. */
export function loadNow(): string {
  return (loadavg()[0] ?? 0).toFixed(1);
}
