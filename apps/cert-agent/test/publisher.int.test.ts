/** The publisher beside the real nginx. */
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Server as TcpServer } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer, type Server } from "node:tls";
import { freePorts } from "@appliance/acme/testing";
import { runCommand } from "@appliance/command";
import type { OperatorError } from "@appliance/errors";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTlsPublisher, type TlsPublisher } from "../src/publish/publisher.ts";
import { servedCertificate } from "../src/publish/served-certificate.ts";
import { createServedFolder, type ServedFolder } from "../src/publish/served-folder.ts";
import { clientAuthority, serverCertificate } from "./certificates.ts";
import { ask } from "./ask.ts";
import { readState, serveSite, startNginx, type NginxContainer } from "./nginx-container.ts";

let nginx: NginxContainer;
let publisher: TlsPublisher;
let served: ServedFolder;
let servedDir: string;
let mailPorts: { smtp: number; smtps: number };

const signal = new AbortController().signal;
const domain = "ecs.test";

beforeAll(async () => {
  nginx = await startNginx();
  const [smtp = 0, smtps = 0] = await freePorts(2);
  mailPorts = { smtp, smtps };
  servedDir = join(nginx.root, "served");
  served = createServedFolder(servedDir);
  publisher = publisherAt(nginx.httpsPort);
});
afterAll(() => nginx?.remove());

function publisherAt(httpsPort: number): TlsPublisher {
  return createTlsPublisher({
    tlsDir: join(nginx.root, "tls"),
    verdictFile: join(nginx.root, "state/tls.json"),
    served,
    host: { address: "127.0.0.1", httpsPort },
    mailPorts,
    openssl: { run: runCommand, workFolder: tmpdir() },
    log: { info: () => {} },
    takenWithinMs: 8000,
    servedWithinMs: 1500,
  });
}

const current = () => readlinkSync(join(nginx.root, "tls/current"));
const inTls = (file: string) => join(nginx.root, "tls/current", file);
const codeOf = (work: Promise<void>) =>
  work.then(
    () => "published",
    (error: OperatorError) => error.code,
  );
const onPort = async (port: number) =>
  (await servedCertificate({ address: "127.0.0.1", port, name: domain, isMail: false, startTls: false }, signal))
    ?.serialNumber;

describe("a good set", () => {
  const server = serverCertificate(domain);

  it("is in service when the call is over, with the key readable for its group alone", async () => {
    await publisher.publish({ domain, server, clients: null }, signal);
    serveSite(nginx);
    expect(await onPort(nginx.httpsPort)).toBe(server.leaf.serialNumber);
    const { mode, gid } = statSync(inTls("server.key"));
    expect([mode & 0o777, gid]).toEqual([0o440, 5020]);
  });

  it("lies where containers mount it from, and they are known to hold another one", async () => {
    const key = statSync(join(servedDir, "current/server.key.pem"));
    expect(readFileSync(join(servedDir, "current/server.cert.pem"), "utf8")).toBe(server.chainPem);
    expect([key.mode & 0o777, key.gid]).toEqual([0o640, 5020]);
    expect(await served.staleSince()).toEqual(lstatSync(join(servedDir, "current")).ctime);
  });

  it("asked for again writes nothing", async () => {
    await served.renewed((await served.staleSince()) ?? new Date());
    const [generation, { generation: seen }] = [current(), readState(nginx)];
    await publisher.publish({ domain, server, clients: null }, signal);
    expect([current(), readState(nginx).generation]).toEqual([generation, seen]);
    expect(await served.staleSince()).toBeUndefined();
  });

  it("is known again by a publisher that was started later", async () => {
    expect((await publisherAt(nginx.httpsPort).published())?.server.keyPem).toBe(server.keyPem);
  });
});

describe("client certificates", () => {
  const authority = clientAuthority();
  const [keeps, loses] = [authority.issue("keeps"), authority.issue("loses")];
  const server = serverCertificate(domain);
  const publish = (clients = authority.bundle()) => publisher.publish({ domain, server, clients }, signal);

  it("are accepted once their authority is published, without an end to any connection", async () => {
    await publish();
    expect(await ask(nginx.httpsPort, loses)).toBe("SUCCESS\n");
    await publish(); // a renewed list
    expect(existsSync(inTls("end-connections"))).toBe(false);
  });

  it("are refused once revoked, and connections of before are to end", async () => {
    authority.revoke("loses");
    await publish();
    expect(existsSync(inTls("end-connections"))).toBe(true);
    expect(await ask(nginx.httpsPort, loses)).toContain("400");
    expect(await ask(nginx.httpsPort, keeps)).toBe("SUCCESS\n");
  });

  it("keep the set with its mark while nothing else changes", async () => {
    const clients = (await publisher.published())?.clients ?? null;
    const before = current();
    await publisher.publish({ domain, server, clients }, signal);
    expect(current()).toBe(before);
  });

  it("lose their connections together with their authority", async () => {
    await publish(clientAuthority("Another CA").bundle());
    expect(existsSync(inTls("end-connections"))).toBe(true);
  });
});

