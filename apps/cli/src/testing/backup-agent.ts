import { OperatorError } from "@appliance/errors";
import type { Context } from "../context.ts";

const RUN = {
  startedAt: "2026-11-23T00:29:00.000Z",
  seconds: 720,
  outcome: "saved",
  failure: null,
  point: { id: "p1", at: "2026-11-23T00:30:00.000Z", kind: "snapshot" },
  source: { files: 296_000, bytes: 97 * 1024 ** 3 },
  stored: { files: 0, bytes: 1.2 * 1024 ** 3 },
};

/** What backup-agent knows of a target in good order, at half past six on 23 November 2026. */
export const HEALTHY_TARGET = {
  name: "main",
  engine: "restic",
  url: "sftp://backup.example//srv/ecs",
  appendOnly: false,
  missedAt: null,
  lastRun: RUN,
  lastSuccess: RUN,
  alerts: [],
  lastFull: RUN,
  verified: { at: "2026-11-22T20:30:00.000Z", failure: null, everythingReadSince: "2026-11-01T20:30:00.000Z" },
  drill: { at: "2026-11-22T10:30:00.000Z", failure: null, report: "proof-1.json" },
  proven: { at: "2026-11-22T10:30:00.000Z", of: "2026-11-22T00:30:00.000Z", whole: true, seconds: 7800 },
  usage: { at: RUN.startedAt, stored: { files: 9000, bytes: 110 * 1024 ** 3 }, points: 34 },
  forecast: { at: RUN.startedAt, needBytes: 1.3 * 1024 ** 3, freeBytes: 400 * 1024 ** 3, seconds: 700 },
};

export const HEALTHY_STATUS = {
  standby: false,
  next: { backup: "2026-11-24T00:30:00.000Z", verify: "2026-11-23T20:30:00.000Z", drill: null },
  targets: [HEALTHY_TARGET],
  escrow: { since: "2026-11-01T08:00:00.000Z", provenAt: null, packagedAt: "2026-11-02T08:00:00.000Z" },
  reports: ["proof-1.json"],
};

/** What backup-agent answers, by path, and what a job of it brings. An `OperatorError` is thrown. */
interface Answers {
  get?: Record<string, unknown>;
  lines?: unknown[];
  result?: unknown;
}

/** A context whose backup-agent gives these answers, and what was asked of it, printed and said. */
export function agentThat({ get = {}, lines = [], result }: Answers) {
  const [asked, printed, said]: [object[], string[], string[]] = [[], [], []];
  const answer = async (path: string) => {
    asked.push({ path });
    const found = get[path];
    if (found instanceof OperatorError) throw found;
    return found;
  };
  const backupAgent = {
    agent: "backup-agent",
    get: answer,
    getSlowly: answer,
    post: async (path: string, data: object) => {
      asked.push({ path, data });
      return answer(path);
    },
    async *lines(path: string) {
      asked.push({ path });
      yield* lines;
    },
    enqueue: async (name: string, _id: string, data: object) => void asked.push({ name, data }),
    job: async () => ({ state: "completed", result }),
  };
  const print = (text: string) => void printed.push(...text.split("\n"));
  const terminal = {
    print,
    say: (text: string) => void said.push(text),
    json: (value: unknown) => print(JSON.stringify(value)),
  };
  return { context: { backupAgent, terminal } as unknown as Context, asked, printed, said };
}
