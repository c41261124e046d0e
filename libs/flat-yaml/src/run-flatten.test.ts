import { describe, expect, it } from "vitest";
import vectors from "../vectors/flatyaml.json" with { type: "json" };
import { runFlatten } from "./index.ts";

const untouched = (what: string) => () => Promise.reject(new Error(`${what} must not be read`));
const fromStdin = (source: string) => ({
  stdin: () => Promise.resolve(Buffer.from(source)),
  readFile: untouched("a file"),
});
const run = (argv: string[], source = "t: {a: 1}\n") => runFlatten(argv, fromStdin(source));

describe("the command", () => {
  it.each(vectors)("writes what the old one wrote: $name", async ({ yaml, keys, args, stdout, stderr, exit }) => {
    expect(await run([...args, keys], yaml)).toEqual({ stdout, stderr, exitCode: exit });
  });

  it("reads the file of --file and names it in problems", async () => {
    const files: Record<string, string> = { "/app/env.yml": "t: {a: 1}", "/bad.yml": "a: 1\na: 2\n" };
    const io = {
      stdin: untouched("standard input"),
      readFile: (path: string) => Promise.resolve(Buffer.from(files[path] ?? "")),
    };
    expect(await runFlatten(["--file", "/app/env.yml", "t"], io)).toEqual({
      stdout: "T_A=1\n",
      stderr: "",
      exitCode: 0,
    });
    expect(await runFlatten(["--file=/bad.yml", "a"], io)).toEqual({
      stdout: "",
      stderr:
        "Error: /bad.yml:2:1: the key 'a' stands already in line 1. Remove one of the two; only one could count.\n",
      exitCode: 1,
    });
  });

  it("reads standard input for the file -", async () => {
    expect(await run(["--file", "-", "t"])).toMatchObject({ stdout: "T_A=1\n", exitCode: 0 });
  });

  it("says why a file cannot be read, with exit code 1", async () => {
    const readFile = () => Promise.reject(new Error("ENOENT: no such file or directory"));
    const outcome = await runFlatten(["--file", "/gone.yml", "t"], { stdin: untouched("standard input"), readFile });
    const stderr = "Error: cannot read /gone.yml: ENOENT: no such file or directory\n";
    expect(outcome).toEqual({ stdout: "", stderr, exitCode: 1 });
  });

  it.each([
    ["a list", "- a\n", "Error: standard input:1:1: the file holds a list instead of keys with values."],
    ["nothing", "", "Error: standard input:1:1: the file has no content."],
    ["every problem of bad YAML", "a: *y\nb: *x\n", "Error: standard input:2:4: no anchor of this name above."],
  ])("refuses %s with exit code 1 and writes no line", async (_, source, message) => {
    const { stdout, stderr, exitCode } = await run(["."], source);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 1 });
    expect(stderr).toContain(message);
  });

  it.each([
    ["no keys", [], "Error: no KEYS given\n"],
    ["an unknown option", ["--colour", "t"], "Error: Unknown option '--colour'"],
    ["an option without its value", ["t", "--prefix"], "Error: Option '--prefix <value>' argument missing"],
    ["keys in two words", ["a", "b"], "Error: KEYS must be one word with commas, found also 'b'\n"],
  ])("refuses %s with exit code 2 and shows its usage", async (_, argv, message) => {
    const { stdout, stderr, exitCode } = await run(argv);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
    expect(stderr).toContain(message);
    expect(stderr).toContain("usage: appliance env flatten");
  });

  it("shows its usage when asked, without reading anything", async () => {
    const io = { stdin: untouched("standard input"), readFile: untouched("a file") };
    const { stdout, exitCode } = await runFlatten(["--help"], io);
    expect({ stdout: stdout.split("\n")[0], exitCode }).toEqual({
      stdout: "usage: appliance env flatten [--prefix P] [--postfix P] [--combine C] [--assign A] [--file F] KEYS",
      exitCode: 0,
    });
  });

  it("names keys that it leaves out, and goes on", async () => {
    expect(await run(["t"], 't: {"a;b": 1, c: 2}')).toEqual({
      stdout: "T_C=2\n",
      stderr: 'Error: key "t_a;b" left out, it cannot be the name of a variable\n',
      exitCode: 0,
    });
  });
});
