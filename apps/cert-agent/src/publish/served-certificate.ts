import { once } from "node:events";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { X509Certificate } from "node:crypto";

/** A place where the host's certificate may be served. */
export interface Listener {
  address: string;
  port: number;
  /** The name that is asked for. */
  name: string;
  /** Mail: another program than nginx listens there, or none. */
  isMail: boolean;
  /** It speaks in clear until STARTTLS. */
  startTls: boolean;
}

const PATIENCE_MS = 5000;

/**
 * The certificate that is served there now; undefined where nothing answers as TLS. It is not judged: a self-signed one is as good
 * as any for telling which one is in service.
 */
export async function servedCertificate(where: Listener, signal: AbortSignal): Promise<X509Certificate | undefined> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
  const socket = connectTcp({ host: where.address, port: where.port });
  socket.on("error", () => {}); // whoever waits for it is told
  const giveUp = () => socket.destroy();
  limited.addEventListener("abort", giveUp, { once: true });
  try {
    await once(socket, "connect", { signal: limited });
    if (where.startTls) await askForTls(socket, limited);
    return await handshake(socket, where.name, limited);
  } catch {
    signal.throwIfAborted();
    return undefined;
  } finally {
    limited.removeEventListener("abort", giveUp);
    socket.destroy();
  }
}

async function handshake(socket: Socket, name: string, signal: AbortSignal): Promise<X509Certificate | undefined> {
  const servername = isIP(name) ? {} : { servername: name }; // an address is no server name (RFC 6066)
  const tls: TLSSocket = connectTls({ socket, ...servername, rejectUnauthorized: false });
  tls.on("error", () => {});
  try {
    await once(tls, "secureConnect", { signal });
    return tls.getPeerX509Certificate();
  } finally {
    tls.destroy();
  }
}

/** @see RFC 3207 */
async function askForTls(socket: Socket, signal: AbortSignal): Promise<void> {
  await reply(socket, "220", signal);
  socket.write("EHLO localhost\r\n");
  await reply(socket, "250", signal);
  socket.write("STARTTLS\r\n");
  await reply(socket, "220", signal);
}

/** One reply of an SMTP server, all its lines: the last has a space behind its code. */
async function reply(socket: Socket, code: string, signal: AbortSignal): Promise<void> {
  let text = "";
  while (!/^\d{3} [^\n]*\n/m.test(text)) {
    const [chunk] = (await once(socket, "data", { signal })) as [Buffer];
    text += chunk.toString("latin1");
    if (text.length > 8192) throw new Error("no SMTP server");
  }
  if (!text.startsWith(code)) throw new Error("it refuses");
}
