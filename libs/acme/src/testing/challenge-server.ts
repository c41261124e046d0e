import { once } from "node:events";
import { createServer } from "node:http";
import type { Challenges, HttpChallenge } from "../authorize.ts";

/** What stands on port 80 in place of nginx. */
export interface ChallengeServer extends Challenges {
  /** Every challenge that was placed, in order. */
  placed: HttpChallenge[];
  /** Those that were not removed yet, by token. */
  present: Map<string, HttpChallenge>;
  stop(): Promise<void>;
}

const PATH = "/.well-known/acme-challenge/";

/** Answers challenges on this port of 127.0.0.1. */
export async function startChallengeServer(port: number): Promise<ChallengeServer> {
  const placed: HttpChallenge[] = [];
  const present = new Map<string, HttpChallenge>();
  const server = createServer(({ url = "" }, answer) => {
    const challenge = url.startsWith(PATH) ? present.get(url.slice(PATH.length)) : undefined;
    answer.writeHead(challenge ? 200 : 404).end(challenge?.keyAuthorization);
  }).listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    placed,
    present,
    place(challenge) {
      placed.push(challenge);
      present.set(challenge.token, challenge);
    },
    remove: ({ token }) => void present.delete(token),
    async stop() {
      server.closeAllConnections();
      await once(server.close(), "close");
    },
  };
}
