import { describe, expect, it } from "vitest";
import { CERTIFICATE, eventually, OFFICE, SUBMITTER, type Application } from "../application.ts";
import { Browser } from "../browser.ts";
import { docker, inspect } from "../docker.ts";
import { DOMAIN, SERVICES } from "../group.ts";
import { delivery, smtpDialog } from "../smtp-dialog.ts";

/** What stands around the application, and what happens when it is away. */
export function surroundings(application: Application): void {
  const { group } = application;

  describe("around the application", () => {
    it("serves its style, and a policy that lets pages load nothing from elsewhere", async () => {
      const browser = new Browser(application.web, DOMAIN);
      const page = await browser.get("/login/");
      expect(page.headers["content-security-policy"]).toContain("default-src 'none'");
      expect((await browser.get("/static/sample.css")).status).toBe(200);
      expect(page.text).not.toMatch(/(src|href)="https?:/);
    });

    it("hands the page of the signing stand-in on, which says that it signs nothing", async () => {
      const page = await new Browser(application.web, DOMAIN).get("/pdf-as-web/");
      expect(page.text).toContain("signs no documents");
    });

    it("shows health, heartbeat and mail to the office", async () => {
      const page = await eventually(
        "heartbeat",
        async () => {
          const shown = await (await application.logIn(OFFICE, CERTIFICATE)).get("/internal/status/");
          return / s ago/.test(shown.text) && shown;
        },
        90_000,
      );
      expect(page.text).toContain("documents in the vault");
      const mail = await (await application.logIn(OFFICE, CERTIFICATE)).get("/internal/mail/");
      expect(mail.text).toContain(OFFICE);
      expect(mail.text).not.toContain("/password/");
    });

    it("says in fixed words that Redis is away, and recovers by itself", async () => {
      await docker(["stop", group.container("redis")]);
      expect((await application.health()).report.checks["redis"]).toBe("away");
      const page = await (
        await application.logIn(SUBMITTER)
      ).submit("/submissions/1/messages/", { recipient: "rita@example.net", subject: "No queue", body: "x" });
      expect(page.status).toBe(302);
      await docker(["start", group.container("redis")]);
      await eventually("health", async () => (await application.health()).status === 200);
      const browser = await application.logIn(SUBMITTER);
      await eventually(
        "mail logged",
        async () => !(await browser.get("/submissions/1/")).text.includes("state waiting"),
        90_000,
      );
    });

    it("says that the database is away, refuses mail for later, and recovers by itself", async () => {
      await group.postgres?.halt();
      const { status, report } = await application.health();
      const answer = delivery("rita@example.com", `ecs-${"0".repeat(32)}@${DOMAIN}`, ["", "x"]);
      const replies = await smtpDialog(await group.address("ecs.smtpd", "mail"), answer.slice(0, 3));
      await group.postgres?.start();
      expect({ status, database: report.checks["database"] }).toEqual({ status: 503, database: "away" });
      expect(replies.at(-2)).toMatch(/^451 /);
      await eventually("health", async () => (await application.health()).status === 200);
    });

    it("stops in order, without being killed", async () => {
      await group.compose("stop");
      const codes = await Promise.all(
        SERVICES.map((service) => inspect(group.container(service), "{{.State.ExitCode}}")),
      );
      expect(codes).toEqual(SERVICES.map(() => "0"));
    });
  });
}
