import { createHmac, createPublicKey, generateKeyPairSync, webcrypto } from "node:crypto";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { bindExternalAccount, createAccountKey, publicJwk, readAccountKey, signJws, thumbprint } from "./jose.ts";

const decode = (part: string): unknown => JSON.parse(Buffer.from(part, "base64url").toString());

describe("the thumbprint of a key", () => {
  it("is that of RFC 7638 section 3.1, whatever else the key says of itself", () => {
    const n =
      "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMst" +
      "n64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1" +
      "n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
    const key = { kty: "RSA", n, e: "AQAB", alg: "RS256", kid: "2011-04-29" };
    expect(thumbprint(key)).toBe("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
  });

  it("is that of RFC 8037 appendix A.3", () => {
    const key = { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" };
    expect(thumbprint(key)).toBe("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
  });

  it("is the same of both halves of a key", () => {
    const key = readAccountKey(createAccountKey());
    expect(thumbprint(key)).toBe(thumbprint(createPublicKey(key)));
  });
});

describe("a signed request", () => {
  const key = readAccountKey(createAccountKey());

  it("verifies as ES256 under the key in its header", async () => {
    const jws = signJws(key, { jwk: publicJwk(key), nonce: "n", url: "https://ca.example/x" }, { a: 1 });
    const header = decode(jws.protected) as { alg: string; jwk: webcrypto.JsonWebKey };
    expect(header.alg).toBe("ES256");
    const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
    const verifier = await webcrypto.subtle.importKey("jwk", header.jwk, algorithm, false, ["verify"]);
    const input = Buffer.from(`${jws.protected}.${jws.payload}`);
    const signature = Buffer.from(jws.signature, "base64url");
    expect(await webcrypto.subtle.verify(algorithm, verifier, signature, input)).toBe(true);
  });

  it("shows the public half of the key alone", () => {
    expect(Object.keys(publicJwk(key))).toEqual(["crv", "kty", "x", "y"]);
  });

  it("has an empty payload, not an empty text, for a POST-as-GET", () => {
    expect(signJws(key, {}, "").payload).toBe("");
    expect(decode(signJws(key, {}, {}).payload)).toEqual({});
  });
});

describe("an external account binding", () => {
  const key = readAccountKey(createAccountKey());
  const hmacKey = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";

  it("is as RFC 8555 section 7.3.4 has it: the account's key, signed with the authority's by HS256, without a nonce", () => {
    const jws = bindExternalAccount({ keyId: "kid-1", hmacKey }, key, "https://ca.example/new-account");
    expect(decode(jws.protected)).toEqual({ alg: "HS256", kid: "kid-1", url: "https://ca.example/new-account" });
    expect(decode(jws.payload)).toEqual(publicJwk(key));
    const mac = createHmac("sha256", Buffer.from(hmacKey, "base64url")).update(`${jws.protected}.${jws.payload}`);
    expect(jws.signature).toBe(mac.digest("base64url"));
  });

  it.each([
    ["", hmacKey],
    ["kid-1", ""],
    ["kid-1", "!!!"],
  ])("with key id '%s' and key '%s' is refused before it is sent", (keyId, hmacKey) => {
    const binding = () => bindExternalAccount({ keyId, hmacKey }, key, "https://ca.example/new-account");
    expect(binding).toThrow(expect.objectContaining({ code: "ACME_BINDING_UNREADABLE" }));
  });
});

describe("the key of an account", () => {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs8", format: "pem" });
  const otherCurve = generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey;
  const publicOnly = createPublicKey(createAccountKey());
  const broken = createAccountKey().replace(/M[A-Z]/, "AA");

  it.each([
    ["RSA", rsa.toString()],
    ["another curve", otherCurve],
    ["a public key", publicOnly],
    ["text", "hunter22"],
    ["a broken key", broken],
  ])("is refused when it is %s, and not quoted", (_, key) => {
    let thrown: unknown;
    try {
      readAccountKey(key);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: "ACME_KEY_UNSUITABLE" });
    const shown = inspect(thrown, { depth: 9 });
    expect(shown).not.toContain("hunter22");
    expect(shown).not.toContain(broken.slice(60, 100));
  });
});
