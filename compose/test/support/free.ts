import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { docker, lines } from "./docker.ts";

/** Ports that nobody listens on at this moment, each another one. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "0.0.0.0"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) server.close();
  return ports;
}

const FIRST = 90;
const LAST = 120;

/** The first two numbers of subnets that no network of the engine has, as APPLIANCE_SUBNET wants them. */
export async function freeSubnet(): Promise<string> {
  const names = await lines(["network", "ls", "--quiet"]);
  const taken = await docker(["network", "inspect", "--format", "{{range .IPAM.Config}}{{.Subnet}} {{end}}", ...names]);
  for (let second = FIRST; second <= LAST; second++) if (!taken.includes(`10.${second}.`)) return `10.${second}`;
  throw new Error(`the engine uses all of 10.${FIRST} to 10.${LAST}`);
}
