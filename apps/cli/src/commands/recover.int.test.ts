/** The command as a process, beside an agent whose recovery takes hours. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, it } from "vitest";
import { testInstallation } from "../testing/installation.ts";

const PROGRESS = {
  sentence: "Restoring the documents",
  done: { files: 377, bytes: 137_750_000 },
  total: { files: 1508, bytes: 551_000_000 },
  secondsLeft: 720,
};
const job = { id: "one", queue: "config", name: "config.recover", state: "active", progress: PROGRESS };
const rest = { result: null, failure: null, enqueuedAt: "", startedAt: null, finishedAt: null };

it("leaves the recovery at work when it is ended by Ctrl-C, and says so", async () => {
  const asked: string[] = [];
  const server = createServer(({ method, url }, response) => {
    asked.push(`${method} ${url?.replace(/cli-.*/, "ID")}`);
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ ...job, ...rest }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const port = String((server.address() as AddressInfo).port);
  const appliance = testInstallation({ APPLIANCE_CONFIG_AGENT_PORT: port });
  const env = { PATH: process.env["PATH"], APPLIANCE_CHECKOUT: appliance.checkout };
  const args = [join(import.meta.dirname, "../main.ts"), "recover", "--yes-i-am-sure"];
  const command = spawn(process.execPath, args, { env, stdio: ["ignore", "inherit", "pipe"] });
  let said = "";
  command.stderr.on("data", (text: Buffer) => (said += text.toString()));
  const ended = once(command, "exit");

  await expect.poll(() => said, { timeout: 20_000 }).toMatch(/131 MB of 525 MB, 377 of 1508 files, about 12 min left/);
  command.kill("SIGINT");
  expect(await ended).toEqual([130, null]);
  expect(said).toContain("The recovery goes on without this command.");
  expect(new Set(asked)).toEqual(new Set(["POST /jobs/config.recover", "GET /jobs/config/ID"]));
  server.close();
  appliance.remove();
});
