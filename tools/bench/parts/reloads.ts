import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { selfSigned, type Keyed } from "../certificates.ts";
import { plain, quantile, spread, type Figure } from "../figure.ts";
import { startNginxAlone, type NginxAlone } from "../nginx-container.ts";

const RELOADS = 100;
const HANDSHAKES = 10_000;
const CLIENTS = 20;
const HANDSHAKE_LIMIT_MS = 10_000;

/** Which certificate may be served: reported in service, and asked for. Their serials count up from 1. */
interface Progress {
  served: number;
  asked: number;
  isOver: boolean;
}

interface Tally {
  milliseconds: number[];
  /** What went wrong → how often. */
  failures: Map<string, number>;
  /** Handshakes with a certificate that was neither the one in service nor the one asked for. */
  foreign: number;
}

/** The certificate of the host changes again and again while clients connect. */
export async function reloads(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "reloads-"));
  const nginx = await startNginxAlone();
  try {
    const certificates: Keyed[] = [];
    for (let serial = 1; serial <= RELOADS + 1; serial += 1) certificates.push(await selfSigned(folder, serial));
    return await measure(nginx, certificates);
  } finally {
    await nginx.remove();
    rmSync(folder, { recursive: true });
  }
}

async function measure(nginx: NginxAlone, [first, ...others]: readonly Keyed[]): Promise<Figure[]> {
  const progress: Progress = { served: 1, asked: 1, isOver: false };
  const tally: Tally = { milliseconds: [], failures: new Map(), foreign: 0 };
  await nginx.publish("tls", filesOf(first!));
  const clients = Array.from({ length: CLIENTS }, () => connectAgainAndAgain(nginx.port, progress, tally));
  const seconds: number[] = [];
  try {
    for (const certificate of others) seconds.push(await change(nginx, certificate, progress));
  } finally {
    progress.isOver = true;
    await Promise.all(clients);
  }
  return figuresOf(tally, seconds);
}

/** @returns seconds from the switch of the link to nginx' report */
async function change(nginx: NginxAlone, certificate: Keyed, progress: Progress): Promise<number> {
  progress.asked += 1;
  const { switchedAt, servedAt } = await nginx.publish("tls", filesOf(certificate));
  progress.served = progress.asked;
  return (servedAt - switchedAt) / 1000;
}

const filesOf = ({ key, cert }: Keyed) => ({ "server.key": key, "server.crt": cert });

/** Goes on until all changes are made and enough handshakes too. */
async function connectAgainAndAgain(port: number, progress: Progress, tally: Tally): Promise<void> {
  while (!progress.isOver || tally.milliseconds.length < HANDSHAKES) {
    const [oldest, begun] = [progress.served, performance.now()];
    const outcome = await handshake(port);
    tally.milliseconds.push(performance.now() - begun);
    if (typeof outcome === "string") tally.failures.set(outcome, (tally.failures.get(outcome) ?? 0) + 1);
    else if (outcome < oldest || outcome > progress.asked) tally.foreign += 1;
  }
}

/** @returns the serial number of the certificate that was served, or what went wrong */
function handshake(port: number): Promise<number | string> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port, servername: "bench.test", rejectUnauthorized: false });
    socket.setTimeout(HANDSHAKE_LIMIT_MS, () => socket.destroy(new Error("timeout")));
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.once("secureConnect", () => {
      resolve(Number.parseInt(socket.getPeerCertificate().serialNumber, 16));
      socket.destroy();
    });
  });
}

function figuresOf({ milliseconds, failures, foreign }: Tally, seconds: readonly number[]): Figure[] {
  const failed = [...failures.values()].reduce((total, count) => total + count, 0);
  const why = [...failures].map(([reason, count]) => `${count} ${reason}`).join(", ");
  const of = `of ${milliseconds.length}`;
  return [
    {
      name: `failed handshakes during ${RELOADS} changes of the certificate, ${CLIENTS} clients`,
      measured: `${failed} ${of}${why ? ` (${why})` : ""}`,
      beside: `0 of ${HANDSHAKES}`,
      met: failed === 0 && milliseconds.length >= HANDSHAKES,
    },
    {
      name: "handshakes with a certificate that is neither the old nor the new one",
      measured: `${foreign} ${of}`,
      beside: "0",
      met: foreign === 0,
    },
    plain("from the switch of the link until nginx says that it serves it", spread(seconds, "s")),
    plain(
      "a handshake: median, 99 of 100",
      [0.5, 0.99].map((share) => `${quantile(milliseconds, share).toFixed(0)} ms`).join(", "),
    ),
  ];
}
