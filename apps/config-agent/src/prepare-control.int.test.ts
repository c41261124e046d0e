import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "@appliance/command";
import { afterEach, beforeEach, expect, it } from "vitest";
import { prepareControl } from "./prepare-control.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "prepare-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const prepare = () =>
  prepareControl({ controlDir: join(folder, "lib"), runDir: join(folder, "run"), run: runCommand, log: () => {} });
const attributes = (path: string) => {
  const { uid, gid, mode } = statSync(join(folder, path));
  return { uid, gid, mode: (mode & 0o777).toString(8) };
};
const KEEPER = { uid: 5003, gid: 5020 };

it("leaves a first certificate that cert-agent can replace and nginx can read", async () => {
  await prepare();
  expect(attributes("lib/nginx/tls")).toEqual({ ...KEEPER, mode: "750" });
  expect(attributes("lib/nginx/tls/current/")).toEqual({ ...KEEPER, mode: "755" });
  expect(attributes("lib/nginx/tls/current/server.key")).toEqual({ ...KEEPER, mode: "440" });
  expect(attributes("lib/acme")).toEqual({ uid: 5003, gid: 5003, mode: "755" });
  expect(attributes("run/slices/cert-agent")).toEqual({ uid: 5003, gid: 5003, mode: "700" });
});

it("lets backup-agent hold the host and keep the record of its run, and nobody else beside root", async () => {
  await prepare();
  expect(attributes("lib/lease")).toEqual({ uid: 0, gid: 5002, mode: "775" });
  expect(attributes("lib/runs")).toEqual({ uid: 0, gid: 5002, mode: "770" });
  expect(attributes("run/slices/backup-agent")).toEqual({ uid: 5002, gid: 5002, mode: "700" });
});

it("hands the certificates of an installation without cert-agent over to it, as they are", async () => {
  const tls = join(folder, "lib/nginx/tls");
  mkdirSync(join(tls, "gen-0123456789abcdef"), { recursive: true });
  writeFileSync(join(tls, "gen-0123456789abcdef/server.crt"), "OLD");
  symlinkSync("gen-0123456789abcdef", join(tls, "current"));
  await prepare();
  expect(attributes("lib/nginx/tls")).toEqual({ ...KEEPER, mode: "750" });
  expect(attributes("lib/nginx/tls/gen-0123456789abcdef")).toEqual({ ...KEEPER, mode: "755" });
  expect(readFileSync(join(tls, "current/server.crt"), "utf8")).toBe("OLD");
  expect(readdirSync(tls).sort()).toEqual(["current", "gen-0123456789abcdef"]);
});
