import { randomBytes } from "node:crypto";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { Browser, type Page } from "./browser.ts";
import { docker, inspect } from "./docker.ts";
import { DOMAIN, Group, SERVICES } from "./group.ts";
import { delivery, smtpDialog } from "./smtp-dialog.ts";

// One group for all tests, and in this order: a later test uses what an earlier one has handed in.
const group = new Group();
// Every operation starts a container and a Python in it; beside other work that takes its time.
vi.setConfig({ testTimeout: 180_000 });
const SUBMITTER = "sue@example.org";
const OFFICE = "olive@example.org";
const PASSWORD = "correct horse battery";
const CERTIFICATE = { "x-ssl-client-verify": "SUCCESS", "x-ssl-client-serial": "0A1B2C" };
const MARK = `plain text that must not be found in the vault ${randomBytes(8).toString("hex")}`;

let web: string;

beforeAll(async () => {
  await group.prepare();
  await group.compose("up", "--detach", "--no-build");
  web = await group.address("ecs.web", "front");
}, 600_000);

afterAll(async () => {
  await group.remove();
}, 120_000);

async function eventually<T>(
  what: string,
  attempt: () => Promise<T | undefined | false>,
  timeoutMs = 60_000,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const result = await attempt().catch(() => undefined);
    if (result !== undefined && result !== false) return result;
    if (Date.now() > end) throw new Error(`not within ${timeoutMs / 1000} s: ${what}`);
    await sleep(500);
  }
}

async function health() {
  const page = await new Browser(web, "203.0.113.7").get("/health/");
  return { status: page.status, report: JSON.parse(page.text) as { status: string; checks: Record<string, string> } };
}

async function logIn(user: string, headers: Record<string, string> = {}) {
  const browser = new Browser(web, DOMAIN, headers);
  await browser.get("/login/");
  const page = await browser.submit("/login/", { username: user, password: PASSWORD });
  expect(page.headers.location).toBe("/");
  return browser;
}

async function pythonShell(code: string) {
  return await group.exec("ecs.web", ["/start", "run", "./manage.py", "shell"], { input: code });
}

const latestReplyAddress = (page: Page) => [...page.text.matchAll(/ecs-[0-9a-f]{32}@sample\.test/g)].at(-1)?.[0] ?? "";

describe("first start", () => {
  it("is not healthy, and says why, until the migrations were asked for", async () => {
    const { status, report } = await eventually("web answers", async () => await health());
    expect(status).toBe(503);
    expect(report.checks).toEqual({ database: "ok", migrations: "migrations pending", redis: "ok", vault: "ok" });
  });

  it("refuses to bootstrap a database that was not migrated", async () => {
    await expect(group.operation("/start", "run", "./manage.py", "bootstrap")).rejects.toThrow("migrations pending");
  });

  it("migrates and bootstraps as often as it is asked to, also twice at once", async () => {
    await Promise.all([group.operation("/start", "migrate"), group.operation("/start", "migrate")]);
    const bootstrap = ["/start", "run", "./manage.py", "bootstrap"];
    await group.operation(...bootstrap);
    const first = await pythonShell("from django.contrib.auth.models import User; print(User.objects.count())");
    await group.operation(...bootstrap);
    expect(await pythonShell("from django.contrib.auth.models import User; print(User.objects.count())")).toBe(first);
  });

  it("is healthy then, in its own words and in the engine's", async () => {
    await eventually("health", async () => (await health()).status === 200);
    const states = async () =>
      await Promise.all(SERVICES.map((service) => inspect(group.container(service), "{{.State.Health.Status}}")));
    await eventually("all containers healthy", async () => (await states()).every((state) => state === "healthy"));
    expect((await health()).report.status).toBe("ok");
  });

  it("has models and migrations that agree", async () => {
    const check = ["/start", "run", "./manage.py", "makemigrations", "--check", "--dry-run"];
    expect(await group.exec("ecs.web", check)).toContain("No changes detected");
  });
});