describe("what nginx serves and nobody has any more", () => {
  const server = serverCertificate(domain);
  const authority = clientAuthority();
  const lose = () => rmSync(join(nginx.root, "tls", readState(nginx).serving), { recursive: true });

  it("counts as letting in whom the next set may refuse: connections of before are to end", async () => {
    authority.issue("loses");
    await publisher.publish({ domain, server, clients: authority.bundle() }, signal);
    lose();
    authority.revoke("loses");
    await publisher.publish({ domain, server, clients: authority.bundle() }, signal);
    expect(existsSync(inTls("end-connections"))).toBe(true);
  });

  it("is nothing to go back to", async () => {
    lose();
    const mixed = { ...serverCertificate(domain), keyPem: server.keyPem };
    expect(await codeOf(publisher.publish({ domain, server: mixed, clients: null }, signal))).toBe("TLS_REFUSED");
    expect(existsSync(inTls("server.crt"))).toBe(true);
    expect(await onPort(nginx.httpsPort)).toBe(server.leaf.serialNumber);
  });
});

describe("a bad set", () => {
  const good = serverCertificate(domain);
  beforeAll(() => publisher.publish({ domain, server: good, clients: null }, signal));

  it("that nginx refuses is taken back", async () => {
    const before = current();
    const mixed = { ...serverCertificate(domain), keyPem: good.keyPem };
    expect(await codeOf(publisher.publish({ domain, server: mixed, clients: null }, signal))).toBe("TLS_REFUSED");
    expect([current(), await onPort(nginx.httpsPort)]).toEqual([before, good.leaf.serialNumber]);
  });

  it("that somebody else's certificate is served instead of is taken back", async () => {
    const other = await listenTls(0, () => serverCertificate("other.test"));
    const before = current();
    const elsewhere = publisherAt(portOf(other));
    const set = { domain, server: serverCertificate(domain), clients: null };
    expect(await codeOf(elsewhere.publish(set, signal))).toBe("TLS_NOT_SERVED");
    expect([current(), readState(nginx).serving]).toEqual([before, before]);
    other.close();
  });

  it("stays where the host's port can be reached neither before nor after", async () => {
    const [closed = 0] = await freePorts(1);
    const set = { domain, server: serverCertificate(domain), clients: null };
    expect(await codeOf(publisherAt(closed).publish(set, signal))).toBe("TLS_UNREACHABLE");
    expect(await onPort(nginx.httpsPort)).toBe(set.server.leaf.serialNumber);
  });
});

describe("mail ports", () => {
  it("that serve the certificate have to follow, or all is taken back", async () => {
    const first = serverCertificate(domain);
    await publisher.publish({ domain, server: first, clients: null }, signal);
    const stuck = await listenTls(mailPorts.smtps, () => first);
    const set = { domain, server: serverCertificate(domain), clients: null };
    expect(await codeOf(publisher.publish(set, signal))).toBe("TLS_NOT_SERVED");
    expect(await onPort(nginx.httpsPort)).toBe(first.leaf.serialNumber);
    stuck.close();
  });

  it("with a certificate of their own hold nothing up", async () => {
    const foreign = await listenTls(mailPorts.smtps, () => serverCertificate("mail.test"));
    const set = { domain, server: serverCertificate(domain), clients: null };
    expect(await codeOf(publisher.publish(set, signal))).toBe("published");
    foreign.close();
  });

  it("are asked behind STARTTLS on the port of SMTP", async () => {
    const mine = serverCertificate("mail.test");
    const tls = await listenTls(0, () => mine);
    const smtp = await listenSmtp(portOf(tls));
    const where = { address: "127.0.0.1", port: portOf(smtp), name: domain, isMail: true, startTls: true };
    expect((await servedCertificate(where, signal))?.serialNumber).toBe(mine.leaf.serialNumber);
    smtp.close();
    tls.close();
  });
});

describe("without nginx", () => {
  it("a set stays published, and nginx takes it up when it starts", async () => {
    await nginx.stop();
    const set = { domain, server: serverCertificate(domain), clients: null };
    expect(await codeOf(publisher.publish(set, signal))).toBe("TLS_NOT_TAKEN");
    await nginx.start();
    await publisher.publish(set, signal);
    expect(await onPort(nginx.httpsPort)).toBe(set.server.leaf.serialNumber);
  });

  it("no more than a few sets are kept", () => {
    expect(readdirSync(join(nginx.root, "tls")).length).toBeLessThanOrEqual(4);
  });
});

async function listenTls(port: number, certificate: () => { keyPem: string; chainPem: string }): Promise<Server> {
  const { keyPem, chainPem } = certificate();
  const server = createTlsServer({ key: keyPem, cert: chainPem }, (socket) => socket.end());
  server.on("tlsClientError", () => {});
  await once(server.listen(port, "127.0.0.1"), "listening");
  return server;
}

/** Speaks SMTP as far as STARTTLS, then hands over to a TLS server. */
async function listenSmtp(tlsPort: number): Promise<TcpServer> {
  const server = createServer((socket) => {
    socket.write("220-mail.test\r\n220 ready\r\n");
    socket.on("error", () => {});
    socket.on("data", function talk(chunk: Buffer) {
      const said = chunk.toString("latin1");
      if (said.startsWith("EHLO")) socket.write("250-mail.test\r\n250 STARTTLS\r\n");
      if (!said.startsWith("STARTTLS")) return;
      socket.off("data", talk);
      const tls = connect(tlsPort, "127.0.0.1");
      tls.on("error", () => {});
      socket.write("220 go ahead\r\n");
      socket.pipe(tls).pipe(socket);
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return server;
}

const portOf = (server: TcpServer) => (server.address() as AddressInfo).port;
