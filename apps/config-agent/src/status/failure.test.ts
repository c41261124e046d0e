import { describe, expect, it } from "vitest";
import { createFailureFile, parseFailure, renderFailure } from "./failure.ts";
import { createRootFiles, type RootFiles } from "../root-files.ts";

const failure = {
  code: "ENV_INVALID",
  since: "2026-03-01T02:00:00.000Z",
  message: "/app/env.yml cannot be used:\n/app/env.yml:3:1: a: b\n/app/env.yml:9:4: code: x",
  remedy: "Correct /app/env.yml and run `appliance apply`.",
};

describe("the failure file", () => {
  it("is read back as it was written, also with a message of many lines", () => {
    expect(parseFailure(renderFailure(failure))).toEqual(failure);
  });

  it("shows an operator the cause with cat", () => {
    expect(renderFailure(failure)).toMatch(/^code: ENV_INVALID\nsince: .*\nmessage: \/app/);
  });

  it("counts as a failure when it was made by hand and is empty", () => {
    expect(parseFailure("")).toMatchObject({
      code: "UNKNOWN",
      remedy: expect.stringContaining("appliance failed clear") as string,
    });
  });

  it("is known until it is cleared although the disk was too full to write it", async () => {
    const full: RootFiles = {
      ...createRootFiles("/nonexistent"),
      write: () => Promise.reject(new Error("ENOSPC")),
    };
    const file = createFailureFile(full, () => new Date(failure.since));
    await expect(file.write(failure)).rejects.toThrow("ENOSPC");
    expect(await file.read()).toEqual(failure);
    await file.clear();
    expect(await file.read()).toBeUndefined();
  });
});
