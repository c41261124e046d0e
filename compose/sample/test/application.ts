import { setTimeout as sleep } from "node:timers/promises";
import { Browser } from "./browser.ts";
import { DOMAIN, Group } from "./group.ts";

export const SUBMITTER = "sue@example.org";
export const OFFICE = "olive@example.org";
export const PASSWORD = "correct horse battery";
/** What nginx tells of a client whose certificate it has verified. */
export const CERTIFICATE = { "x-ssl-client-verify": "SUCCESS", "x-ssl-client-serial": "0A1B2C" };

/** The running group, as its users and its operator see it. */
export class Application {
  readonly group = new Group();
  /** The address of `ecs.web`. */
  web = "";

  async start() {
    await this.group.prepare();
    await this.group.compose("up", "--detach", "--no-build");
    this.web = await this.group.address("ecs.web", "front");
  }

  async health() {
    const page = await new Browser(this.web, "203.0.113.7").get("/health/");
    return { status: page.status, report: JSON.parse(page.text) as { status: string; checks: Record<string, string> } };
  }

  /** @throws Error when the application does not let the user in. */
  async logIn(user: string, headers: Record<string, string> = {}) {
    const browser = new Browser(this.web, DOMAIN, headers);
    await browser.get("/login/");
    const page = await browser.submit("/login/", { username: user, password: PASSWORD });
    if (page.headers.location !== "/") throw new Error(`${user} is not let in: ${page.status}`);
    return browser;
  }

  async pythonShell(code: string) {
    return await this.group.exec("ecs.web", ["/start", "run", "./manage.py", "shell"], { input: code });
  }
}

/** What the first attempt brings that does not fail. @throws Error naming `what` when none does in time. */
export async function eventually<T>(
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
