import { expect, it } from "vitest";
import { createLog } from "./index.ts";

const secrets = { http: "the-http-token", queue: 'a"queue\\password', slice: "line one of key\nline two of key" };

function logged(...args: [object, string]): string {
  const lines: string[] = [];
  const log = createLog({
    config: {
      name: "update-agent",
      logLevel: "info",
      http: { host: "", port: 0, token: secrets.http },
      queue: { url: "", password: secrets.queue },
    },
    secrets: () => [secrets.slice],
    write: (line) => lines.push(line),
  });
  log.info(...args);
  return lines.join("");
}

it("masks a secret wherever it stands, also where JSON escapes it", () => {
  const line = logged({ said: `${secrets.http} ${secrets.queue} ${secrets.slice}` }, `it was ${secrets.http}`);
  for (const part of ["http-token", "password", "line one", "line two"]) expect(line).not.toContain(part);
  expect(JSON.parse(line)).toMatchObject({ agent: "update-agent" });
});

it("masks by key what it does not know by value", () => {
  expect(logged({ password: "hunter22", mail: { token: "hunter22" } }, "x")).not.toContain("hunter22");
});

it("keeps the command that a driver hangs onto its error out of the log", () => {
  const err = Object.assign(new Error("WRONGPASS", { cause: new Error("why") }), { command: { args: ["hunter22"] } });
  const line = logged({ err }, "queue is away");
  expect(line).not.toContain("hunter22");
  expect(JSON.parse(line)).toMatchObject({ err: { message: "WRONGPASS", cause: { message: "why" } } });
});
