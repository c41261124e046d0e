import * as z from "zod";
import { defineJob } from "../src/index.ts";

/** Appends a line when it begins and one when it ends, and takes its time in between. */
export const Note = defineJob({
  queue: "containers",
  name: "test.note",
  data: z.object({ text: z.string(), takesMs: z.number().default(0), runId: z.string().optional() }),
  result: z.object({ pid: z.number(), text: z.string() }),
  progress: z.object({ done: z.number(), total: z.number() }),
  attempts: 1,
  timeLimitMs: 60_000,
  owner: "update-agent",
  senders: ["config-agent"],
  http: true,
});

export const silent = { debug() {}, info() {}, warn() {}, error() {} };
