import { OperatorError } from "@appliance/errors";
import { UnrecoverableError } from "bullmq";
import { expect, it } from "vitest";
import { parseFailedReason, toJobError } from "./failed-reason.ts";

const away = new OperatorError("MIRROR_AWAY", "The mirror does not answer.", { remedy: "Wait." });

it("carries code, sentence and remedy through Redis", () => {
  const failure = { code: "MIRROR_AWAY", message: "The mirror does not answer.", remedy: "Wait." };
  expect(parseFailedReason("host.packages", toJobError(away).message)).toEqual(failure);
});

it("ends a job for good on an operator's error, unless time mends it", () => {
  expect(toJobError(away)).toBeInstanceOf(UnrecoverableError);
  expect(toJobError(away, ["MIRROR_AWAY"])).not.toBeInstanceOf(UnrecoverableError);
  expect(toJobError(new Error("a bug"))).not.toBeInstanceOf(UnrecoverableError);
});

it.each(["job stalled more than allowable limit", "{}", "null", '{"code":7}'])(
  "quotes what is no failure of ours: %s",
  (reason) => {
    expect(parseFailedReason("host.packages", reason)).toMatchObject({
      code: "JOB_FAILED",
      message: `host.packages failed: ${reason}`,
    });
  },
);
