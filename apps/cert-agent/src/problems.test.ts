import { OperatorError } from "@appliance/errors";
import { describe, expect, it } from "vitest";
import { createProblems } from "./problems.ts";

const full = new OperatorError("DISK_FULL", "/data is full", { remedy: "Free space." });

function tracked() {
  const lines: string[] = [];
  const note = (level: string) => (facts: object, text: string) =>
    void lines.push([level, text, "code" in facts ? String(facts.code) : ""].join(": "));
  const log = { debug: note("debug"), info: note("info"), warn: note("warn"), error: note("error") };
  let time = 0;
  const problems = createProblems(log, () => new Date(time++));
  return { problems, lines };
}

describe("problems", () => {
  it("are logged when they come and when they go, not at every look", () => {
    const { problems, lines } = tracked();
    for (const failures of [[full], [full], [], []]) problems.report("serving", failures);
    expect(lines).toEqual(["warn: something is wrong: DISK_FULL", "info: mended: DISK_FULL"]);
  });

  it("keep the moment at which they began", () => {
    const { problems } = tracked();
    problems.report("serving", [full]);
    const [{ since } = { since: undefined }] = problems.list();
    problems.report("serving", [full]);
    expect(problems.list()).toEqual([expect.objectContaining({ code: "DISK_FULL", part: "serving", since })]);
  });

  it("of one part say nothing about another", () => {
    const { problems } = tracked();
    problems.report("serving", [full]);
    problems.report("clients", []);
    expect(problems.list().map(({ part }) => part)).toEqual(["serving"]);
  });

  it("are no interruptions: the work goes on in the next process", async () => {
    const { problems } = tracked();
    const stopping = AbortSignal.abort("the agent is stopping");
    await expect(problems.during("serving", stopping, () => Promise.reject(full))).rejects.toBe(full);
    expect(problems.list()).toEqual([]);
  });

  it("show nothing of an unexpected error but that there was one", async () => {
    const { problems } = tracked();
    const work = problems.during("renewal", new AbortController().signal, () => Promise.reject(new Error("secret")));
    await expect(work).rejects.toThrow("secret");
    expect(problems.list().map(({ code }) => code)).toEqual(["INTERNAL"]);
    expect(JSON.stringify(problems.list())).not.toContain("secret");
  });
});
