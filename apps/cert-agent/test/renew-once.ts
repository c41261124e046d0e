/**
 * One renewal in a process of its own, for tests that kill it: what it needs stands in FACTS as JSON. Prints its report, and what
 * was put into service stays in its memory alone.
 */
import { runCommand } from "@appliance/command";
import { createHostCertificate, type RenewOptions } from "../src/host-certificate/index.ts";

const facts = JSON.parse(process.env["FACTS"] ?? "{}") as {
  folder: string;
  challengeFolder: string;
  port: number;
  wanted: Parameters<ReturnType<typeof createHostCertificate>["renew"]>[0];
};

const agent = createHostCertificate({
  ...facts,
  target: { address: "127.0.0.1", port: facts.port },
  builtAt: new Date("2020-01-01T00:00:00Z"),
  run: runCommand,
  log: { info: () => {}, warn: () => {} },
  now: () => new Date(),
  acmeOptions: { retryDelayMs: 20, patienceMs: 100 },
  dns: { addressesOf: () => Promise.resolve(["127.0.0.1"]), publicPort: facts.port },
});
const options: RenewOptions = { asked: "by nobody", put: (_certificate, proven) => proven() };
console.log(JSON.stringify(await agent.renew(facts.wanted, options, AbortSignal.timeout(50_000))));
