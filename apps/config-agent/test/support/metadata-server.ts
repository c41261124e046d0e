import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface MetadataServer {
  url: string;
  /** `METHOD PATH` of each request, in the order of arrival. */
  requests: string[];
  close(): Promise<void>;
}

/** Answers that a path gets; any other path gets 404 with a page. */
export type Answers = Record<string, (request: IncomingMessage, response: ServerResponse) => void>;

/** A metadata service on 127.0.0.1. Answers are given by `METHOD PATH`. */
export async function startMetadataServer(answers: Answers): Promise<MetadataServer> {
  const requests: string[] = [];
  const listener: RequestListener = (request, response) => {
    const what = `${request.method} ${request.url}`;
    requests.push(what);
    const answer = answers[what] ?? answers["*"];
    if (answer) answer(request, response);
    else response.writeHead(404, { "content-type": "text/html" }).end("<html><body>Not found</body></html>");
  };
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const text = (body: string | Uint8Array) => (_request: IncomingMessage, response: ServerResponse) =>
  void response.end(body);

/** The body for who sends a header with this value, and 401 for all others. */
export const guarded =
  (header: string, value: string, body: string | Uint8Array) => (request: IncomingMessage, response: ServerResponse) =>
    void (request.headers[header] === value ? response.end(body) : response.writeHead(401).end("unauthorized"));

export const hang = () => undefined;
