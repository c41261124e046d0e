import { spawn, type ChildProcess } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createDns, type Dns } from "../index.ts";

export interface DnsServer {
  /** 127.0.0.1 and a port. */
  address: string;
  dns: Dns;
  stop(): Promise<void>;
}

/** What a name server of the domain would know. */
const FIXED = ["no-resolv", "no-hosts", "bind-interfaces", "listen-address=127.0.0.1", "local=/#/"];

/** A dnsmasq that knows these lines of its configuration and that nothing else exists. */
export async function startDnsServer(records: readonly string[]): Promise<DnsServer> {
  const folder = mkdtempSync(join(tmpdir(), "dns-"));
  const file = join(folder, "dnsmasq.conf");
  const port = await freePort();
  writeFileSync(file, [...FIXED, `port=${port}`, ...records, ""].join("\n"));
  const server = spawn("dnsmasq", ["--no-daemon", `--conf-file=${file}`, "--user=root", "--pid-file="], {
    stdio: "ignore",
  });
  const address = `127.0.0.1:${port}`;
  const dns = createDns({ server: address });
  await untilAnswers(dns, server);
  const stop = async () => {
    server.kill();
    if (server.exitCode === null) await once(server, "exit");
    rmSync(folder, { recursive: true });
  };
  return { address, dns, stop };
}

/** A resolver that takes every question and answers none. */
export async function startSilentServer(): Promise<{ address: string; stop(): void }> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  return { address: `127.0.0.1:${socket.address().port}`, stop: () => socket.close() };
}

async function freePort(): Promise<number> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  return port;
}

async function untilAnswers(dns: Dns, server: ChildProcess): Promise<void> {
  for (let look = 0; look < 100 && server.exitCode === null; look += 1) {
    if (await dns.addresses("nowhere.invalid").catch(() => undefined)) return;
    await sleep(20);
  }
  throw new Error(`dnsmasq does not answer (exit code ${server.exitCode})`);
}
