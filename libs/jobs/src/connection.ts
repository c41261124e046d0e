import { once } from "node:events";
import { Redis, type RedisOptions } from "ioredis";
import type { Log } from "./log.ts";

/** Where the queue is and who is asking. */
export interface QueueConnection {
  /** `redis://host:port` */
  url: string;
  /** The Redis user: the agent's own name. */
  username?: string;
  password?: string;
}

/** A Redis that hangs without closing its connection must not hold up an answer for longer. */
const COMMAND_TIMEOUT_MS = 5000;
const FIRST_CONNECTION_MS = 1000;
const LONGEST_RECONNECT_PAUSE_MS = 2000;

type Patience = Pick<RedisOptions, "enableOfflineQueue" | "maxRetriesPerRequest" | "commandTimeout">;

/** Reconnects for ever: a queue that was away for an hour is used again within seconds. */
const reconnectPause = (times: number): number => Math.min(100 * 2 ** Math.min(times, 10), LONGEST_RECONNECT_PAUSE_MS);

/** For asking and looking: a command fails at once while Redis is away, so that the caller can decide. */
export function connectProducer(connection: QueueConnection, log?: Log): Redis {
  return connect(connection, log, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_TIMEOUT_MS,
  });
}

/** Waits while a connection is being made, at most a second: right after a start nothing is amiss yet. */
export async function firstConnection(redis: Redis): Promise<void> {
  if (redis.status !== "connecting" && redis.status !== "connect") return;
  const waiting = new AbortController();
  const signal = AbortSignal.any([waiting.signal, AbortSignal.timeout(FIRST_CONNECTION_MS)]);
  // `once` also ends with the connection's error; the command that follows tells the caller what is wrong.
  await Promise.any([once(redis, "ready", { signal }), once(redis, "close", { signal })]).catch(() => {});
  waiting.abort();
}

/** For workers: a command waits until Redis is back, because a job that is under way has nowhere else to go. */
export function connectWorker(connection: QueueConnection, log?: Log): Redis {
  return connect(connection, log, { maxRetriesPerRequest: null });
}

function connect({ url, username, password }: QueueConnection, log: Log | undefined, patience: Patience): Redis {
  const redis = new Redis(url, {
    ...patience,
    ...(password === undefined ? {} : { username: username ?? "default", password }),
    disableClientInfo: true, // CLIENT SETINFO is unknown to Redis 7.0
    retryStrategy: reconnectPause,
  });
  reportOnce(redis, log);
  return redis;
}

/** One line when the queue goes away and one when it is back, not one a second. */
function reportOnce(redis: Redis, log: Log | undefined): void {
  let away = false;
  redis.on("error", (error: Error) => {
    if (!away) log?.warn({ err: error }, "queue is away");
    away = true;
  });
  redis.on("ready", () => {
    if (away) log?.info({}, "queue is back");
    away = false;
  });
}
