import { once } from "node:events";
import { createServer } from "node:http";
import { json } from "node:stream/consumers";
import type { AddressInfo } from "node:net";

export const CERTIFICATE = {
  serial: "0A1B2C",
  email: "ada@example.org",
  name: "Office PC",
  issuedAt: "2026-11-23T10:00:00.000Z",
  validUntil: "2026-11-30T10:00:00.000Z",
  revokedAt: null,
  authority: "01",
};
export const PACKAGE = { pkcs12: Buffer.from("a key in a package").toString("base64"), password: "k7mc-right-horse" };

/** An agent that does whatever it is asked for at once. */
export interface FakeCertAgent {
  port: number;
  /** The names and data of the jobs that it was asked for. */
  asked: { name: string; data: unknown }[];
  stop: () => void;
}

/**
 * Answers as cert-agent's API does, for what cannot be had of a real one: `answers` are those to GET by path, `results` those of
 * jobs by name. A package is handed out once.
 */
export async function fakeCertAgent(
  answers: Record<string, unknown>,
  results: Record<string, unknown>,
): Promise<FakeCertAgent> {
  const asked: FakeCertAgent["asked"] = [];
  const packages = new Map([[`/client-certificates/${CERTIFICATE.serial}/package`, PACKAGE]]);
  const lookUp = (path: string): unknown => {
    if (path.startsWith("/jobs/cert/")) return done(asked.at(-1)!.name, results);
    const found = packages.get(path) ?? answers[path];
    packages.delete(path);
    return found;
  };
  const server = createServer((request, response) => {
    void (async () => {
      const path = request.url ?? "";
      if (request.method === "POST") asked.push({ name: path.replace("/jobs/", ""), data: await json(request) });
      const found = request.method === "POST" ? {} : lookUp(path);
      const missing = { code: "NOT_FOUND", message: `${path} is not known here.`, remedy: "" };
      response.writeHead(found ? 200 : 404, { "content-type": "application/json" });
      response.end(JSON.stringify(found ?? missing));
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, asked, stop: () => void server.close() };
}

const done = (name: string, results: Record<string, unknown>) => ({
  id: "one",
  queue: "cert",
  name,
  state: "completed",
  progress: null,
  result: results[name],
  failure: null,
  enqueuedAt: "",
  startedAt: null,
  finishedAt: null,
});

/** What `GET /certificates` says of a host in good order. */
export const HEALTHY = {
  host: {
    domain: "ecs.example.org",
    served: {
      source: "acme",
      place: "host/1",
      names: ["ecs.example.org", "www.example.org"],
      issuer: "CN=E7",
      serial: "0B",
      validUntil: "2027-02-01T10:00:00.000Z",
    },
    passedOver: [],
    problem: null,
    clockTrusted: true,
    renewal: {
      directoryUrl: "https://acme.example/directory",
      notAsked: [{ name: "ecs.local", reason: "is no public name" }],
      next: { at: "2027-01-02T10:00:00.000Z", reason: "the certificate is young" },
      lastError: null,
      nameFailures: [],
      dns: [{ name: "www.example.org", verdict: "nothing", detail: "DNS has no address for www.example.org." }],
    },
    notObtained: null,
  },
  clients: {
    owner: "appliance",
    validUntil: "2036-11-20T10:00:00.000Z",
    crlNextUpdate: "2026-12-23T10:00:00.000Z",
    authorities: [{ serial: "01", validUntil: "2036-11-20T10:00:00.000Z", issuing: true, validCertificates: 3 }],
  },
  problems: [],
};
