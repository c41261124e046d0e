import { beforeAll, describe, expect, it } from "vitest";
import { eventually, SUBMITTER, type Application } from "../application.ts";
import type { Page } from "../browser.ts";
import { docker } from "../docker.ts";
import { DOMAIN } from "../group.ts";
import { delivery, smtpDialog } from "../smtp-dialog.ts";

const latestReplyAddress = (page: Page) => [...page.text.matchAll(/ecs-[0-9a-f]{32}@sample\.test/g)].at(-1)?.[0] ?? "";

/** Mail out and answers in. */
export function mail(application: Application): void {
  const { group } = application;

  describe("mail", () => {
    const submission = "/submissions/1/";
    let smtpd: string;
    let replyTo: string;

    beforeAll(async () => {
      smtpd = await group.address("ecs.smtpd", "mail");
    });

    it("waits while the gateway is away, and goes out under a reply address of its own once it is there", async () => {
      const browser = await application.logIn(SUBMITTER);
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
      const browser = await application.logIn(SUBMITTER);
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
      const page = await (await application.logIn(SUBMITTER)).get(submission);
      expect(page.text.split("I think &lt;b&gt;so&lt;/b&gt;.")).toHaveLength(2);
    });

    it("tells the presenter about an answer of a person, marked as automatic, and about no automatic one", async () => {
      const notices = () =>
        application.pythonShell(
          "from ecs.communication.models import *; print(OutgoingMail.objects.filter(kind='notice', automatic=True, in_reply_to__contains='@').count())",
        );
      const before = await notices();
      expect(before).toBe("1");
      const vacation = ["Subject: Out of office", "Auto-Submitted: auto-replied", "", "I am away."];
      const bounce = ["Subject: Undelivered", "", "No such user."];
      expect((await smtpDialog(smtpd, delivery("rita@example.com", replyTo, vacation))).at(-2)).toMatch(/^250/);
      expect((await smtpDialog(smtpd, delivery("", replyTo, bounce))).at(-2)).toMatch(/^250/);
      expect(await notices()).toBe(before);
      expect((await (await application.logIn(SUBMITTER)).get(submission)).text).toContain("No such user.");
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
}
