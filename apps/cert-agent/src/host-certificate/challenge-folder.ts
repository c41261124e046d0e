import { randomBytes } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Challenges } from "@appliance/acme";
import { isSystemError } from "@appliance/errors";
import { ensureDirectory, writeFileDurable } from "@appliance/files";

/** Below the document root of nginx; RFC 8555 section 8.3. */
export const CHALLENGE_PATH = "/.well-known/acme-challenge/";

/** RFC 8555 section 8.3 has base64url; it becomes a file name, so that nothing else may pass. */
const TOKEN = /^[A-Za-z0-9_-]{1,200}$/;
/** What `writeFileDurable` leaves when it is killed. */
const OF_DEAD_WRITER = /^\.appliance-new-/;

/** An answer that tests the way to this host. */
export interface TestAnswer {
  token: string;
  body: string;
}

/** The folder whose files nginx gives as answers to challenges. */
export interface ChallengeFolder {
  challenges: Challenges;
  /** Places a random answer for as long as `work` takes. */
  withTestAnswer<T>(work: (answer: TestAnswer) => Promise<T>): Promise<T>;
  /**
   * Makes the folder if it is gone, and removes the answers of runs that were killed. Only while no other run is at work.
   * @throws OperatorError `FILE_NOT_WRITTEN` when the folder is not ours or cannot be made
   */
  removeLeftovers(): Promise<void>;
}

export function createChallengeFolder(folder: string): ChallengeFolder {
  const pathOf = (token: string) => {
    if (!TOKEN.test(token)) throw new TypeError(`not a token: ${JSON.stringify(token.slice(0, 200))}`);
    return join(folder, token);
  };
  const place = (token: string, body: string) => writeFileDurable(pathOf(token), body, { mode: 0o644 });
  const remove = (token: string) => rm(pathOf(token), { force: true });
  return {
    challenges: {
      place: ({ token, keyAuthorization }) => place(token, keyAuthorization),
      remove: ({ token }) => remove(token),
    },
    async withTestAnswer(work) {
      const answer = { token: `test-${randomBytes(16).toString("hex")}`, body: randomBytes(16).toString("hex") };
      await place(answer.token, answer.body);
      try {
        return await work(answer);
      } finally {
        await remove(answer.token);
      }
    },
    async removeLeftovers() {
      await ensureDirectory(folder, { mode: 0o755 });
      const names = await namesIn(folder);
      for (const name of names.filter((name) => TOKEN.test(name) || OF_DEAD_WRITER.test(name)))
        await rm(join(folder, name), { recursive: true, force: true });
    },
  };
}

/** A folder that was removed behind its mount still stands there and has no names; whoever places an answer is told. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return [];
    throw error;
  }
}