describe("containers", () => {
  it.each(SERVICES)("%s runs without root, capabilities and a writable root file system", async (service) => {
    const facts = JSON.parse(await inspect(group.container(service), "{{json .}}")) as {
      HostConfig: {
        ReadonlyRootfs: boolean;
        CapDrop: string[];
        SecurityOpt: string[];
        Memory: number;
        PidsLimit: number;
      };
      Config: { User: string };
    };
    expect(facts.HostConfig).toMatchObject({
      ReadonlyRootfs: true,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges:true"],
      RestartPolicy: { Name: "no" },
    });
    expect(facts.HostConfig.Memory).toBeGreaterThan(0);
    expect(facts.HostConfig.PidsLimit).toBeGreaterThan(0);
    expect(facts.Config.User).toBe(service === "pdfas" ? "5001:5001" : "app");
  });

  it("starts a service again that was killed", async () => {
    const running = [
      "bash",
      "-c",
      `for p in /proc/[0-9]*; do [ "$(<$p/comm)" != memcached ] || echo "\${p#/proc/}"; done`,
    ];
    const before = await group.exec("memcached", running);
    await group.exec("memcached", ["bash", "-c", `kill -9 ${before}`]);
    const after = await eventually("memcached runs again", async () => {
      const pid = await group.exec("memcached", running);
      return pid !== before && pid;
    });
    expect(after).not.toBe(before);
  });

  it("passes the application's own tests", async () => {
    expect(await group.exec("ecs.web", ["/start", "run", "./manage.py", "test", "--noinput"])).toMatch(/^OK$/m);
  });
});

describe("users", () => {
  it("makes an internal user by the named operation, and queues the invitation", async () => {
    const command = ["/start", "run", "./manage.py", "create_internal_user", "--", OFFICE, "Olive", "O'Hara", "f"];
    expect(await group.operation(...command)).toContain(`${OFFICE} made`);
    expect(await group.operation(...command)).toContain("existed already");
  });

  it("gives a shell with the application's environment on standard input", async () => {
    const printed = await pythonShell(`
from ecs.users.accounts import ensure_user
user, made = ensure_user("${SUBMITTER}", "Sue", "Submitter", "f", "submitter")
user.set_password("${PASSWORD}"); user.save()
from django.contrib.auth.models import User
office = User.objects.get(username="${OFFICE}")
office.set_password("${PASSWORD}"); office.save()
print("made", made)
`);
    expect(printed).toContain("made True");
  });

  it("lets nobody in without the right password", async () => {
    const browser = new Browser(web, DOMAIN);
    await browser.get("/login/");
    const page = await browser.submit("/login/", { username: SUBMITTER, password: "wrong" });
    expect(page.status).toBe(200);
    expect((await browser.get("/")).headers.location).toBe("/login/?next=/");
  });

  it("closes a name for a while after ten wrong passwords", async () => {
    const browser = new Browser(web, DOMAIN);
    await browser.get("/login/");
    let page = await browser.submit("/login/", { username: "nobody@example.org", password: "wrong" });
    for (let i = 0; i < 10; i++)
      page = await browser.submit("/login/", { username: "nobody@example.org", password: "wrong" });
    expect(page.text).toContain("Too many wrong passwords");
  });

  it("refuses a host name that the settings do not allow, with a page that needs no host", async () => {
    expect((await new Browser(web, "evil.example").get("/login/")).status).toBe(400);
  });

  it("shows internal pages only to internal users who have shown a client certificate", async () => {
    const statusFor = async (user: string, headers: Record<string, string>) =>
      (await (await logIn(user, headers)).get("/internal/submissions/")).status;
    expect(await statusFor(OFFICE, CERTIFICATE)).toBe(200);
    expect(await statusFor(OFFICE, {})).toBe(403);
    expect(await statusFor(OFFICE, { ...CERTIFICATE, "x-ssl-client-verify": "FAILED:certificate revoked" })).toBe(403);
    expect(await statusFor(SUBMITTER, CERTIFICATE)).toBe(403);
  });

  it("takes test users on without a password until they are disabled as the manual says", async () => {
    const browser = new Browser(web, DOMAIN);
    const [, user = ""] = /name="user" value="(\d+)"/.exec((await browser.get("/login/")).text) ?? [];
    expect((await browser.submit("/userswitcher/switch/", { user })).status).toBe(302);
    expect((await browser.get("/")).status).toBe(200);
    await pythonShell(
      "from django.contrib.auth.models import User\nUser.objects.filter(profile__is_testuser=True).update(is_active=False)\n",
    );
    const later = new Browser(web, DOMAIN);
    expect((await later.get("/login/")).text).not.toContain('name="user"');
    expect((await later.submit("/userswitcher/switch/", { user })).status).toBe(404);
  });
});

