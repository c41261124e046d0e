import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect, type TLSSocket } from "node:tls";
import { setTimeout as sleep } from "node:timers/promises";

export interface Identity {
  cert: string;
  key: string;
}

/** A connection that a client keeps as long as it can. */
export interface Held {
  isOpen: () => boolean;
  /** All that came from the server, once the connection is over. */
  ended: Promise<string>;
  close: () => void;
}

const GET = (path: string) => `GET ${path} HTTP/1.1\r\nHost: ecs.test\r\n\r\n`;

/** Something is being downloaded over HTTP/1.1 without an end. */
export async function holdDownload(port: number, identity: Identity): Promise<Held> {
  const socket = await open(port, identity);
  socket.write(GET("/endless"));
  return await held(socket);
}

/** A request was answered, and the connection is kept for the next one. */
export async function holdKeepAlive(port: number, identity: Identity): Promise<Held> {
  const socket = await open(port, identity);
  socket.write(GET("/"));
  return await held(socket);
}

/** One of the streams of an HTTP/2 connection downloads without an end. */
export async function holdHttp2(port: number, identity: Identity): Promise<Held> {
  const socket = await open(port, identity, ["h2"]);
  const session = connectHttp2("https://ecs.test", { createConnection: () => socket });
  const stream = session.request({ ":path": "/endless" });
  for (const emitter of [session, stream]) emitter.on("error", () => {}); // its end is what is waited for
  const answer = once(stream, "response");
  const ended = once(socket, "close").then(() => "");
  await answer;
  stream.resume();
  return { isOpen: () => !socket.destroyed, ended, close: () => session.destroy() };
}

/** Something is uploaded for this long, and the answer ends the connection. */
export async function holdUpload(port: number, identity: Identity, seconds: number): Promise<Held> {
  const socket = await open(port, identity);
  socket.write(`POST / HTTP/1.1\r\nHost: ecs.test\r\nConnection: close\r\nContent-Length: ${seconds * 10}\r\n\r\n`);
  void (async () => {
    for (let sent = 0; sent < seconds * 10 && socket.writable; sent += 1) {
      socket.write("x");
      await sleep(100);
    }
  })();
  return watch(socket);
}

async function open(port: number, identity: Identity, ALPNProtocols?: string[]): Promise<TLSSocket> {
  const protocols = ALPNProtocols ? { ALPNProtocols } : {};
  const target = { host: "127.0.0.1", port, servername: "ecs.test", rejectUnauthorized: false };
  const socket = connect({ ...target, ...identity, ...protocols });
  await once(socket, "secureConnect");
  socket.on("error", () => {}); // a reset is an end too
  return socket;
}

async function held(socket: TLSSocket): Promise<Held> {
  const watched = watch(socket);
  await once(socket, "data");
  return watched;
}

function watch(socket: TLSSocket): Held {
  let text = "";
  socket.on("data", (chunk: Buffer) => (text = (text + chunk.toString("latin1")).slice(0, 10_000)));
  const ended = once(socket, "close").then(() => text);
  return { isOpen: () => !socket.destroyed, ended, close: () => socket.destroy() };
}
