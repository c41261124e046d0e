import { request, type IncomingHttpHeaders } from "node:http";
import { request as requestOverTls, type RequestOptions } from "node:https";

export interface Page {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  text: string;
}

/** What nginx would send to the application for one visitor: keeps cookies, knows Django's CSRF token, follows nothing. */
export class Browser {
  readonly headers: Record<string, string>;
  private readonly domain: string;
  private readonly route: RequestOptions;
  readonly cookies = new Map<string, string>();

  /** `route` says how a request gets there: over plain HTTP to the application's own port unless it says otherwise. */
  constructor(
    address: string,
    domain: string,
    headers: Record<string, string> = {},
    route: RequestOptions = { host: address, port: 5000 },
  ) {
    this.domain = domain;
    this.route = route;
    this.headers = { "x-forwarded-proto": "https", ...headers };
  }

  async get(path: string): Promise<Page> {
    return await this.send("GET", path);
  }

  /** Sends a form as multipart, as a browser does with a file in it. */
  async submit(path: string, fields: Record<string, string | File>): Promise<Page> {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    form.set("csrfmiddlewaretoken", this.cookies.get("csrftoken") ?? "");
    const encoded = new Response(form);
    const type = encoded.headers.get("content-type") ?? "";
    return await this.send("POST", path, Buffer.from(await encoded.arrayBuffer()), { "content-type": type });
  }

  private async send(method: string, path: string, body?: Buffer, more: Record<string, string> = {}): Promise<Page> {
    const origin = `https://${this.domain}`;
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const length = { "content-length": String(body?.length ?? 0) };
    const headers = { host: this.domain, origin, cookie, ...length, ...this.headers, ...more };
    const page = await exchange({ ...this.route, method, path, headers, agent: false }, body);
    for (const line of page.headers["set-cookie"] ?? []) this.keep(line);
    return page;
  }

  private keep(line: string) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (name && value !== undefined) this.cookies.set(name, value);
  }
}

async function exchange(options: RequestOptions, body?: Buffer): Promise<Page> {
  return await new Promise((resolve, reject) => {
    const send = options.protocol === "https:" ? requestOverTls : request;
    const req = send(options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const content = Buffer.concat(chunks);
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: content,
          text: content.toString("utf8"),
        });
      });
    });
    req.setTimeout(30_000, () => req.destroy(new Error("no answer within 30 s")));
    req.on("error", reject);
    req.end(body);
  });
}
