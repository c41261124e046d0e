import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { piped } from "./piped.ts";

const { signal } = new AbortController();
const brokenPipe = new Error("could not write to output file: Broken pipe");
const diskFull = new Error("no space left on device");

describe("piped", () => {
  it("fails with the reader's reason, though the writer misses its reader before that is known", async () => {
    const reading = Promise.withResolvers<never>();
    const result = piped(reading.promise, () => Promise.reject(brokenPipe), signal);
    setImmediate(() => reading.reject(diskFull));
    await expect(result).rejects.toBe(diskFull);
  });

  it("stops the writer when the reader fails, and waits for its end", async () => {
    let ended = false;
    const writing = async (stop: AbortSignal) => {
      await once(stop, "abort");
      ended = true;
      throw brokenPipe;
    };
    await expect(piped(Promise.reject(diskFull), writing, signal)).rejects.toBe(diskFull);
    expect(ended).toBe(true);
  });

  it("fails with the writer's reason when the reader read to the end", async () => {
    await expect(piped(Promise.resolve(7), () => Promise.reject(brokenPipe), signal)).rejects.toBe(brokenPipe);
  });

  it("is what the reader read", async () => {
    expect(await piped(Promise.resolve(7), () => Promise.resolve(), signal)).toBe(7);
  });
});
