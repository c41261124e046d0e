import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Browser } from "../../compose/sample/test/browser.ts";
import { type Host, startHost } from "../../tools/lab/index.ts";
import { type Authority, startAuthority } from "./support/authority.ts";
import { Chromium } from "./support/chromium.ts";
import { applianceImages } from "./support/images.ts";

const CHECKOUT = "/root/checkout";
const FURTHER_NAME = "www.certificates.test";
const OFFICE = "office@certificates.test";
const PASSWORD = "a password of the office";
const THIRTY_MINUTES_MS = 1_800_000;
/** The first retry comes after a minute. */
const BY_ITSELF = { timeout: 300_000, interval: 2_000 };

/** Where all of this took longer than a minute, the authority is asked again after ten. */
const SECOND_RETRY = { timeout: 900_000, interval: 2_000 };

/** What a person does when a page is not what was expected. A revoked certificate has to be refused within a minute. */
const VISITED_AGAIN = { timeout: 60_000, interval: 500 };

interface Shown {
  serial: string;
  names: string[];
  trusted: boolean;
}

describe("certificates of a virtual host whose authority is Pebble", () => {
  let authority: Authority;
  let host: Host;
  let root: string;
  let folder: string;
  let chromium: Chromium;
  let session: ReadonlyMap<string, string>;

  const appliance = (...args: string[]) =>
    host.exec(["appliance", ...args], { allowFailure: true, timeoutMs: THIRTY_MINUTES_MS });
  const address = () => new URL(host.publishedUrl).hostname;
  const shown = () => certificateOf(address(), host.domain, root);
  const elevatedPage = () => chromium.read("/internal/submissions/", session);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "certificates-"));
    [authority, host] = await Promise.all([
      startAuthority("authority"),
      startHost({ name: "certificates", images: applianceImages(), aliases: [FURTHER_NAME] }),
    ]);
    root = await authority.root();
    await host.copyIn(process.cwd(), CHECKOUT);
    await host.exec(["sh", "-c", "umask 077; cat > /root/env.yml"], { input: makeEnv(folder, host.domain, authority) });
    await host.exec([`${CHECKOUT}/deploy/bootstrap.sh`, "--yes", "--create-database", "--env", "/root/env.yml"], {
      timeoutMs: THIRTY_MINUTES_MS,
    });
    chromium = await Chromium.create({ domain: host.domain, address: address(), root });
  });
  afterAll(async () => {
    await chromium?.remove();
    await host?.remove();
    await authority?.host.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it("obtains one by itself after a fresh start", async () => {
    await expect.poll(shown, BY_ITSELF).toMatchObject({ trusted: true, names: [host.domain] });
    const { code, stdout } = await appliance("cert", "status");
    expect({ code, stdout }).toMatchObject({ code: 0 });
  });

  it("gives an internal user elevated rights in a browser once the certificate is imported", async () => {
    const made = await appliance("user", "create-internal", OFFICE, "Ada", "Office", "f");
    expect(made).toMatchObject({ code: 0 });
    session = await logIn(host, address());
    expect(await elevatedPage()).toContain("Client certificate needed");

    const created = await appliance(
      "cert",
      "client",
      "create",
      OFFICE,
      "office",
      "--out",
      "/root/office.p12",
      "--json",
    );
    expect(created).toMatchObject({ code: 0 });
    const { stdout } = await host.exec(["base64", "-w0", "/root/office.p12"]);
    writeFileSync(join(folder, "office.p12"), Buffer.from(stdout, "base64"));
    const { password } = JSON.parse(created.stdout) as { password: string };
    await chromium.importCertificate(join(folder, "office.p12"), password);
    await expect.poll(elevatedPage, VISITED_AGAIN).toContain("All submissions");
  });

  it("refuses the certificate once it is revoked", async () => {
    expect(await appliance("cert", "client", "revoke", OFFICE)).toMatchObject({ code: 0 });
    await expect.poll(elevatedPage, VISITED_AGAIN).toContain("Your certificate is not accepted");
  });

  it(
    "goes on with the one it has while the authority is away, and catches up by itself",
    async () => {
      const before = await shown();
      await authority.host.cutNetwork();
      await host.exec(["sed", "-i", `s/^    - ${host.domain}$/&\\n    - ${FURTHER_NAME}/`, "/app/env.yml"]);
      expect(await appliance("apply")).toMatchObject({ code: 0 });
      // Not by `cert renew`: an attempt of a person counts too, and the next one would come after ten minutes.
      await expect.poll(async () => (await appliance("cert", "status")).code, BY_ITSELF).toBe(1);
      expect(await shown()).toEqual(before);
      await authority.host.joinNetwork();
      await expect.poll(shown, SECOND_RETRY).toMatchObject({ trusted: true, names: [host.domain, FURTHER_NAME] });
    },
    THIRTY_MINUTES_MS,
  );

  it("serves the same one after a reboot, without asking for another", async () => {
    const before = await shown();
    await host.reboot();
    await expect.poll(() => shown().catch(() => undefined), BY_ITSELF).toEqual(before);
    const { stdout } = await appliance("cert", "status", "--json");
    expect(stdout).toContain(before.serial);
  });
});

/** Made as an operator makes one, with the authority as that of a company. */
function makeEnv(folder: string, domain: string, { directoryUrl, ca }: Authority): string {
  const [env, extra] = [join(folder, "env.yml"), join(folder, "extra.yml")];
  const letsencrypt = { enabled: true, directory_url: directoryUrl, ca };
  writeFileSync(extra, JSON.stringify({ appliance: { allowed_hosts: [domain], ssl: { letsencrypt } } }));
  execFileSync("tools/appliance", ["env", "create", domain, env, "--sample", "--extra", extra], { stdio: "pipe" });
  return readFileSync(env, "utf8");
}

/** What a visitor is shown, and whether one who trusts `root` alone would accept it. */
async function certificateOf(address: string, servername: string, root: string): Promise<Shown> {
  const socket = connect({ host: address, port: 443, servername, ca: root, rejectUnauthorized: false });
  try {
    await new Promise((resolve, reject) => {
      socket.once("secureConnect", resolve);
      socket.once("error", reject);
      socket.setTimeout(10_000, () => reject(new Error("no answer")));
    });
    const { serialNumber, subjectaltname = "" } = socket.getPeerCertificate();
    return {
      serial: serialNumber,
      names: subjectaltname.split(", ").map((name) => name.replace(/^DNS:/, "")),
      trusted: socket.authorized,
    };
  } finally {
    socket.destroy();
  }
}

/** Gives the user a password as the manual does without mail, and logs in by the form. */
async function logIn(host: Host, address: string): Promise<ReadonlyMap<string, string>> {
  const script = `
from django.contrib.auth import get_user_model
user = get_user_model().objects.get(email="${OFFICE}")
user.set_password("${PASSWORD}")
user.save()
`;
  const manage = ["docker", "exec", "-i", "ecs_ecs.web_1", "/start", "run", "./manage.py", "shell"];
  await host.exec(manage, { input: script });
  const route = { protocol: "https:", host: address, port: 443, servername: host.domain, rejectUnauthorized: false };
  const browser = new Browser(address, host.domain, {}, route);
  await browser.get("/login/");
  const { status, text } = await browser.submit("/login/", { username: OFFICE, password: PASSWORD });
  if (status !== 302) throw new Error(`the login was answered with ${status}: ${text.slice(0, 500)}`);
  return browser.cookies;
}
