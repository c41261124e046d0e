import { getEventListeners } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCommand, type CommandError } from "./index.ts";

const timeoutMs = 20_000;
const node = (source: string) => ["-e", source] as const;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "command-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const failureOf = (run: Promise<unknown>): Promise<CommandError> =>
  run.then(
    () => Promise.reject(new Error("the command did not fail")),
    (error: CommandError) => error,
  );

describe("what a program is given", () => {
  it("hands arguments over as they are, none is seen by a shell", async () => {
    const hostile = ["$(id)", "`id`", "a b", ";id", "*", "--", "\n", "ä"];
    const { stdout } = await runCommand("printf", ["%s|", ...hostile], { timeoutMs });
    expect(stdout).toBe(hostile.map((text) => `${text}|`).join(""));
  });

  it("passes on nothing of the agent's own environment but a fixed PATH and LANG", async () => {
    process.env["AGENT_ONLY"] = "must stay here";
    const { stdout } = await runCommand("env", [], { env: { ADDED: "yes" }, timeoutMs });
    expect(stdout.trim().split("\n").sort()).toEqual([
      "ADDED=yes",
      "LANG=C.UTF-8",
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    ]);
  });

  it("starts it in / unless a folder is named", async () => {
    expect((await runCommand("pwd", ["-P"], { timeoutMs })).stdout).toBe("/\n");
    expect((await runCommand("pwd", ["-P"], { cwd: folder, timeoutMs })).stdout).toBe(`${folder}\n`);
  });

  it("gives text, bytes or a stream as its input, and an empty one otherwise", async () => {
    const cat = async (input?: string | Uint8Array | Readable) =>
      (await runCommand("cat", [], input === undefined ? { timeoutMs } : { input, timeoutMs })).stdout;
    expect(await cat("text")).toBe("text");
    expect(await cat(Buffer.from("bytes"))).toBe("bytes");
    expect(await cat(Readable.from(["a ", "stream"]))).toBe("a stream");
    expect(await cat()).toBe("");
  });

  it("stops the program when the stream of its input breaks", async () => {
    const input = Readable.from(
      (async function* () {
        yield "begin";
        await sleep(20);
        throw new Error("source broke");
      })(),
    );
    await expect(runCommand("cat", [], { input, timeoutMs })).rejects.toThrow("source broke");
  });

  it("is content with a program that closes its input before reading all of it", async () => {
    const input = Buffer.alloc(20 * 1024 * 1024);
    expect((await runCommand("head", ["-c", "1"], { input, timeoutMs })).exitCode).toBe(0);
    const closes = await runCommand("sh", ["-c", "exec 0<&-; sleep 0.2; echo done"], { input, timeoutMs });
    expect(closes.stdout).toBe("done\n");
    const endless = Readable.from(repeat(input));
    expect((await runCommand("head", ["-c", "1"], { input: endless, timeoutMs })).exitCode).toBe(0);
    expect(endless.destroyed).toBe(true);
  });

  it.each([
    ["an argument", ["a\0b"], {}],
    ["an environment value", [], { A: "a\0b" }],
    ["an environment name", [], { "A=B": "a" }],
  ])("refuses %s that no program can be given", async (_what, args, env) => {
    expect(await failureOf(runCommand("echo", args, { env, timeoutMs }))).toMatchObject({ code: "COMMAND_REFUSED" });
  });
});

