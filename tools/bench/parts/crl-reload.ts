import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { clientAuthority, selfSigned, type ClientAuthority, type Keyed } from "../certificates.ts";
import { below, type Figure } from "../figure.ts";
import { startNginxAlone, type NginxAlone } from "../nginx-container.ts";

const REVOKED = 10_000;
const ROUNDS = 5;
const RELOAD_LIMIT_S = 2;
const REFUSED_LIMIT_S = 60;
const ENDED_LIMIT_S = 30;
/** A download that would take minutes. */
const SITE = `server {
  listen 8443 ssl default_server;
  ssl_certificate tls/server.crt;
  ssl_certificate_key tls/server.key;
  location / { return 204; }
  location = /slow {
    limit_rate 20;
    alias /etc/nginx/mime.types;
  }
}
`;

interface Round {
  reloadSeconds: number;
  refusedSeconds: number;
  endedSeconds: number;
}

/** One more certificate is revoked, beside thousands, while its owner is connected. */
export async function crlReload(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "crl-reload-"));
  const nginx = await startNginxAlone();
  try {
    const authority = await clientAuthority(join(folder, "authority"), REVOKED);
    const { key, cert } = await selfSigned(folder, 1);
    const server = { "server.key": key, "server.crt": cert };
    await nginx.publish("tls", { ...server, ...(await authority.files()) });
    await nginx.publish("site", { "site.conf": SITE });
    const rounds: Round[] = [];
    for (let round = 0; round < ROUNDS; round += 1)
      rounds.push(await revokeOne(`user-${round}`, authority, server, nginx));
    return figuresOf(rounds);
  } finally {
    await nginx.remove();
    rmSync(folder, { recursive: true });
  }
}

/** @returns seconds from the switch of the link */
async function revokeOne(
  name: string,
  authority: ClientAuthority,
  server: Record<string, string>,
  nginx: NginxAlone,
): Promise<Round> {
  const person = await authority.issue(name);
  if ((await statusFor(person, nginx.port)) !== 204) throw new Error("a good certificate is refused");
  const download = await startDownload(person, nginx.port);
  await authority.revoke(name);
  const files = { ...server, ...(await authority.files()), "end-connections": "" };
  const [{ switchedAt, servedAt }, refusedAt, endedAt] = await Promise.all([
    nginx.publish("tls", files),
    untilRefused(person, nginx.port),
    download.ended,
  ]);
  const seconds = (at: number) => (at - switchedAt) / 1000;
  return {
    reloadSeconds: seconds(servedAt),
    refusedSeconds: seconds(refusedAt),
    endedSeconds: seconds(endedAt),
  };
}

async function untilRefused(person: Keyed, port: number): Promise<number> {
  for (const end = performance.now() + REFUSED_LIMIT_S * 1000; performance.now() < end;)
    if ((await statusFor(person, port)) !== 204) return performance.now();
  throw new Error(`a revoked certificate is still good after ${REFUSED_LIMIT_S} s`);
}

/** One request by a connection of its own. */
function statusFor({ key, cert }: Keyed, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, key, cert, agent: false, rejectUnauthorized: false });
    asked.on("error", reject);
    asked.on("response", (answer) => {
      answer.resume().on("end", () => resolve(answer.statusCode ?? 0));
    });
    asked.end();
  });
}

async function startDownload({ key, cert }: Keyed, port: number): Promise<{ ended: Promise<number> }> {
  const socket = connect({ host: "127.0.0.1", port, key, cert, rejectUnauthorized: false });
  socket.on("error", () => {}); // a reset is an end too
  socket.write("GET /slow HTTP/1.1\r\nHost: bench.test\r\n\r\n");
  await once(socket, "data");
  const closed = once(socket.resume(), "close");
  return { ended: closed.then(() => performance.now()) };
}

function figuresOf(rounds: readonly Round[]): Figure[] {
  const of = (name: keyof Round) => rounds.map((round) => round[name]);
  return [
    below(`a list with ${REVOKED} entries is in service`, of("reloadSeconds"), RELOAD_LIMIT_S, "s"),
    below("a revoked certificate is refused", of("refusedSeconds"), REFUSED_LIMIT_S, "s"),
    below("its open download has ended", of("endedSeconds"), ENDED_LIMIT_S, "s"),
  ];
}
