import { plain, type Figure } from "../figure.ts";
import { startHost, type Host } from "../../lab/index.ts";
import type { Bench } from "../bench.ts";
import { ownImages } from "../own-images.ts";

const CHECKOUT = "/root/checkout";
const LOG = "/var/log/appliance-bootstrap.log";
const LIMIT_MS = 3_600_000;

/** `bootstrap.sh --sample` on a fresh virtual host; with `full` on one that has neither engine nor images. */
export async function bootstrap({ full }: Bench): Promise<Figure[]> {
  const host = await startHost({ name: `bench-${process.pid}`, image: full ? "bare" : "host" });
  try {
    await host.copyIn(process.cwd(), CHECKOUT);
    if (!full) await host.loadImages(await ownImages());
    const startedAt = performance.now();
    await host.exec([`${CHECKOUT}/deploy/bootstrap.sh`, "--yes", "--sample"], { timeoutMs: LIMIT_MS });
    const seconds = (performance.now() - startedAt) / 1000;
    const begin = full ? "engine installed and images built there" : "engine and images already there";
    const whole = plain(`\`bootstrap.sh --sample\` on a fresh virtual host, ${begin}`, `${seconds.toFixed(0)} s`);
    return [whole, ...phases((await readLog(host)).split("\n"))];
  } finally {
    await host.remove();
  }
}

async function readLog(host: Host): Promise<string> {
  return (await host.exec(["cat", LOG])).stdout;
}

/** How long each announced step took, from its line to the next; the log has whole seconds. */
export function phases(log: readonly string[]): Figure[] {
  const lines = log.flatMap((line) => {
    const [, time, text] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) (\S.*)$/.exec(line) ?? [];
    return time && text ? [{ at: Date.parse(time), text }] : [];
  });
  return lines.flatMap(({ at, text }, index) => {
    const next = lines[index + 1];
    return next && next.at > at ? [plain(`of it: ${text}`, `${(next.at - at) / 1000} s`)] : [];
  });
}
