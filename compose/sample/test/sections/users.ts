import { describe, expect, it } from "vitest";
import { CERTIFICATE, OFFICE, PASSWORD, SUBMITTER, type Application } from "../application.ts";
import { Browser } from "../browser.ts";
import { DOMAIN } from "../group.ts";

/** Who may come in, and what each may see. */
export function users(application: Application): void {
  const { group } = application;

  describe("users", () => {
    it("makes an internal user by the named operation, and queues the invitation", async () => {
      const command = ["/start", "run", "./manage.py", "create_internal_user", "--", OFFICE, "Olive", "O'Hara", "f"];
      expect(await group.operation(...command)).toContain(`${OFFICE} made`);
      expect(await group.operation(...command)).toContain("existed already");
    });

    it("gives a shell with the application's environment on standard input", async () => {
      const printed = await application.pythonShell(`
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
      const browser = new Browser(application.web, DOMAIN);
      await browser.get("/login/");
      const page = await browser.submit("/login/", { username: SUBMITTER, password: "wrong" });
      expect(page.status).toBe(200);
      expect((await browser.get("/")).headers.location).toBe("/login/?next=/");
    });

    it("closes a name for a while after ten wrong passwords", async () => {
      const browser = new Browser(application.web, DOMAIN);
      await browser.get("/login/");
      let page = await browser.submit("/login/", { username: "nobody@example.org", password: "wrong" });
      for (let i = 0; i < 10; i++)
        page = await browser.submit("/login/", { username: "nobody@example.org", password: "wrong" });
      expect(page.text).toContain("Too many wrong passwords");
    });

    it("refuses a host name that the settings do not allow, with a page that needs no host", async () => {
      expect((await new Browser(application.web, "evil.example").get("/login/")).status).toBe(400);
    });

    it("shows internal pages only to internal users who have shown a client certificate", async () => {
      const statusFor = async (user: string, headers: Record<string, string>) =>
        (await (await application.logIn(user, headers)).get("/internal/submissions/")).status;
      expect(await statusFor(OFFICE, CERTIFICATE)).toBe(200);
      expect(await statusFor(OFFICE, {})).toBe(403);
      expect(await statusFor(OFFICE, { ...CERTIFICATE, "x-ssl-client-verify": "FAILED:certificate revoked" })).toBe(
        403,
      );
      expect(await statusFor(SUBMITTER, CERTIFICATE)).toBe(403);
    });

    it("takes test users on without a password until they are disabled as the manual says", async () => {
      const browser = new Browser(application.web, DOMAIN);
      const [, user = ""] = /name="user" value="(\d+)"/.exec((await browser.get("/login/")).text) ?? [];
      expect((await browser.submit("/userswitcher/switch/", { user })).status).toBe(302);
      expect((await browser.get("/")).status).toBe(200);
      await application.pythonShell(
        "from django.contrib.auth.models import User\nUser.objects.filter(profile__is_testuser=True).update(is_active=False)\n",
      );
      const later = new Browser(application.web, DOMAIN);
      expect((await later.get("/login/")).text).not.toContain('name="user"');
      expect((await later.submit("/userswitcher/switch/", { user })).status).toBe(404);
    });
  });
}
