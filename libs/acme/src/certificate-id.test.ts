import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { AcmeError } from "./acme-error.ts";
import { certificateId } from "./certificate-id.ts";

/** RFC 9773 appendix A. */
const EXAMPLE = new X509Certificate(`-----BEGIN CERTIFICATE-----
MIIBQzCB66ADAgECAgUAh2VDITAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwpFeGFt
cGxlIENBMCIYDzAwMDEwMTAxMDAwMDAwWhgPMDAwMTAxMDEwMDAwMDBaMBYxFDAS
BgNVBAMTC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeBZu
7cbpAYNXZLbbh8rNIzuOoqOOtmxA1v7cRm//AwyMwWxyHz4zfwmBhcSrf47NUAFf
qzLQ2PPQxdTXREYEnKMjMCEwHwYDVR0jBBgwFoAUaYhba4dGQEHhs3uEe6CuLN4B
yNQwCgYIKoZIzj0EAwIDRwAwRAIge09+S5TZAlw5tgtiVvuERV6cT4mfutXIlwTb
+FYN/8oCIClDsqBklhB9KAelFiYt9+6FDj3z4KGVelYM5MdsO3pK
-----END CERTIFICATE-----`);
const ID = "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE";

const nameless = expect.objectContaining({ code: "ACME_CERTIFICATE_NAMELESS" });

describe("the name of a certificate in renewal information", () => {
  it("is that of RFC 9773 section 4.1, with the zero that keeps the serial positive", () => {
    expect(certificateId(EXAMPLE)).toBe(ID);
  });

  it.each([
    ["7F", "fw"],
    ["80", "AIA"],
    ["1FF", "Af8"],
  ])("has the serial %s as %s", (serialNumber, expected) => {
    expect(certificateId({ raw: EXAMPLE.raw, serialNumber }).split(".")[1]).toBe(expected);
  });

  it("is none for a certificate that is cut off at any byte", () => {
    for (let length = 0; length < EXAMPLE.raw.length; length += 1)
      expect(() => certificateId({ raw: EXAMPLE.raw.subarray(0, length), serialNumber: "1" })).toThrow(nameless);
  });

  it("is well formed or none, whichever byte is wrong", () => {
    for (const [place] of EXAMPLE.raw.entries())
      for (const value of [0x00, 0x30, 0x7f, 0x80, 0x84, 0xff]) {
        const raw = Buffer.from(EXAMPLE.raw);
        raw[place] = value;
        expect(idOrCode(raw)).toMatch(/^([\w-]*\.AQ|ACME_CERTIFICATE_NAMELESS)$/);
      }
  });
});

function idOrCode(raw: Buffer): string {
  try {
    return certificateId({ raw, serialNumber: "1" });
  } catch (error) {
    return error instanceof AcmeError ? error.code : "another error";
  }
}