describe("documents", () => {
  const content = Buffer.from(`${MARK}\n${"x".repeat(300_000)}${MARK}`);
  let submission: string;
  let download: string;

  it("keeps an upload in the vault and hands the same bytes out again", async () => {
    const browser = await logIn(SUBMITTER);
    await browser.get("/submissions/new/");
    const fields = { title: "A <study> & its title", investigator: "Dr. Ada", summary: "short" };
    submission = (await browser.submit("/submissions/new/", fields)).headers.location ?? "";
    const file = new File([content], "protocol ü.txt", { type: "text/plain" });
    expect((await browser.submit(`${submission}documents/`, { document: file })).status).toBe(302);

    const page = await browser.get(submission);
    expect(page.text).toContain("A &lt;study&gt; &amp; its title");
    expect(page.text).toContain("protocol ü.txt");
    download = /href="(\/documents\/[^"]+)"/.exec(page.text)?.[1] ?? "";
    const back = await browser.get(download);
    expect(back.body.equals(content)).toBe(true);
    expect(back.headers["content-disposition"]).toContain("attachment");
  });

  it("has only OpenPGP in the vault: encrypted to ecs_mediaserver, signed by ecs_authority, without the plain text", async () => {
    const files = globSync("??/??/*.gpg", { cwd: group.vault });
    expect(globSync("**/*.part", { cwd: group.vault })).toEqual([]);
    expect(files).toHaveLength(1);
    const file = join(group.vault, files[0] ?? "");
    expect(readFileSync(file).includes(MARK)).toBe(false);

    const packets = (await group.keys.gpg("--list-packets", file)).stdout;
    expect(packets).toMatch(
      /:pubkey enc packet:[\s\S]*:encrypted data packet:[\s\S]*:onepass_sig packet:[\s\S]*:literal data packet:/,
    );
    const { stdout, stderr } = await group.keys.gpg("--status-fd", "2", "--decrypt", file);
    expect(stdout).toContain(MARK);
    expect(stderr).toMatch(/ENC_TO/);
    expect(stderr).toMatch(/GOODSIG \w+ ecs_authority/);
  });

  it("verifies the vault by reading documents back", async () => {
    expect(await group.operation("/start", "run", "./manage.py", "verify_vault", "--", "10")).toContain(
      "1 documents good, 0 bad",
    );
  });

  it("shows a document neither to another user nor without login", async () => {
    expect((await (await logIn(OFFICE)).get(download)).status).toBe(404);
    expect((await new Browser(web, DOMAIN).get(download)).status).toBe(302);
    expect((await (await logIn(OFFICE, CERTIFICATE)).get(download)).status).toBe(200);
  });

  it("hands nothing out when the file was changed", async () => {
    const file = join(group.vault, globSync("??/??/*.gpg", { cwd: group.vault })[0] ?? "");
    const good = readFileSync(file);
    const bad = Buffer.from(good);
    bad[bad.length - 100] = (bad[bad.length - 100] ?? 0) ^ 1;
    writeFileSync(file, bad);
    const page = await (await logIn(SUBMITTER)).get(download);
    const verified = group.operation("/start", "run", "./manage.py", "verify_vault", "--", "10");
    await expect(verified).rejects.toThrow("cannot be read back");
    writeFileSync(file, good);
    expect(page.status).toBe(503);
    expect(page.text).not.toContain(MARK);
  });

  it("hands nothing out that another key has signed", async () => {
    const file = join(group.vault, globSync("??/??/*.gpg", { cwd: group.vault })[0] ?? "");
    const good = readFileSync(file);
    const forged = join(group.root, "forged.gpg");
    const keys = ["--recipient", "ecs_mediaserver", "--local-user", "ecs_mediaserver"];
    await group.keys.gpg(
      "--trust-model",
      "always",
      "--output",
      forged,
      ...keys,
      "--sign",
      "--encrypt",
      import.meta.filename,
    );
    writeFileSync(file, readFileSync(forged));
    const page = await (await logIn(SUBMITTER)).get(download);
    writeFileSync(file, good);
    expect(page.status).toBe(503);
  });

  it("refuses a document above the limit with a sentence", async () => {
    const file = new File([Buffer.alloc(5 * 1024 * 1024)], "big.pdf", { type: "application/pdf" });
    const browser = await logIn(SUBMITTER);
    const page = await browser.submit(`${submission}documents/`, { document: file });
    expect(page.status).toBe(400);
    expect(page.text).toContain("at most 4 MB");
  });

  it("lets the office acknowledge the submission", async () => {
    const office = await logIn(OFFICE, CERTIFICATE);
    expect((await office.submit(`${submission}acknowledge/`, {})).status).toBe(302);
    expect((await office.get(submission)).text).toContain("state acknowledged");
    const submitter = await logIn(SUBMITTER);
    expect((await submitter.submit(`${submission}acknowledge/`, {})).status).toBe(403);
  });
});

