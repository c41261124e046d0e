import { randomBytes } from "node:crypto";
import { takeOn, upload } from "../../../compose/test/support/visitor.ts";
import { Browser } from "../../../compose/sample/test/browser.ts";
import { type Host, type RunResult, waitFor } from "../../../tools/lab/index.ts";

const CHECKOUT = "/root/checkout";
const ENV = "/root/env.yml";
const LONGEST_MS = 1_800_000;
/** How long the application may take from a start of the host until it answers; the machine may be at other work as well. */
const ANSWER_MS = 300_000;

/** An appliance on a virtual host, whose application is asked for by a name that need not lead there. */
export interface ApplianceOn {
  readonly host: Host;
  /** Puts checkout and env.yml there, as an operator carries them to a fresh host. */
  carry(env: string): Promise<void>;
  bootstrap(...args: string[]): Promise<RunResult>;
  /** `appliance ARGUMENT…`, however it ends. */
  command(...args: string[]): Promise<RunResult>;
  /** The status code of the application's page; 0 without an answer. */
  page(): Promise<number>;
  waitForPage(): Promise<void>;
  /** Somebody who has logged in. */
  visit(): Promise<Browser>;
  /** Submissions with a document of random bytes each. @returns the paths under which the documents are read back */
  handIn(count: number, bytes?: number): Promise<string[]>;
}

export function applianceOn(host: Host, name: string): ApplianceOn {
  const run = (argv: string[]) => host.exec(argv, { allowFailure: true, timeoutMs: LONGEST_MS });
  const browser = () => {
    const address = new URL(host.publishedUrl).hostname;
    const route = { protocol: "https:", host: address, port: 443, servername: name, rejectUnauthorized: false };
    return new Browser(address, name, {}, route);
  };
  const page = async () => {
    const answer = await browser()
      .get("/health/")
      .catch(() => undefined);
    return answer?.status ?? 0;
  };
  const waitForPage = () => waitFor(`the page of ${host.name}`, ANSWER_MS, async () => (await page()) === 200);
  const visit = () => takeOn(browser());
  return {
    host,
    async carry(env) {
      await host.copyIn(process.cwd(), CHECKOUT);
      await host.exec(["sh", "-c", `umask 077; cat > ${ENV}`], { input: env });
    },
    bootstrap: (...args) => run([`${CHECKOUT}/deploy/bootstrap.sh`, "--yes", "--env", ENV, ...args]),
    command: (...args) => run(["appliance", ...args]),
    page,
    waitForPage,
    visit,
    async handIn(count, bytes = 200_000) {
      await waitForPage();
      const visitor = await visit();
      const paths: string[] = [];
      for (let left = count; left > 0; left--) paths.push(await upload(visitor, randomBytes(bytes)));
      return paths;
    },
  };
}
