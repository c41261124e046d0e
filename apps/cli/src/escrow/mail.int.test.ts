import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packageIt } from "./testing/command.ts";
import { forgetKeys, listEncrypted, makeKey } from "./testing/keys.ts";
import { makeCertificate, startMailServer, type TestMailServer } from "./testing/mail-server.ts";
import { envOf } from "./testing/pages.ts";

const folder = mkdtempSync(join(tmpdir(), "escrow-mail-"));
const at = (...names: string[]) => join(folder, ...names);
const trusted = makeCertificate(folder, "localhost");
const stranger = makeCertificate(folder, "mail.example");
let starttls: TestMailServer;
let smtps: TestMailServer;
let plain: TestMailServer;

beforeAll(async () => {
  mkdirSync(at("own"));
  writeFileSync(at("own/env.yml"), envOf(1000));
  writeFileSync(at("own/gpgkeys.txt"), makeKey(at("ada"), "ada").armour);
  writeFileSync(at("own/emailto.txt"), "ada@example.org\nbob@example.org\n");
  starttls = await startMailServer("starttls", trusted);
  smtps = await startMailServer("smtps", stranger);
  plain = await startMailServer("plain", trusted);
});
afterAll(async () => {
  await Promise.all([starttls, smtps, plain].map((server) => server.stop()));
  forgetKeys(at("ada"));
  rmSync(folder, { recursive: true });
});

/** `appliance env package`, where the authority of `localhost` is trusted, with an SMTP URL on standard input. */
async function mailBy(url: string, ...options: string[]) {
  const args = ["apps/cli/src/main.ts", "env", "package", at("own/env.yml"), "--smtp-url-file", "-", ...options];
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: trusted.certificate };
  const child = spawn(process.execPath, args, { env, stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.end(`${url}\n`);
  const [printed, said] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { printed: printed.trim().split("\n"), said, args };
}

const right = (server: TestMailServer, scheme = "smtp") => `${scheme}://ada:right%20horse@localhost:${server.port}`;

describe("the mail of appliance env package", () => {
  it("brings the encrypted archive, and nothing that can be read, to each address of emailto.txt over TLS", async () => {
    const { printed, said } = await mailBy(right(starttls));
    expect(said).toContain("Mailed to ada@example.org, bob@example.org by localhost.");
    const { to, tls, content } = await starttls.next();
    expect({ to, tls }).toEqual({ to: ["ada@example.org", "bob@example.org"], tls: true });
    const attachment = /filename="?ecs\.example\.env\.[^]*?\r?\n\r?\n([A-Za-z0-9+/=\r\n]+)/.exec(content)?.[1] ?? "";
    writeFileSync(at("received.gpg"), Buffer.from(attachment, "base64"));
    expect(listEncrypted(at("ada"), at("received.gpg"))).toContain("env.yml");
    expect(printed).toHaveLength(3);
  });

  it("says which addresses the server refused, and that the others have it", async () => {
    writeFileSync(at("some.txt"), "ada@example.org\nnobody@example.org\n");
    const { said } = await mailBy(right(starttls), "--emailto", at("some.txt"));
    expect(said).toContain("localhost does not take mail for nobody@example.org; the others have it.");
    expect((await starttls.next()).to).toEqual(["ada@example.org"]);
  });

  it("is not sent to a server whose certificate is not valid, and the archive stays to be sent by hand", async () => {
    const { said, printed } = await mailBy(right(smtps, "smtps"));
    expect(said).toMatch(/The mail was not sent: the certificate of localhost:\d+ is not valid/);
    expect(readdirSync(at("own"))).toContain(printed[2]?.split("/").at(-1));
  });

  it.each([
    [
      "a password that is wrong",
      () => `smtp://ada:hunter22@localhost:${starttls.port}`,
      /does not take this user and password/,
    ],
    [
      "a server that does not answer",
      () => "smtp://ada:hunter22@127.0.0.1:9",
      /127\.0\.0\.1:9 does not answer \(ESOCKET\)|ECONNREFUSED/,
    ],
    [
      "TLS asked of a server without",
      () => `smtps://ada:hunter22@localhost:${plain.port}`,
      /offers no TLS from the start/,
    ],
    ["no URL", () => "mail.example hunter22", /The file with the SMTP URL holds no such URL/],
  ])("is not sent with %s, which is said without the password", async (_what, url, sentence) => {
    const { said } = await mailBy(url());
    expect(said).toMatch(sentence);
    expect(said).not.toContain("hunter22");
  });

  it("is refused where there is no key to encrypt it to, before anything is made", async () => {
    mkdirSync(at("keyless"));
    writeFileSync(at("keyless/env.yml"), envOf(1000));
    writeFileSync(at("url"), right(starttls));
    const order = { emailto: at("own/emailto.txt"), smtpUrlFile: at("url") };
    await expect(packageIt(at("keyless/env.yml"), order)).rejects.toMatchObject({ code: "USAGE" });
    expect(readdirSync(at("keyless"))).toEqual(["env.yml"]);
  });

  it("is not asked for by an emailto.txt alone: the command says what is missing, and makes the rest", async () => {
    const { printed, said } = await packageIt(at("own/env.yml"), { out: at("unmailed") });
    expect(printed).toHaveLength(3);
    expect(said[0]).toContain("name a file with its URL with --smtp-url-file");
  });
});