describe("mail", () => {
  const submission = "/submissions/1/";
  let smtpd: string;
  let replyTo: string;

  beforeAll(async () => {
    smtpd = await group.address("ecs.smtpd", "mail");
  });

  it("waits while the gateway is away, and goes out under a reply address of its own once it is there", async () => {
    const browser = await logIn(SUBMITTER);
    const fields = { recipient: "rita@example.com", subject: "A question", body: "What do you think?" };
    await browser.submit(`${submission}messages/`, fields);
    await eventually("first attempt", async () =>
      (await browser.get(submission)).text.includes("mail gateway is away"),
    );
    expect((await browser.get(submission)).text).toContain("state waiting");
    const gateway = await group.startGateway();
    await eventually("sent", async () => (await browser.get(submission)).text.includes("state sent"), 90_000);

    replyTo = latestReplyAddress(await browser.get(submission));
    const mail = await docker(["logs", gateway]);
    expect(mail).toContain(`From: ${replyTo}`);
    expect(mail).not.toContain("Auto-Submitted");
    await docker(["rm", "--force", gateway]);
  });

  it("only logs mail to those that the settings filter", async () => {
    const browser = await logIn(SUBMITTER);
    await browser.submit(`${submission}messages/`, { recipient: "rita@example.net", subject: "Filtered", body: "x" });
    await eventually("logged", async () => (await browser.get(submission)).text.includes("state logged"));
    expect(await docker(["logs", group.container("ecs.worker")])).toContain("To: rita@example.net");
  });

  it("accepts an answer, once however often it is delivered, and shows it with the submission", async () => {
    const message = [
      "From: rita@example.com",
      "Subject: Re: A question",
      "Message-ID: <1@example.com>",
      "",
      "I think <b>so</b>.",
    ];
    for (let i = 0; i < 2; i++) {
      const replies = await smtpDialog(smtpd, delivery("rita@example.com", replyTo.toUpperCase(), message));
      expect(replies.map((r) => r.slice(0, 3))).toEqual(["220", "250", "250", "250", "354", "250", "221"]);
    }
    const page = await (await logIn(SUBMITTER)).get(submission);
    expect(page.text.split("I think &lt;b&gt;so&lt;/b&gt;.")).toHaveLength(2);
  });

  it("tells the presenter about an answer of a person, marked as automatic, and about no automatic one", async () => {
    const notices = () =>
      pythonShell(
        "from ecs.communication.models import *; print(OutgoingMail.objects.filter(kind='notice', automatic=True, in_reply_to__contains='@').count())",
      );
    const before = await notices();
    expect(before).toBe("1");
    const vacation = ["Subject: Out of office", "Auto-Submitted: auto-replied", "", "I am away."];
    const bounce = ["Subject: Undelivered", "", "No such user."];
    expect((await smtpDialog(smtpd, delivery("rita@example.com", replyTo, vacation))).at(-2)).toMatch(/^250/);
    expect((await smtpDialog(smtpd, delivery("", replyTo, bounce))).at(-2)).toMatch(/^250/);
    expect(await notices()).toBe(before);
    expect((await (await logIn(SUBMITTER)).get(submission)).text).toContain("No such user.");
  });

  it.each([
    ["another domain", (to: string) => [`RCPT TO:<${to.replace(DOMAIN, "elsewhere.test")}>`], /^550 /],
    ["an address that nobody was given", () => [`RCPT TO:<ecs-${"0".repeat(32)}@${DOMAIN}>`], /^553 /],
    ["an address of another form", () => [`RCPT TO:<postmaster@${DOMAIN}>`], /^553 /],
    ["a second recipient", (to: string) => [`RCPT TO:<${to}>`, `RCPT TO:<${to}>`], /^554 /],
  ])("refuses %s", async (_what, recipients, code) => {
    const lines = ["EHLO client.example", "MAIL FROM:<rita@example.com>", ...recipients(replyTo)];
    expect((await smtpDialog(smtpd, lines)).at(-2)).toMatch(code);
  });

  it("refuses a mail above the limit, announced or not", async () => {
    const announced = ["EHLO client.example", "MAIL FROM:<rita@example.com> SIZE=100001"];
    expect((await smtpDialog(smtpd, announced)).at(-2)).toMatch(/^552 /);
    const large = Array.from({ length: 2000 }, () => "x".repeat(70));
    expect(
      (await smtpDialog(smtpd, delivery("rita@example.com", replyTo, ["Subject: large", "", ...large]))).at(-2),
    ).toMatch(/^552 /);
  });
});

