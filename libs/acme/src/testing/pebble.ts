import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import type { IncomingMessage } from "node:http";
import { freePorts, whenListening } from "./ports.ts";

const run = promisify(execFile);

export interface PebbleOptions {
  /** Share of good nonces that are refused, 0 to 100; 0 unless given. */
  nonceReject?: number;
  /** How often a valid authorization is used again, 0 to 100; 0 unless given. */
  authzReuse?: number;
  /** Longest random wait before a validation; none unless given. */
  sleepSeconds?: number;
  /** Certificates between the leaf and the root; 1 unless given. */
  chainLength?: number;
  /** Further roots, each with a chain of its own. */
  alternateRoots?: number;
  /** Lifetime of what is issued; Pebble's five years unless given. */
  validitySeconds?: number;
  /** Key id and HMAC key in base64url; accounts then need one of them. */
  bindings?: Record<string, string>;
  blockedNames?: readonly string[];
}

/** A Pebble and its DNS server of a test's own. Every name is 127.0.0.1 until `setAddress` says otherwise. */
export interface Pebble {
  directoryUrl: string;
  /** PEM of what its own HTTPS is trusted by. */
  ca: string;
  /** File with that PEM, for NODE_EXTRA_CA_CERTS. */
  caFile: string;
  /** Key and certificate of its HTTPS, which hold for 127.0.0.1 and localhost. */
  tls: { key: string; cert: string };
  /** Where it looks for HTTP-01 answers instead of port 80. */
  httpPort: number;
  /** The root of the chain with this number, 0 unless given, as PEM. */
  root(chain?: number): Promise<string>;
  /** `Valid` or `Revoked`, by the certificate's serial number in hexadecimal. */
  statusOf(serial: string): Promise<string>;
  /** What its DNS answers for A. An empty address takes the answer away. */
  setAddress(name: string, address: string): Promise<void>;
  /** Answers every question for the name with SERVFAIL. */
  failDns(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** @throws Error when `pebble` or `pebble-challtestsrv` (Debian package `pebble`) does not start */
export async function startPebble(options: PebbleOptions = {}): Promise<Pebble> {
  const folder = await mkdtemp(join(tmpdir(), "pebble-"));
  const [port = 0, management = 0, httpPort = 0, tlsPort = 0, dns = 0, dnsManagement = 0] = await freePorts(6);
  const tls = await createTlsFiles(folder);
  const config = join(folder, "pebble.json");
  await writeFile(
    config,
    JSON.stringify({ pebble: configOf(options, folder, { port, management, httpPort, tlsPort }) }),
  );
  const programs = [
    start("pebble-challtestsrv", challtestsrvArguments(dns, dnsManagement)),
    start("pebble", ["-config", config, "-dnsserver", `127.0.0.1:${dns}`], environmentOf(options)),
  ];
  const stop = async () => {
    await Promise.all(programs.map(end));
    await rm(folder, { recursive: true, force: true });
  };
  await whenAllListen(programs, [port, management, dnsManagement], stop);
  const manage = (path: string) => get(`https://127.0.0.1:${management}${path}`, tls.cert);
  const setDns = (path: string, data: unknown) =>
    fetch(`http://127.0.0.1:${dnsManagement}/${path}`, { method: "POST", body: JSON.stringify(data) });
  return {
    directoryUrl: `https://127.0.0.1:${port}/dir`,
    ca: tls.cert,
    caFile: join(folder, "tls.crt"),
    tls,
    httpPort,
    root: (chain = 0) => manage(`/roots/${chain}`),
    statusOf: async (serial) => statusIn(await manage(`/cert-status-by-serial/${serial.toLowerCase()}`)),
    async setAddress(name, address) {
      await setDns("clear-a", { host: `${name}.` });
      if (address !== "") await setDns("add-a", { host: `${name}.`, addresses: [address] });
    },
    async failDns(name) {
      await setDns("set-servfail", { host: `${name}.` });
    },
    stop,
  };
}

interface Ports {
  port: number;
  management: number;
  httpPort: number;
  tlsPort: number;
}

function configOf(options: PebbleOptions, folder: string, { port, management, httpPort, tlsPort }: Ports) {
  const { bindings, blockedNames, validitySeconds } = options;
  return {
    listenAddress: `127.0.0.1:${port}`,
    managementListenAddress: `127.0.0.1:${management}`,
    certificate: join(folder, "tls.crt"),
    privateKey: join(folder, "tls.key"),
    httpPort,
    tlsPort,
    externalAccountBindingRequired: bindings !== undefined,
    ...(bindings && { externalAccountMACKeys: bindings }),
    ...(blockedNames && { domainBlocklist: blockedNames }),
    ...(validitySeconds && { certificateValidityPeriod: validitySeconds }),
  };
}

function environmentOf({ nonceReject = 0, authzReuse = 0, sleepSeconds, ...chains }: PebbleOptions) {
  return {
    PEBBLE_WFE_NONCEREJECT: String(nonceReject),
    PEBBLE_AUTHZREUSE: String(authzReuse),
    ...(sleepSeconds === undefined ? { PEBBLE_VA_NOSLEEP: "1" } : { PEBBLE_VA_SLEEPTIME: String(sleepSeconds) }),
    PEBBLE_CHAIN_LENGTH: String(chains.chainLength ?? 1),
    PEBBLE_ALTERNATE_ROOTS: String(chains.alternateRoots ?? 0),
  };
}

/** Its answers for AAAA are none: the tests' servers listen on IPv4. */
function challtestsrvArguments(dns: number, management: number): string[] {
  const served = { dns01: `127.0.0.1:${dns}`, management: `127.0.0.1:${management}`, defaultIPv6: "" };
  const notServed = { http01: "", https01: "", tlsalpn01: "" };
  return Object.entries({ ...served, ...notServed }).flatMap(([name, value]) => [`-${name}`, value]);
}

function start(program: string, args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  const child = spawn(program, args, { stdio: "ignore", env: { ...process.env, ...env } });
  child.on("error", () => {}); // the wait for its port tells
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL"); // it holds nothing worth keeping
  await exited;
}

async function whenAllListen(programs: ChildProcess[], ports: number[], stop: () => Promise<void>): Promise<void> {
  const isOver = () => programs.some(({ exitCode, pid }) => exitCode !== null || pid === undefined);
  for (const port of ports) {
    if (await whenListening(port, isOver)) continue;
    await stop();
    throw new Error("pebble or pebble-challtestsrv does not start; install the Debian package pebble");
  }
}

/** A self-signed certificate for 127.0.0.1 and localhost. */
async function createTlsFiles(folder: string): Promise<{ key: string; cert: string }> {
  const [key, cert] = [join(folder, "tls.key"), join(folder, "tls.crt")];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const names = ["-subj", "/CN=pebble", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"];
  await run("openssl", ["req", "-x509", ...curve, ...names, "-days", "2", "-keyout", key, "-out", cert]);
  return { key: await readFile(key, "utf8"), cert: await readFile(cert, "utf8") };
}

async function get(url: string, ca: string): Promise<string> {
  const [answer] = (await once(request(url, { ca, agent: false }).end(), "response")) as [IncomingMessage];
  return text(answer);
}

function statusIn(answer: string): string {
  return (JSON.parse(answer) as { Status: string }).Status;
}
