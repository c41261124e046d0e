import { connect as connectHttp2 } from "node:http2";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Question {
  port: number;
  path?: string;
  /** The Host header. */
  host?: string;
  /** Name in the TLS handshake; `host` unless said, none when empty. */
  sni?: string;
  method?: string;
  headers?: Record<string, string | string[]>;
  body?: string | Buffer;
  cert?: string;
  key?: string;
}

/** One request on a connection of its own. The certificate is self-signed and not judged. */
export function ask(scheme: "http" | "https", question: Question): Promise<Answer> {
  const { port, path = "/", host = "ecs.test", sni = host, method = "GET", headers = {}, body, cert, key } = question;
  const tls = { servername: sni, rejectUnauthorized: false, ...(cert && key ? { cert, key } : {}) };
  const options = { host: "127.0.0.1", port, path, method, agent: false, headers: { host, ...headers } };
  return new Promise((resolve, reject) => {
    const request = scheme === "https" ? httpsRequest({ ...options, ...tls }) : httpRequest(options);
    request.on("error", reject);
    request.on("response", (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    request.end(body);
  });
}

/** Sends exactly these bytes over TLS and returns all that came back until the connection ended. */
export function sendRaw(port: number, sni: string, text: string): Promise<string> {
  return exchange(connectTls({ host: "127.0.0.1", port, servername: sni, rejectUnauthorized: false }), text);
}

/** The same without TLS. */
export function sendPlain(port: number, text: string): Promise<string> {
  return exchange(connect({ host: "127.0.0.1", port }), text);
}

function exchange(socket: Socket, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    socket.setTimeout(10_000, () => socket.destroy(new Error("no answer within 10 s")));
    socket.on("data", (chunk) => (answer += chunk.toString("latin1")));
    socket.on("error", reject);
    socket.on("close", () => resolve(answer));
    socket.write(text, "latin1");
  });
}

/** One HTTP/2 request with exactly these header fields. */
export function askHttp2(
  port: number,
  host: string,
  headers: Record<string, string | string[]>,
  identity: { cert?: string; key?: string } = {},
): Promise<Answer> {
  const target = { host: "127.0.0.1", port, servername: host, ALPNProtocols: ["h2"], rejectUnauthorized: false };
  return new Promise((resolve, reject) => {
    const session = connectHttp2(`https://${host}`, {
      createConnection: () => connectTls({ ...target, ...identity }),
    });
    session.on("error", reject);
    const stream = session.request({ ":path": "/", ...headers });
    let [status, body] = [0, ""];
    stream.on("response", (fields) => (status = fields[":status"] ?? 0));
    stream.on("data", (chunk: Buffer) => (body += chunk.toString()));
    stream.on("error", reject);
    stream.on("end", () => {
      session.close();
      resolve({ status, headers: {}, body });
    });
  });
}
