import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRootFolderHost } from "@appliance/host";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { toEnvSource } from "./env-source.ts";
import { PATHS } from "./paths.ts";
import { planSlices } from "./plan-slices.ts";
import { createRootFiles } from "./root-files.ts";
import { readWanted } from "./wanted.ts";

let folder: string;
let root: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tls-texts-"));
  for (const name of ["own", "other"]) makePair(name);
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  root = mkdtempSync(join(folder, "root-"));
  mkdirSync(join(root, "data/etc/ssl"), { recursive: true });
});

function makePair(name: string): void {
  const [key, cert] = [join(folder, `${name}-key.pem`), join(folder, `${name}-cert.pem`)];
  const kind = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "9"];
  const files = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=DNS:ecs.example", "-keyout", key, "-out", cert];
  execFileSync("openssl", [...kind, ...files], { stdio: "pipe" });
}

const text = (name: string) => readFileSync(join(folder, name), "utf8");
const put = (name: string, at = name) => copyFileSync(join(folder, name), join(root, "data/etc", at));

const read = (ssl: object, reason?: "repair") => {
  const env = { appliance: { domain: "ecs.example", ssl }, ecs: { git: { source: "builtin:sample" } } };
  const source = toEnvSource("/app/env.yml", Buffer.from(`#cloud-config\n${JSON.stringify(env)}\n`));
  return readWanted(source, { host: createRootFolderHost({ root }), files: createRootFiles(root) }, reason);
};
const given = async (...args: Parameters<typeof read>) => (await read(...args)).tls.given;
const pair = { key: "own-key.pem", cert: "own-cert.pem" };

it("hands out what files in /app/etc hold, and notices a changed one", async () => {
  put("own-key.pem");
  put("own-cert.pem");
  expect(await given(pair)).toEqual({ key: text("own-key.pem"), certificate: text("own-cert.pem") });
  put("other-key.pem", "own-key.pem");
  put("other-cert.pem", "own-cert.pem");
  expect((await given(pair))?.key).toBe(text("other-key.pem"));
});

it("takes a name below a folder, with the whole path, or by a link that stays in /app/etc", async () => {
  put("own-key.pem", "ssl/key.pem");
  put("own-cert.pem", "ssl/cert.pem");
  symlinkSync("/data/etc/ssl/key.pem", join(root, "data/etc/key.pem"));
  for (const key of ["ssl/key.pem", "/app/etc/ssl/key.pem", "/data/etc/ssl/key.pem", "key.pem"])
    expect(await given({ key, cert: "ssl/cert.pem" })).toMatchObject({ key: text("own-key.pem") });
});

it("takes one as text and the other as a file, and refuses two that do not belong together", async () => {
  put("own-cert.pem");
  expect(await given({ key: text("own-key.pem"), cert: "own-cert.pem" })).not.toBeNull();
  await expect(read({ key: text("other-key.pem"), cert: "own-cert.pem" })).rejects.toMatchObject({
    code: "ENV_INVALID",
    message: expect.stringContaining("appliance:ssl:cert: is not the certificate of appliance:ssl:key"),
  });
});

it.each([
  ["absent.pem", "/app/etc/absent.pem does not exist"],
  ["/etc/ssl/key.pem", "/etc/ssl/key.pem is not below /app/etc"],
  ["out.pem", "/app/etc/out.pem leads out of /app/etc"],
  ["ssl", "/app/etc/ssl is no file"],
  ["pipe.pem", "/app/etc/pipe.pem is no file"],
  ["long.pem", "/app/etc/long.pem is longer than 256 KiB"],
  ["note.pem", "/app/etc/note.pem is no PEM text"],
  ["own-cert.pem", "/app/etc/own-cert.pem is no private key in PEM"],
  ["server.key.pem", "/app/etc/server.key.pem is where the appliance puts its own"],
])("says with line and path why it cannot use %s as the key", async (name, reason) => {
  put("own-cert.pem");
  symlinkSync("/outside.pem", join(root, "data/etc/out.pem"));
  writeFileSync(join(root, "outside.pem"), text("own-key.pem"));
  execFileSync("mkfifo", [join(root, "data/etc/pipe.pem")]);
  writeFileSync(join(root, "data/etc/long.pem"), text("own-key.pem") + " ".repeat(300_000));
  writeFileSync(join(root, "data/etc/note.pem"), "buy milk\n");
  await expect(read({ key: name, cert: "own-cert.pem" })).rejects.toMatchObject({
    code: "ENV_INVALID",
    message: expect.stringMatching(/\n\/app\/env\.yml:2:\d+: appliance:ssl:key: /),
  });
  await expect(read({ key: name, cert: "own-cert.pem" })).rejects.toThrow(reason);
});

it("goes on with what cert-agent has when a repair finds the files gone", async () => {
  put("own-key.pem");
  put("own-cert.pem");
  const slice = planSlices(await read(pair), null)["cert-agent"];
  mkdirSync(join(root, PATHS.slices, "cert-agent"), { recursive: true });
  writeFileSync(join(root, PATHS.slices, "cert-agent/env.json"), JSON.stringify(slice));
  rmSync(join(root, "data/etc/own-key.pem"));
  await expect(read(pair)).rejects.toThrow("does not exist");
  expect(await given(pair, "repair")).toEqual(slice.given);
});
