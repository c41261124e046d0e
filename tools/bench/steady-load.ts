import { Agent, request } from "node:https";
import type { Socket } from "node:net";

export interface LoadOptions {
  url: URL;
  perSecond: number;
  connections: number;
  /** False asks with `Connection: close`, a connection for each request. */
  keepAlive: boolean;
}

export interface LoadResult {
  requests: number;
  /** Reset on a reused idle connection and good on one retry, as every browser does it: counted apart, not as failed. */
  retried: number;
  /** What went wrong → how often. */
  failures: ReadonlyMap<string, number>;
  /** Of each request that was answered, from when it was due: the wait for a free connection is part of it. */
  milliseconds: readonly number[];
}

/** What became of one GET. */
type Answer = { ok: true } | { ok: false; why: string; isStaleConnection: boolean };

const TICK_MS = 10;
const TIMEOUT_MS = 10_000;

/** Asks for one URL so many times a second, however long the answers take, until it is stopped. */
export function startLoad(options: LoadOptions): { stop(): Promise<LoadResult> } {
  const agent = new Agent({ keepAlive: options.keepAlive, maxSockets: options.connections });
  const failures = new Map<string, number>();
  const milliseconds: number[] = [];
  const underWay = new Set<Promise<void>>();
  const startedAt = performance.now();
  let requests = 0;
  let retried = 0;

  async function askOnce(dueAt: number): Promise<void> {
    let answer = await get(options, agent);
    if (!answer.ok && answer.isStaleConnection) {
      answer = await get(options, false); // by a connection of its own, as browsers do it
      if (answer.ok) retried += 1;
    }
    if (answer.ok) milliseconds.push(performance.now() - dueAt);
    else failures.set(answer.why, (failures.get(answer.why) ?? 0) + 1);
  }

  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startedAt) / 1000) * options.perSecond);
    for (; requests < due; requests += 1) {
      const work: Promise<void> = askOnce(startedAt + (requests / options.perSecond) * 1000).finally(() =>
        underWay.delete(work),
      );
      underWay.add(work);
    }
  }, TICK_MS);

  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(underWay);
      agent.destroy();
      return { requests, retried, failures, milliseconds };
    },
  };
}

export function countFailures({ failures }: LoadResult): number {
  return [...failures.values()].reduce((sum, count) => sum + count, 0);
}

/** Sockets that have carried a request: Node's own mark leaves out those that were handed on without a pause. */
const used = new WeakSet<Socket>();

/** One GET, its answer read to the end. The certificate is self-signed. */
function get({ url, keepAlive }: LoadOptions, agent: Agent | false): Promise<Answer> {
  return new Promise((resolve) => {
    let isReused = false;
    const fail = (why: string, isStaleConnection = false) => resolve({ ok: false, why, isStaleConnection });
    // Said in so many words: an agent with a limit of connections hands them on even when it is to keep none alive.
    const headers = { host: "localhost", ...(keepAlive ? {} : { connection: "close" }) };
    const call = request(url, { agent, headers, servername: "localhost", rejectUnauthorized: false }, (response) => {
      response.once("error", ({ message }) => fail(`the answer broke off: ${message}`));
      response.once("end", () => {
        if (response.statusCode === 200) resolve({ ok: true });
        else fail(`answered with ${response.statusCode}`);
      });
      response.resume();
    });
    call.once("socket", (socket) => {
      isReused = used.has(socket);
      used.add(socket);
    });
    call.setTimeout(TIMEOUT_MS, () => call.destroy(new Error("no answer in time")));
    call.once("error", (error: NodeJS.ErrnoException) => fail(error.code ?? error.message, isReused && isReset(error)));
    call.end();
  });
}

/** The other side closed the connection before it took the request. */
function isReset({ code }: NodeJS.ErrnoException): boolean {
  return code === "ECONNRESET" || code === "EPIPE";
}
