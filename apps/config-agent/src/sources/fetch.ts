import { CommandError, type RunCommand } from "@appliance/command";
import { boundedOutput } from "./bounded-output.ts";

export type Fetched =
  | { status: number; body: Uint8Array }
  /** Why there is no answer: the end of the sentence "it was passed over: …". */
  | { silent: string }
  | "too long";

export interface FetchRequest {
  path: string;
  method?: "PUT";
  headers?: Readonly<Record<string, string>>;
}
export type Fetch = (request: FetchRequest) => Promise<Fetched>;

export interface FetchDeps {
  run: RunCommand;
  /** Without a slash at its end, such as `http://169.254.169.254`. */
  baseUrl: string;
  /** The answers of some clouds reach the host itself and no container. */
  inHostNetwork: boolean;
}

const IN_HOST_NETWORK = ["nsenter", "--target", "1", "--net", "--"] as const;
const SPARE_MS = 2_000;
const CURL_EXIT = { refused: 7, timeout: 28 };

/** Any exit of curl is an answer to the question. */
const ANY_EXIT = Array.from({ length: 100 }, (_, code) => code);

/**
 * Requests of one service, which has `limitMs` for all of them together. Redirects are not followed, proxies not used.
 * @see curl(1)
 */
export function createFetch({ run, baseUrl, inHostNetwork }: FetchDeps, limitMs: number): Fetch {
  const deadline = performance.now() + limitMs;
  return async ({ path, method, headers = {} }) => {
    const leftMs = deadline - performance.now();
    if (leftMs <= 0) return { silent: silence(limitMs) };
    const curl = (output: string): [string, ...string[]] => {
      const quiet = ["--disable", "--silent", "--show-error", "--noproxy", "*", "--proto", "=http"];
      const limits = ["--max-time", (leftMs / 1000).toFixed(3), "--output", output, "--write-out", "%{http_code}"];
      return ["curl", ...quiet, ...limits, ...(method ? ["--request", method] : []), "--header", "@-", baseUrl + path];
    };
    const answer = await boundedOutput(run, curl, {
      around: inHostNetwork ? IN_HOST_NETWORK : [],
      // Not as arguments: a header can be the token with which env.yml is read.
      input: toLines(headers),
      secrets: Object.values(headers),
      timeoutMs: leftMs + SPARE_MS,
      okExitCodes: ANY_EXIT,
    }).catch(asSilence);
    if (answer === "too long" || "silent" in answer) return answer;
    const { exitCode, stdout, stderr } = answer.result;
    if (exitCode !== 0) return { silent: whySilent(exitCode, stderr, limitMs) };
    return { status: Number(stdout), body: answer.bytes ?? new Uint8Array() };
  };
}

const toLines = (headers: Readonly<Record<string, string>>): string =>
  Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join("");

const silence = (limitMs: number) => `it did not answer within ${limitMs / 1000} s`;

function whySilent(exitCode: number, stderr: string, limitMs: number): string {
  if (exitCode === CURL_EXIT.timeout) return silence(limitMs);
  if (exitCode === CURL_EXIT.refused) return "nothing answers there";
  return `it cannot be asked (${stderr.trim().split("\n").at(-1) ?? `curl ended with ${exitCode}`})`;
}

/** A program that cannot be run at all is a fault of the appliance; one that hung is a service that did. */
function asSilence(err: unknown): { silent: string } {
  if (err instanceof CommandError && err.code === "COMMAND_TIMEOUT") return { silent: "it did not answer in time" };
  throw err;
}
