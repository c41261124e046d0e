import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import * as z from "zod";
import { parseAgentConfig } from "./index.ts";

let secrets: string;
beforeEach(() => {
  secrets = mkdtempSync(join(tmpdir(), "secrets-"));
  writeFileSync(join(secrets, "queue-password"), "queue secret\n");
  writeFileSync(join(secrets, "http-token"), "token\n");
});
afterEach(() => rmSync(secrets, { recursive: true }));

const good = () => ({ QUEUE_URL: "redis://queue:6379", SECRETS_DIR: secrets, SLICE_DIR: "/slice" });

it("reads variables and secret files", () => {
  expect(parseAgentConfig("update-agent", good())).toMatchObject({
    http: { host: "0.0.0.0", port: 8080, token: "token" },
    queue: { url: "redis://queue:6379", username: "update-agent", password: "queue secret" },
  });
});

it("reads the variables of one agent alone", () => {
  const own = z.object({ HOST_ROOT: z.string() });
  const config = parseAgentConfig("config-agent", { ...good(), HOST_ROOT: "/host" }, own);
  expect(config.variables).toEqual({ HOST_ROOT: "/host" });
});

it("names every bad variable and file at once", () => {
  rmSync(join(secrets, "http-token"));
  writeFileSync(join(secrets, "queue-password"), "");
  const bad = { QUEUE_URL: "http://queue", SECRETS_DIR: secrets, HTTP_PORT: "eighty", LOG_LEVEL: "loud" };
  const own = z.object({ HOST_ROOT: z.string() });
  const names = [
    "QUEUE_URL",
    "SLICE_DIR",
    "HTTP_PORT",
    "LOG_LEVEL",
    "HOST_ROOT",
    "queue-password is empty",
    "http-token",
  ];
  for (const name of names) expect(() => parseAgentConfig("config-agent", bad, own)).toThrow(name);
});