describe("around the application", () => {
  it("serves its style, and a policy that lets pages load nothing from elsewhere", async () => {
    const browser = new Browser(web, DOMAIN);
    const page = await browser.get("/login/");
    expect(page.headers["content-security-policy"]).toContain("default-src 'none'");
    expect((await browser.get("/static/sample.css")).status).toBe(200);
    expect(page.text).not.toMatch(/(src|href)="https?:/);
  });

  it("hands the page of the signing stand-in on, which says that it signs nothing", async () => {
    const page = await new Browser(web, DOMAIN).get("/pdf-as-web/");
    expect(page.text).toContain("signs no documents");
  });

  it("shows health, heartbeat and mail to the office", async () => {
    const page = await eventually(
      "heartbeat",
      async () => {
        const shown = await (await logIn(OFFICE, CERTIFICATE)).get("/internal/status/");
        return / s ago/.test(shown.text) && shown;
      },
      90_000,
    );
    expect(page.text).toContain("documents in the vault");
    const mail = await (await logIn(OFFICE, CERTIFICATE)).get("/internal/mail/");
    expect(mail.text).toContain(OFFICE);
    expect(mail.text).not.toContain("/password/");
  });

  it("says in fixed words that Redis is away, and recovers by itself", async () => {
    await docker(["stop", group.container("redis")]);
    expect((await health()).report.checks["redis"]).toBe("away");
    const page = await (
      await logIn(SUBMITTER)
    ).submit("/submissions/1/messages/", { recipient: "rita@example.net", subject: "No queue", body: "x" });
    expect(page.status).toBe(302);
    await docker(["start", group.container("redis")]);
    await eventually("health", async () => (await health()).status === 200);
    const browser = await logIn(SUBMITTER);
    await eventually(
      "mail logged",
      async () => !(await browser.get("/submissions/1/")).text.includes("state waiting"),
      90_000,
    );
  });

  it("says that the database is away, refuses mail for later, and recovers by itself", async () => {
    await group.postgres?.halt();
    const { status, report } = await health();
    const answer = delivery("rita@example.com", `ecs-${"0".repeat(32)}@${DOMAIN}`, ["", "x"]);
    const replies = await smtpDialog(await group.address("ecs.smtpd", "mail"), answer.slice(0, 3));
    await group.postgres?.start();
    expect({ status, database: report.checks["database"] }).toEqual({ status: 503, database: "away" });
    expect(replies.at(-2)).toMatch(/^451 /);
    await eventually("health", async () => (await health()).status === 200);
  });

  it("stops in order, without being killed", async () => {
    await group.compose("stop");
    const codes = await Promise.all(
      SERVICES.map((service) => inspect(group.container(service), "{{.State.ExitCode}}")),
    );
    expect(codes).toEqual(SERVICES.map(() => "0"));
  });
});
