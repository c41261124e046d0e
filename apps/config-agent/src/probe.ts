import { setTimeout as sleep } from "node:timers/promises";
import type { runCommand } from "@appliance/command";
import { OperatorError } from "@appliance/errors";

export interface ProbeDeps {
  run: typeof runCommand;
  /** `ADDRESS:PORT` of the published port, by local address. */
  target: string;
  /** Ask from the host's own network, which is where the port is published. */
  inHostNetwork: boolean;
}

const ASK_TIMEOUT_S = 10;
const TRY_EVERY_MS = 500;
const IN_HOST_NETWORK = ["nsenter", "--target", "1", "--net", "--"] as const;

/**
 * The HTTP status that a browser would get for `https://DOMAIN/PATH`, asked of this host's own published port with the public
 * name as SNI and Host, whatever DNS says. 0 when nothing answered. The certificate is cert-agent's to judge, not the probe's.
 * @see curl(1), --connect-to
 */
export async function probe(
  domain: string,
  path: string,
  { run, target, inHostNetwork }: ProbeDeps,
  signal: AbortSignal,
) {
  const curl = ["curl", "--silent", "--insecure", "--output", "/dev/null", "--write-out", "%{http_code}"];
  const where = ["--max-time", String(ASK_TIMEOUT_S), "--connect-to", `::${target}`, `https://${domain}${path}`];
  const [program, ...args] = [...(inHostNetwork ? IN_HOST_NETWORK : []), ...curl, ...where];
  // Any exit of curl is an answer to the question: it printed 000.
  const okExitCodes = Array.from({ length: 100 }, (_, code) => code);
  const { stdout } = await run(program, args, { timeoutMs: (ASK_TIMEOUT_S + 5) * 1000, signal, okExitCodes });
  return Number(stdout.trim()) || 0;
}

/** Whether the application answers, and not with a fault of its own or a page in its place. */
export async function answers(...question: Parameters<typeof probe>): Promise<boolean> {
  return isAnswer(await probe(...question));
}

const isAnswer = (status: number): boolean => status >= 200 && status < 500;

/** Waits until the application answers below 500. @throws OperatorError `APPLICATION_SILENT` with what it answered last. */
export async function waitForApplication(
  domain: string,
  path: string,
  deps: ProbeDeps,
  timeoutMs: number,
  signal: AbortSignal,
) {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const status = await probe(domain, path, deps, signal);
    if (isAnswer(status)) return;
    if (performance.now() > deadline) throw silent(domain, path, status);
    await sleep(TRY_EVERY_MS, undefined, { signal });
  }
}

function silent(domain: string, path: string, status: number): OperatorError {
  const answer = status ? `answers with ${status}` : "does not answer";
  return new OperatorError("APPLICATION_SILENT", `The application ${answer} at https://${domain}${path}.`, {
    remedy: "Read why with `appliance logs ecs.web`, then run `appliance apply`.",
  });
}
