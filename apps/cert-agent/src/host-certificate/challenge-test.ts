import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import type { NameFailure } from "@appliance/acme";
import { OperatorError } from "@appliance/errors";
import { CHALLENGE_PATH, type TestAnswer } from "./challenge-folder.ts";

/** Where a question goes, whatever DNS says of the name. */
export interface Target {
  address: string;
  port: number;
}

const TIMEOUT_MS = 10_000;
/** Names asked at the same time: a host may have a hundred. */
const AT_ONCE = 8;

/** What is wrong with the answer that `target` gives for the name; undefined when it is the test answer. */
export async function whyNotAnswered(
  { address, port }: Target,
  name: string,
  answer: TestAnswer,
  signal: AbortSignal,
): Promise<{ kind: "silent" | "other"; detail: string } | undefined> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const path = `${CHALLENGE_PATH}${answer.token}`;
  try {
    const asked = request({ host: address, port, path, headers: { host: name }, agent: false, signal: limit }).end();
    const [response] = (await once(asked, "response", { signal: limit })) as [IncomingMessage];
    if (response.statusCode !== 200) {
      response.on("error", () => {}).destroy();
      return { kind: "other", detail: `status ${response.statusCode}` };
    }
    const isSame = (await text(response)) === answer.body;
    return isSame ? undefined : { kind: "other", detail: "an answer of another server" };
  } catch (error) {
    signal.throwIfAborted();
    if (limit.aborted) return { kind: "silent", detail: `no answer within ${TIMEOUT_MS / 1000} s` };
    const code = error instanceof Error && "code" in error ? String(error.code) : "connection lost";
    return { kind: "silent", detail: code };
  }
}

/** This host does not answer challenges by itself, so that no authority is asked to look. */
export class ChallengeUnreachable extends OperatorError {
  readonly failures: readonly NameFailure[];

  constructor({ address, port }: Target, failures: readonly NameFailure[]) {
    const list = failures.map(({ name, detail }) => `${name}: ${detail}`).join("; ");
    super("CHALLENGE_UNREACHABLE", `Port ${port} of this host (${address}) does not answer challenges: ${list}.`, {
      remedy:
        "Look whether nginx runs and has port 80 (`appliance status`), and that no other program uses it. It is tried again by itself.",
    });
    this.failures = failures;
  }
}

/** @throws ChallengeUnreachable with each name for which this host's own port does not give the test answer */
export async function testOwnPort(target: Target, names: readonly string[], answer: TestAnswer, signal: AbortSignal) {
  const asked = await inGroups(names, async (name) => ({
    name,
    ...(await whyNotAnswered(target, name, answer, signal)),
  }));
  const failures = asked.flatMap(({ name, detail }) => (detail === undefined ? [] : [{ name, type: "local", detail }]));
  if (failures.length > 0) throw new ChallengeUnreachable(target, failures);
}

/** Does the work for all, a few at the same time, and gives the results in the same order. */
export async function inGroups<T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let from = 0; from < all.length; from += AT_ONCE)
    results.push(...(await Promise.all(all.slice(from, from + AT_ONCE).map(work))));
  return results;
}
