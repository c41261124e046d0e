import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import type { Pebble } from "./pebble.ts";

/** What goes wrong with one request. */
export type Fault =
  /** The answer comes from here; the authority never sees the request. */
  | { answer: number; headers?: Record<string, string>; body?: string }
  /** The connection is cut: before the authority sees the request, in the middle of its answer, or in place of it. */
  | { cut: "before" | "midway" | "after" }
  /** No answer at all. */
  | { hang: true }
  /** The answer comes a byte at a time, this long apart. */
  | { dribbleMs: number }
  /** The body of the authority's answer is another one. */
  | { change: (body: string) => string };

export interface SeenRequest {
  method: string;
  path: string;
  /** Milliseconds since 1970. */
  at: number;
  /** The payload of its JWS, decoded; undefined when it has none. */
  payload: unknown;
}

/** Stands between a client and a Pebble and has faults at will. */
export interface FaultProxy {
  /** The client's; every URL that comes from there leads through the proxy too. */
  directoryUrl: string;
  seen: SeenRequest[];
  /** The next requests whose path begins with `path` have these faults, one each; without one, they pass. */
  next(path: string, ...faults: Fault[]): void;
  /** Every request whose path begins with `path` has the fault, until `heal`. */
  always(path: string, fault: Fault): void;
  heal(): void;
  /**
   * Has the directory offer just this, whatever this Pebble's version has: profiles, which it may ignore, and renewal information,
   * which is answered with what the function gives.
   */
  offer(extension: { profiles?: Record<string, string>; renewalInfo?: (certificateId: string) => Fault }): void;
  stop(): Promise<void>;
}

const RENEWAL_INFO = "/renewal-info/";
const DRIBBLED_BYTES = 1_000_000;

export async function startFaultProxy(pebble: Pick<Pebble, "directoryUrl" | "ca" | "tls">): Promise<FaultProxy> {
  const seen: SeenRequest[] = [];
  const once_: { path: string; fault: Fault }[] = [];
  const always: { path: string; fault: Fault }[] = [];
  const faultOf = (path: string) => {
    const place = once_.findIndex((waiting) => path.startsWith(waiting.path));
    if (place >= 0) return once_.splice(place, 1)[0]?.fault;
    return always.find((standing) => path.startsWith(standing.path))?.fault;
  };
  let renewalInfo: ((certificateId: string) => Fault) | undefined;
  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const path = incoming.url ?? "/";
    const body = await buffer(incoming);
    seen.push({ method: incoming.method ?? "", path, at: Date.now(), payload: payloadOf(body) });
    const own = path.startsWith(RENEWAL_INFO) ? renewalInfo?.(path.slice(RENEWAL_INFO.length)) : undefined;
    await serve({ incoming, outgoing, body, pebble }, faultOf(path) ?? own);
  };
  const server = createServer({ ...pebble.tls }, (incoming, outgoing) => {
    handle(incoming, outgoing).catch(() => outgoing.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const base = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    directoryUrl: `${base}${new URL(pebble.directoryUrl).pathname}`,
    seen,
    next: (path, ...faults) => void once_.push(...faults.map((fault) => ({ path, fault }))),
    always: (path, fault) => void always.push({ path, fault }),
    heal: () => void always.splice(0),
    offer(extension) {
      renewalInfo = extension.renewalInfo;
      const change = (body: string) => JSON.stringify(extended(JSON.parse(body) as PlainDirectory, base, extension));
      always.push({ path: new URL(pebble.directoryUrl).pathname, fault: { change } });
    },
    async stop() {
      server.closeAllConnections();
      await once(server.close(), "close");
    },
  };
}

interface PlainDirectory {
  meta?: object;
  renewalInfo?: string;
}

function extended(directory: PlainDirectory, base: string, extension: Parameters<FaultProxy["offer"]>[0]) {
  const { profiles, renewalInfo } = extension;
  const { renewalInfo: _, ...plain } = directory;
  return {
    ...plain,
    ...(renewalInfo && { renewalInfo: `${base}${RENEWAL_INFO.slice(0, -1)}` }),
    meta: { ...directory.meta, ...(profiles && { profiles }) },
  };
}

interface Passing {
  incoming: IncomingMessage;
  outgoing: ServerResponse;
  body: Buffer;
  pebble: Pick<Pebble, "directoryUrl" | "ca">;
}

async function serve(passing: Passing, fault: Fault | undefined): Promise<void> {
  const { outgoing, incoming } = passing;
  if (fault && "hang" in fault) return;
  if (fault && "answer" in fault) return void outgoing.writeHead(fault.answer, fault.headers).end(fault.body);
  if (fault && "dribbleMs" in fault) return dribble(outgoing, fault.dribbleMs);
  if (fault && "cut" in fault && fault.cut === "before") return void incoming.socket.destroy();
  const { answer, body } = await forward(passing);
  if (fault && "cut" in fault && fault.cut === "after") return void incoming.socket.destroy();
  const shown = fault && "change" in fault ? Buffer.from(fault.change(body.toString())) : body;
  const { "transfer-encoding": _, ...headers } = answer.headers; // it is sent in one piece
  outgoing.writeHead(answer.statusCode ?? 502, { ...headers, "content-length": shown.length });
  if (!fault || !("cut" in fault)) return void outgoing.end(incoming.method === "HEAD" ? undefined : shown);
  outgoing.write(shown.subarray(0, shown.length / 2), () => incoming.socket.destroy());
}

/** The client's Host goes along, so that the URLs in the answers are the proxy's. */
async function forward({ incoming, body, pebble }: Passing): Promise<{ answer: IncomingMessage; body: Buffer }> {
  const { method, headers, url = "/" } = incoming;
  const target = new URL(url, pebble.directoryUrl);
  const sent = request(target, { method, headers, ca: pebble.ca, agent: false }).end(body);
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  return { answer, body: await buffer(answer) };
}

function dribble(outgoing: ServerResponse, everyMs: number): void {
  outgoing.writeHead(200, { "content-length": DRIBBLED_BYTES });
  const timer = setInterval(() => outgoing.write(" "), everyMs);
  outgoing.on("close", () => clearInterval(timer));
}

function payloadOf(body: Buffer): unknown {
  try {
    const { payload } = JSON.parse(body.toString()) as { payload: string };
    return JSON.parse(Buffer.from(payload, "base64url").toString());
  } catch {
    return undefined;
  }
}