describe("how a program ends", () => {
  it("returns the exit codes that the caller calls good and fails for others", async () => {
    const grep = (okExitCodes: number[]) => runCommand("grep", ["x"], { input: "y", okExitCodes, timeoutMs });
    expect((await grep([0, 1])).exitCode).toBe(1);
    expect(await failureOf(grep([0]))).toMatchObject({ code: "COMMAND_FAILED", exitCode: 1 });
  });

  it("quotes the last line of standard error and keeps its end", async () => {
    const error = await failureOf(
      runCommand("sh", ["-c", "echo first >&2; echo 'disk is full' >&2; exit 3"], { timeoutMs }),
    );
    expect(error.message).toBe("sh ended with exit code 3: disk is full");
    expect(error).toMatchObject({ exitCode: 3, signal: null, stderrTail: "first\ndisk is full\n" });
  });

  it("names the signal that ended it", async () => {
    const error = await failureOf(runCommand("sh", ["-c", "kill -9 $$"], { timeoutMs }));
    expect(error).toMatchObject({ code: "COMMAND_FAILED", exitCode: null, signal: "SIGKILL" });
  });

  it("tells a missing program from a missing folder and from one that may not run", async () => {
    const codeOf = async (program: string, cwd = "/") =>
      (await failureOf(runCommand(program, [], { cwd, timeoutMs }))).message;
    expect(await codeOf("no-such-program")).toBe("no-such-program could not be started: there is no such program");
    expect(await codeOf("true", "/no/such/folder")).toContain("working folder /no/such/folder does not exist");
    expect(await codeOf("/etc/passwd")).toContain("may not be executed");
  });

  it("reports an argument list that is too long for the kernel", async () => {
    const error = await failureOf(runCommand("true", ["x".repeat(3_000_000)], { timeoutMs }));
    expect(error).toMatchObject({ code: "COMMAND_FAILED", message: "true could not be started: E2BIG" });
  });

  it("does not wait for a background process that keeps the output open", async () => {
    const { stdout, durationMs } = await runCommand("sh", ["-c", "sleep 5 & echo started"], { timeoutMs });
    expect(stdout).toBe("started\n");
    expect(durationMs).toBeLessThan(4_000);
  });
});

