import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import * as z from "zod";
import { watchSlice, type Slice } from "./index.ts";

const schema = z.object({ domain: z.string() });
const silent = { debug() {}, info() {}, warn() {}, error() {} };

let root: string;
let slice: Slice<z.infer<typeof schema>> | undefined;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "slice-"));
});
afterEach(async () => {
  slice?.close();
  await rm(root, { recursive: true });
});

const dir = () => join(root, "update-agent");

/** As config-agent does it: a new file under another name, put in place as a whole. */
async function write(text: string): Promise<void> {
  await mkdir(dir(), { recursive: true });
  await writeFile(join(dir(), "new"), text);
  await rename(join(dir(), "new"), join(dir(), "env.json"));
}

const becomes = (domain: string) => expect.poll(() => slice?.current()?.domain, { timeout: 8000 }).toBe(domain);

it("says what it waits for while neither folder nor file is there, and takes the slice when it comes", async () => {
  slice = await watchSlice({ dir: dir(), schema, log: silent });
  expect(slice.ready()).toEqual({
    ready: false,
    reasons: [expect.stringContaining("env.json, which config-agent writes")],
  });
  await write('{"domain":"a.example"}');
  await becomes("a.example");
  expect(slice.ready().ready).toBe(true);
});

it("has a slice that is there at once, and tells of every other one", async () => {
  await write('{"domain":"a.example"}');
  slice = await watchSlice({ dir: dir(), schema, log: silent });
  const told: string[] = [];
  slice.onChange(({ domain }) => told.push(domain));
  for (const domain of ["b.example", "c.example", "d.example"]) {
    await write(JSON.stringify({ domain }));
    await becomes(domain);
  }
  expect(told).toEqual(["a.example", "b.example", "c.example", "d.example"]);
});

it.each(['{"domain":', "{}", "[]", ""])("keeps the last good slice when %j comes", async (bad) => {
  const warnings: string[] = [];
  const log = { ...silent, warn: (fields: object) => warnings.push(JSON.stringify(fields)) };
  await write('{"domain":"a.example"}');
  slice = await watchSlice({ dir: dir(), schema, log });
  await write(bad);
  await expect.poll(() => warnings.length).toBe(1);
  expect(slice.current()).toEqual({ domain: "a.example" });
});

it("names what does not fit without its value", async () => {
  await write('{"domain":["hunter22"]}');
  slice = await watchSlice({ dir: dir(), schema, log: silent });
  const [reason] = slice.ready().reasons;
  expect(reason).toContain("domain");
  expect(reason).not.toContain("hunter22");
});

it("follows a folder that is replaced", async () => {
  await write('{"domain":"a.example"}');
  slice = await watchSlice({ dir: dir(), schema, log: silent });
  await rm(dir(), { recursive: true });
  await write('{"domain":"b.example"}');
  await becomes("b.example");
  expect(slice.ready().ready).toBe(true);
});
