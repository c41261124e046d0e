/** containers.recover against the real engine, with a one-shot that says what the real one says. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { failureOf, waitFor } from "../test/deliveries.ts";
import { CORE, docker, sleeper, throwAwayGroup, type ThrowAway } from "../test/throw-away-group.ts";

const RESULT = {
  target: "main",
  point: { id: "full-1", at: "2026-11-22T00:30:00Z", kind: "full" },
  files: 4,
  bytes: 100,
  tables: 2,
  rows: 9,
  comparedWith: "manifest",
  seconds: 61,
};
const FAILURE = { code: "BACKUP_KEY_WRONG", message: "The key does not open it.", remedy: "Bring the right env.yml." };
const PROGRESS = { sentence: "Restoring", done: { files: 1, bytes: 10 }, total: null, secondsLeft: null };

let group: ThrowAway;

beforeAll(() => {
  group = throwAwayGroup();
  group.writeSlice({ timezone: "UTC", compose: {}, application: null });
});
afterAll(() => group.remove());

const say = (line: object) => `echo '${JSON.stringify(line)}'`;
const DONE = say({ result: RESULT });

/** The service `recovery` is this shell script, which is given the words of its command as arguments. */
function oneShot(...script: string[]): void {
  // Compose reads a dollar as a variable of its own.
  const entrypoint = ["sh", "-c", script.join("\n").replaceAll("$", "$$$$"), "sh"];
  const services = { ...CORE.services, recovery: sleeper({ profiles: ["recovery"], entrypoint }) };
  writeFileSync(join(group.checkout, "compose/compose.yml"), JSON.stringify({ services }));
}
beforeEach(() => oneShot(say({ progress: PROGRESS }), "sleep 3", DONE));

const recover = (id: string, data: object = {}, cancelled = new AbortController().signal) =>
  group.deliver("containers.recover", data, { id, cancelled });
const containers = () =>
  docker("ps", "--all", "--format={{.Names}}", `--filter=name=${group.core}_recovery_`).split("\n").filter(Boolean);
const isAtWork = () => containers().length === 1 && docker("logs", containers()[0]!).includes("progress");

it("brings what was restored, tells what happens, and leaves no container behind", async () => {
  const { result, sentences } = await recover("whole");
  expect(result).toEqual(RESULT);
  expect(sentences).toEqual(["Restoring"]);
  expect(containers()).toEqual([]);
});

it("hands on which backup was chosen", async () => {
  oneShot(`[ "$*" = "recover --target=cellar --at=2026-11-20T00:00:00Z" ] || exit 9`, DONE);
  expect((await recover("chosen", { target: "cellar", at: "2026-11-20T00:00:00Z" })).result).toEqual(RESULT);
});

it("fails with the failure of the recovery", async () => {
  oneShot(say({ failure: FAILURE }), "exit 1");
  expect(await failureOf(recover("failing"))).toMatchObject(FAILURE);
  expect(containers()).toEqual([]);
});

it("goes on while the agent is away, is found again, and is not run twice", async () => {
  const stopping = new AbortController();
  const first = failureOf(recover("resumed", {}, stopping.signal));
  await waitFor(isAtWork);
  const [container] = containers();
  stopping.abort("the agent is stopping");
  expect(await first).toBeDefined();
  expect(containers()).toEqual([container]);
  expect((await recover("resumed")).result).toEqual(RESULT);
});

it("is stopped by nothing that stops the core, and by no name", async () => {
  const running = recover("protected");
  await waitFor(isAtWork);
  await group.deliver("containers.stop", { project: "core", services: [], timeoutSeconds: 1, remove: true });
  const byName = group.deliver("containers.stop", { project: "core", services: ["recovery"] });
  expect(await failureOf(byName)).toMatchObject({ code: "SERVICE_PROTECTED" });
  expect((await running).result).toEqual(RESULT);
});

it("is started once more where it was cut off while nobody watched, as by a reboot", async () => {
  const stopping = new AbortController();
  const first = failureOf(recover("rebooted", {}, stopping.signal));
  await waitFor(isAtWork);
  stopping.abort("the agent is stopping");
  await first;
  docker("kill", containers()[0]!);
  expect((await recover("rebooted")).result).toEqual(RESULT);
});

it("says of one that ends without a word where to read and what to do", async () => {
  oneShot("echo out of memory >&2", "exit 137");
  const failure = { code: "RECOVERY_CUT_OFF", message: expect.stringContaining("exit code 137") };
  expect(await failureOf(recover("mute"))).toMatchObject(failure);
});

it("refuses to write beside another recovery, and takes away what an ended one left", async () => {
  const [first, second] = [new AbortController(), new AbortController()];
  const running = failureOf(recover("one", {}, first.signal));
  await waitFor(isAtWork);
  first.abort("the agent is stopping");
  await running;
  expect(await failureOf(recover("two", {}, second.signal))).toMatchObject({ code: "RECOVERY_ELSEWHERE" });
  docker("kill", containers()[0]!);
  expect((await recover("two")).result).toEqual(RESULT);
  expect(containers()).toEqual([]);
});
