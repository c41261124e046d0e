import type { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { serverCertificate } from "../../test/certificates.ts";
import { placesToProve } from "./prove.ts";

const place = (port: number, isMail: boolean) => ({ address: "h", port, name: "n", isMail, startTls: false });
const [https, smtp, smtps] = [place(443, false), place(25, true), place(465, true)];
const ours = serverCertificate("ecs.test").leaf;
const others = serverCertificate("mail.test").leaf;
const before = (mail: X509Certificate | undefined) =>
  new Map([
    [https, undefined],
    [smtp, mail],
    [smtps, undefined],
  ]);

describe("placesToProve", () => {
  it("is the web server even where nothing answers yet", () => {
    expect(placesToProve(before(undefined), undefined)).toEqual([https]);
  });

  it("has a mail port that served the former certificate: it will serve the next one too", () => {
    expect(placesToProve(before(ours), ours)).toEqual([https, smtp]);
  });

  it("leaves out a mail server with a certificate of its own", () => {
    expect(placesToProve(before(others), ours)).toEqual([https]);
  });
});
