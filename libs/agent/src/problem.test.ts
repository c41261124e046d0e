import { OperatorError } from "@appliance/errors";
import { expect, it } from "vitest";
import { problemOf } from "./problem.ts";

it.each([
  ["DOCKER_UNAVAILABLE", 503],
  ["QUEUE_UNAVAILABLE", 503],
  ["REQUEST_INVALID", 400],
  ["TOKEN_REQUIRED", 401],
  ["NOT_FOUND", 404],
  ["SERVICE_NOT_RUNNING", 409],
])("%s is answered with %i", (code, status) => {
  expect(problemOf(new OperatorError(code, "x", { remedy: "y" }))).toMatchObject({ status, body: { code } });
});

it("answers what nobody expected with a bare 500", () => {
  const { status, body } = problemOf(new Error("password=hunter22"));
  expect([status, body.code]).toEqual([500, "INTERNAL"]);
  expect(JSON.stringify(body)).not.toContain("hunter22");
});
