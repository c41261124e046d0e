import { Browser } from "../../sample/test/browser.ts";
import { DOMAIN, type Appliance } from "./appliance.ts";

/** Somebody at the sample application, through nginx. */
export function visit({ httpsPort }: Appliance): Browser {
  const host = `${DOMAIN}:${httpsPort}`;
  const route = {
    protocol: "https:",
    host: "127.0.0.1",
    port: httpsPort,
    servername: DOMAIN,
    rejectUnauthorized: false,
  };
  return new Browser("127.0.0.1", host, {}, route);
}

/** Logs in as a test user, as the page for it offers. */
export function logIn(appliance: Appliance): Promise<Browser> {
  return takeOn(visit(appliance));
}

/** The same for a browser that was made elsewhere. */
export async function takeOn(browser: Browser): Promise<Browser> {
  const [, user = ""] = /name="user" value="(\d+)"/.exec((await browser.get("/login/")).text) ?? [];
  const { status, text } = await browser.submit("/userswitcher/switch/", { user });
  if (status !== 302) throw new Error(`the login was answered with ${status}: ${text.slice(0, 500)}`);
  return browser;
}

/** Hands a document in with a new submission. @returns the path under which it can be read back */
export async function upload(browser: Browser, content: Buffer): Promise<string> {
  await browser.get("/submissions/new/");
  const fields = { title: "A study", investigator: "Dr. Ada", summary: "short" };
  const submission = (await browser.submit("/submissions/new/", fields)).headers.location ?? "";
  const file = new File([new Uint8Array(content)], "protocol.bin", { type: "application/octet-stream" });
  const { status, text } = await browser.submit(`${submission}documents/`, { document: file });
  if (status !== 302) throw new Error(`the upload was answered with ${status}: ${text.slice(0, 500)}`);
  return /href="(\/documents\/[^"]+)"/.exec((await browser.get(submission)).text)?.[1] ?? "";
}