describe("stopping", () => {
  const stubborn = () =>
    runCommand(
      "sh",
      ["-c", `trap '' TERM; (trap '' TERM; echo $$ > ${folder}/pid; while :; do sleep 0.1; done) & wait`],
      {
        timeoutMs: 400,
        graceMs: 200,
      },
    );

  it("ends grandchildren that ignore TERM when the time is over", async () => {
    const error = await failureOf(stubborn());
    expect(error).toMatchObject({ code: "COMMAND_TIMEOUT", message: "sh was stopped after 0.4 s" });
    const group = readFileSync(join(folder, "pid"), "utf8").trim();
    expect(livingInGroup(group)).toEqual([]);
  });

  it("ends the whole group when only the first process obeys TERM", async () => {
    const script = "(trap '' TERM; while :; do sleep 0.1; done) & exec sleep 60";
    const error = await failureOf(
      runCommand("sh", ["-c", `echo $$ > ${folder}/pid; ${script}`], { timeoutMs: 300, graceMs: 200 }),
    );
    expect(error.code).toBe("COMMAND_TIMEOUT");
    expect(livingInGroup(readFileSync(join(folder, "pid"), "utf8").trim())).toEqual([]);
  });

  it("returns in time even when a process left the group and holds the output open", async () => {
    const startedAt = performance.now();
    const error = await failureOf(
      runCommand("sh", ["-c", "setsid sleep 4 & exec sleep 60"], { timeoutMs: 300, graceMs: 200 }),
    );
    expect(error.code).toBe("COMMAND_TIMEOUT");
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });

  it("lets a program that obeys TERM clean up", async () => {
    const script = `trap 'echo cleaned > ${folder}/trace; exit 0' TERM; echo ready; while :; do sleep 0.05; done`;
    const stop = new AbortController();
    const run = runCommand("sh", ["-c", script], { timeoutMs, signal: stop.signal, onLine: () => stop.abort() });
    expect((await failureOf(run)).code).toBe("COMMAND_ABORTED");
    expect(readFileSync(join(folder, "trace"), "utf8")).toBe("cleaned\n");
  });

  it("does not start a program whose work is already cancelled", async () => {
    const signal = AbortSignal.abort();
    const error = await failureOf(runCommand("touch", [join(folder, "started")], { signal, timeoutMs }));
    expect(error.code).toBe("COMMAND_ABORTED");
    expect(existsSync(join(folder, "started"))).toBe(false);
  });

  it("leaves no zombie and no listener behind", async () => {
    const { signal } = new AbortController();
    for (let i = 0; i < 20; i++) await runCommand("true", [], { signal, timeoutMs });
    expect(livingChildren().filter((stat) => stat.includes(") Z "))).toEqual([]);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("throws on what the line callback throws, and stops the program", async () => {
    const onLine = () => {
      throw new Error("cannot read this line");
    };
    await expect(runCommand("yes", [], { onLine, timeoutMs })).rejects.toThrow("cannot read this line");
    await expect(runCommand("printf", ["no line end"], { onLine, timeoutMs })).rejects.toThrow("cannot read this line");
  });
});

describe("output", () => {
  it("delivers lines as they arrive, from both streams", async () => {
    const lines: string[] = [];
    await runCommand("sh", ["-c", "printf 'a\\r\\nb'; sleep 0.1; echo c; echo d >&2; printf e"], {
      timeoutMs,
      onLine: (line, stream) => lines.push(`${stream} ${line}`),
    });
    expect(lines.sort()).toEqual(["stderr d", "stdout a", "stdout bc", "stdout e"]);
  });

  it("keeps head and tail of a flood of 100 MB in flat memory and says what is missing", async () => {
    const flood =
      "const b = Buffer.alloc(1e6, 'y'); process.stdout.write('HEAD'); let n = 0;" +
      "const go = () => n++ < 100 ? process.stdout.write(b, go) : process.stdout.write('TAIL'); go()";
    const before = process.memoryUsage().rss;
    let peak = before;
    const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 5);
    const { stdout, cutBytes } = await runCommand(process.execPath, node(flood), { timeoutMs });
    clearInterval(watch);
    expect(cutBytes.stdout).toBe(100_000_008 - 1024 * 1024);
    expect(stdout).toMatch(/^HEADy+\n\[98951432 bytes cut\]\ny+TAIL$/);
    expect(peak - before).toBeLessThan(64 * 1024 * 1024);
  });

  it("cuts a line that never ends into pieces", async () => {
    let longest = 0;
    let total = 0;
    await runCommand("head", ["-c", "3000000", "/dev/zero"], {
      timeoutMs,
      onLine: (line) => {
        longest = Math.max(longest, line.length);
        total += line.length;
      },
    });
    expect(total).toBe(3_000_000);
    expect(longest).toBeLessThan(256 * 1024);
  });
});

describe("secrets", () => {
  const secret = "pa$$word-of-nobody";

  it("appear in no part of an error, whether given by environment or named", async () => {
    const script = 'echo "login as $PASSWORD failed, token tok-123456" >&2; exit 1';
    const error = await failureOf(
      runCommand("sh", ["-c", script], { env: { PASSWORD: secret }, secrets: ["tok-123456"], timeoutMs }),
    );
    expect(error.message).toBe("sh ended with exit code 1: login as [redacted] failed, token [redacted]");
    expect(JSON.stringify([error, error.stack, error.stderrTail])).not.toMatch(/nobody|tok-123456/);
  });

  it("appear in no line given to the caller's log, but in the output that was asked for", async () => {
    const lines: string[] = [];
    const { stdout } = await runCommand("printenv", ["PASSWORD"], {
      env: { PASSWORD: secret },
      timeoutMs,
      onLine: (line) => lines.push(line),
    });
    expect(lines).toEqual(["[redacted]"]);
    expect(stdout).toBe(`${secret}\n`);
  });

  it("do not show their end when the cut goes through the middle of one", async () => {
    const script = 'i=0; while [ $i -lt 50 ]; do echo "$PASSWORD" >&2; i=$((i+1)); done; exit 1';
    for (let maxOutputBytes = 100; maxOutputBytes < 140; maxOutputBytes++) {
      const error = await failureOf(
        runCommand("sh", ["-c", script], { env: { PASSWORD: secret }, maxOutputBytes, timeoutMs }),
      );
      expect(error.stderrTail).toMatch(/^(\[redacted\]\n)*$/);
    }
  });
});

function* repeat(chunk: Buffer) {
  for (;;) yield chunk;
}

function livingInGroup(pgid: string): string[] {
  return statFiles().filter((stat) => / [^Z] \d+ (\d+) /.exec(afterName(stat))?.[1] === pgid);
}

function livingChildren(): string[] {
  return statFiles().filter((stat) => / \S (\d+) /.exec(afterName(stat))?.[1] === String(process.pid));
}

const afterName = (stat: string) => stat.slice(stat.lastIndexOf(")") + 1);

function statFiles(): string[] {
  return readdirNumbers().flatMap((pid) => {
    try {
      return [readFileSync(`/proc/${pid}/stat`, "utf8")];
    } catch {
      return []; // ended while we looked
    }
  });
}

function readdirNumbers(): string[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
}
