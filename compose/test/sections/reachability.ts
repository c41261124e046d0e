import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { run } from "../../../tools/lab/index.ts";
import type { Appliance } from "../support/appliance.ts";
import type { Inspected } from "../support/docker.ts";

/** Where each service listens. */
const LISTENING: Record<string, readonly number[]> = {
  queue: [6379],
  database: [5432],
  "config-agent": [8080],
  "update-agent": [8080],
  "cert-agent": [8080],
  "backup-agent": [8080],
  nginx: [8080, 8443],
  "ecs.web": [5000],
  "ecs.smtpd": [8025],
  redis: [6379],
  memcached: [11211],
  pdfas: [8080],
};
const SERVICES = [...Object.keys(LISTENING), "ecs.worker", "ecs.beat"];
const CONNECT = join(import.meta.dirname, "../support/connect.ts");
const ARCHITECTURE = join(import.meta.dirname, "../../../docs/architecture.md");

/** Who reaches whom, compared with the table of networks in docs/architecture.md. */
export function reachability(appliance: Appliance): void {
  describe("networks", () => {
    let containers: Map<string, Inspected>;
    beforeAll(async () => {
      containers = await appliance.containers();
    });
    const at = (service: string) => containers.get(service)!;

    it("let each service reach those that the architecture declares, and no others", async () => {
      const declared = declaredPairs();
      const found = await Promise.all(SERVICES.map((from) => reachedFrom(at(from).State.Pid, from, containers)));
      expect(found.flat().sort()).toEqual(declared);
    });

    it("let nobody reach an agent by an address of the host", async () => {
      const gateway = (await run("ip", ["-4", "-o", "addr", "show", "scope", "global"])).stdout;
      const addresses = [...gateway.matchAll(/inet ([\d.]+)\//g)].map(([, address]) => address ?? "");
      const ports = Object.values(appliance.agentPorts);
      const targets = addresses.flatMap((address) => ports.map((port) => ({ address, port })));
      for (const pid of ["self", ...SERVICES.map((service) => at(service).State.Pid)])
        expect(await connected(pid, targets)).toEqual([]);
      const local = ports.map((port) => ({ address: "127.0.0.1", port }));
      expect(await connected("self", local)).toEqual(local);
    });

    it("give an agent's answers only to who has its token", async () => {
      for (const port of Object.values(appliance.agentPorts)) {
        const ask = (headers: Record<string, string>) => fetch(`http://127.0.0.1:${port}/jobs`, { headers });
        expect((await ask({})).status).toBe(401);
        expect((await ask({ authorization: "Bearer wrong" })).status).toBe(401);
        expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
      }
      const token = appliance.read("var/lib/appliance/secrets/config-agent/http-token").toString().trim();
      const answer = await fetch(`http://127.0.0.1:${appliance.agentPorts["config-agent"]}/jobs`, {
        headers: { authorization: `Bearer ${token}` },
      });
      expect(answer.status).toBe(200);
    });
  });
}

/** `FROM → TO` for each two services that the table puts into one network; `ops` joins nobody. */
function declaredPairs(): string[] {
  const rows = [...readFileSync(ARCHITECTURE, "utf8").matchAll(/^\| `(front|queue|db|mail|app)` \| (.*) \| 10\./gm)];
  expect(rows).toHaveLength(5);
  const pairs = new Set<string>();
  for (const [, , who = ""] of rows) {
    const members = SERVICES.filter((service) => who.includes(`\`${service}\``));
    for (const from of members)
      for (const to of members) if (from !== to && to in LISTENING) pairs.add(`${from} → ${to}`);
  }
  return [...pairs].sort();
}

async function reachedFrom(pid: number, from: string, containers: ReadonlyMap<string, Inspected>): Promise<string[]> {
  const targets = Object.entries(LISTENING).flatMap(([service, ports]) =>
    addressesOf(containers.get(service)!).flatMap((address) => ports.map((port) => ({ service, address, port }))),
  );
  const reached = await connected(
    pid,
    targets.filter(({ service }) => service !== from),
  );
  return [...new Set(reached.map(({ service }) => `${from} → ${service}`))];
}

const addressesOf = ({ NetworkSettings }: Inspected) =>
  Object.values(NetworkSettings.Networks).map(({ IPAddress }) => IPAddress);

/** The targets that a process in the network namespace of `pid` gets a TCP connection to, all tried at once. */
async function connected<T extends { address: string; port: number }>(
  pid: number | string,
  targets: T[],
): Promise<T[]> {
  const names = targets.map(({ address, port }) => `${address}/${port}`);
  const { stdout } = await run("nsenter", [`--net=/proc/${pid}/ns/net`, process.execPath, CONNECT, ...names]);
  const reached = new Set(stdout.split("\n"));
  return targets.filter((_, index) => reached.has(names[index] ?? ""));
}
