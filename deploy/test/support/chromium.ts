import { execFile, spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
/** Policies are read from here alone. They hold for every Chromium of the machine, so each names its own site only. */
const POLICIES = "/etc/chromium/policies/managed";
const START_MS = 60_000;
const PAGE_MS = 60_000;
/** How the browser says that no page came, for instance because a network of the machine went with another test's container. */
const NO_PAGE = /^net::/;
const VISITS = 10;

export interface ChromiumOptions {
  /** The site that is visited, and the address that its name leads to. */
  domain: string;
  address: string;
  /** PEM of an authority that it trusts beside its own ones. */
  root?: string;
}

/** A Chromium with a profile of its own, which shows a client certificate to `domain` without asking. */
export class Chromium {
  readonly #home: string;
  readonly #options: ChromiumOptions;
  readonly #policy: string;

  private constructor(home: string, options: ChromiumOptions) {
    this.#home = home;
    this.#options = options;
    this.#policy = join(POLICIES, `appliance-test-${options.domain}.json`);
  }

  static async create(options: ChromiumOptions): Promise<Chromium> {
    const home = await mkdtemp(join(tmpdir(), "chromium-"));
    const browser = new Chromium(home, options);
    mkdirSync(browser.#database, { recursive: true });
    await browser.#certutil("-N", "--empty-password");
    if (options.root) {
      writeFileSync(join(home, "root.pem"), options.root);
      await browser.#certutil("-A", "-n", "root of the test", "-t", "C,,", "-i", join(home, "root.pem"));
    }
    mkdirSync(POLICIES, { recursive: true });
    const pattern = JSON.stringify({ pattern: `https://${options.domain}`, filter: {} });
    writeFileSync(browser.#policy, JSON.stringify({ AutoSelectCertificateForUrls: [pattern] }));
    return browser;
  }

  /** As a person imports the file that was sent, with the password that was told. */
  async importCertificate(file: string, password: string): Promise<void> {
    await run("pk12util", ["-d", `sql:${this.#database}`, "-K", "", "-W", password, "-i", file]);
  }

  /** The text that a person reads at `path`. Each visit is a browser that was started anew. */
  async read(path: string, cookies: ReadonlyMap<string, string> = new Map()): Promise<string> {
    for (let left = VISITS; ; left--) {
      const text = await this.#visit(path, cookies);
      if (!NO_PAGE.test(text) || left === 1) return text;
    }
  }

  async #visit(path: string, cookies: ReadonlyMap<string, string>): Promise<string> {
    const { domain, address } = this.#options;
    const program = spawn(
      "chromium",
      [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        `--user-data-dir=${join(this.#home, "profile")}`,
        `--host-resolver-rules=MAP ${domain} ${address}`,
        "--remote-debugging-port=0",
        "about:blank",
      ],
      { env: { PATH: process.env["PATH"] ?? "/usr/bin", HOME: this.#home }, stdio: ["ignore", "ignore", "pipe"] },
    );
    try {
      const page = await Page.open(await debuggerUrl(program));
      for (const [name, value] of cookies)
        await page.call("Network.setCookie", { name, value, url: `https://${domain}/`, secure: true });
      await page.call("Page.enable");
      const loaded = page.next("Page.loadEventFired");
      const { errorText } = await page.call("Page.navigate", { url: `https://${domain}${path}` });
      if (typeof errorText === "string") return errorText;
      await loaded;
      const { result } = await page.call("Runtime.evaluate", { expression: "document.documentElement.innerText" });
      return String((result as { value?: unknown }).value);
    } finally {
      await end(program);
    }
  }

  async remove(): Promise<void> {
    rmSync(this.#policy, { force: true });
    await rm(this.#home, { recursive: true, force: true });
  }

  get #database(): string {
    return join(this.#home, ".pki/nssdb");
  }

  async #certutil(...args: string[]): Promise<void> {
    await run("certutil", ["-d", `sql:${this.#database}`, ...args]);
  }
}

async function debuggerUrl(program: ChildProcess): Promise<string> {
  let said = "";
  const deadline = AbortSignal.timeout(START_MS);
  return await new Promise((resolve, reject) => {
    deadline.addEventListener("abort", () => reject(new Error(`Chromium does not start:\n${said}`)));
    program.once("exit", (code) => reject(new Error(`Chromium ended with ${code}:\n${said}`)));
    program.stderr?.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      const url = /DevTools listening on (ws:\/\/\S+)/.exec(said)?.[1];
      if (url) resolve(url);
    });
  });
}

async function end(program: ChildProcess): Promise<void> {
  if (program.exitCode !== null || program.signalCode !== null) return;
  const ended = new Promise((resolve) => program.once("exit", resolve));
  program.kill("SIGKILL");
  await ended;
}

type Message = { id?: number; method?: string; result?: Record<string, unknown>; error?: { message: string } };

/** One tab, by the DevTools protocol. */
class Page {
  readonly #socket: WebSocket;
  readonly #session: string | undefined;
  #calls = 0;

  private constructor(socket: WebSocket, session?: string) {
    this.#socket = socket;
    this.#session = session;
  }

  static async open(url: string): Promise<Page> {
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve);
      socket.addEventListener("error", () => reject(new Error("Chromium takes no debugger")));
    });
    const browser = new Page(socket);
    const { targetId } = await browser.call("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await browser.call("Target.attachToTarget", { targetId, flatten: true });
    return new Page(socket, String(sessionId));
  }

  async call(method: string, params: object = {}): Promise<Record<string, unknown>> {
    const id = (this.#session ? 1000 : 0) + ++this.#calls;
    const answer = this.#wait((message) => message.id === id);
    this.#socket.send(JSON.stringify({ id, method, params, ...(this.#session ? { sessionId: this.#session } : {}) }));
    const { error, result = {} } = await answer;
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  /** The next event of this name. */
  async next(method: string): Promise<void> {
    await this.#wait((message) => message.method === method);
  }

  #wait(matches: (message: Message) => boolean): Promise<Message> {
    const { promise, resolve, reject } = Promise.withResolvers<Message>();
    const timer = setTimeout(() => reject(new Error("Chromium did not answer")), PAGE_MS);
    const listener = ({ data }: MessageEvent) => {
      const message = JSON.parse(String(data)) as Message;
      if (!matches(message)) return;
      clearTimeout(timer);
      this.#socket.removeEventListener("message", listener);
      resolve(message);
    };
    this.#socket.addEventListener("message", listener);
    return promise;
  }
}
