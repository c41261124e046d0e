/** A worker process of its own, so that a test can kill it: `node note-worker.ts REDIS_URL JOURNAL`. */
import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { connectWorker, handle, startWorker } from "../src/index.ts";
import { Note, silent } from "./contracts.ts";

const [, , url = "", journal = ""] = process.argv;
const redis = connectWorker({ url });
const note = handle(Note, async ({ text, takesMs }, { signal }) => {
  appendFileSync(journal, `begin ${text} ${process.pid}\n`);
  await sleep(takesMs, undefined, { signal });
  appendFileSync(journal, `end ${text} ${process.pid}\n`);
  return { pid: process.pid, text };
});
const worker = startWorker({ redis, queue: "containers", handlers: [note], log: silent });
process.once("SIGTERM", () => void worker.close().then(() => process.exit(0)));
