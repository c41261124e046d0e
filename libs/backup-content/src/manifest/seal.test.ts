import { describe, expect, it } from "vitest";
import * as z from "zod";
import { deriveKeys, fingerprintEnv, sealed, unsealed } from "./seal.ts";

const keys = deriveKeys("-----BEGIN PGP PRIVATE KEY BLOCK-----\nabc\n");
const kind = { format: "test-file", version: 2, body: z.object({ rows: z.int(), name: z.string() }) };
const text = sealed(kind, { rows: 3, name: "ü\n" }, keys);
const codeOf = (changed: string, by = keys) => {
  try {
    return unsealed(kind, changed, by, "file");
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe("a sealed file", () => {
  it("gives its body to who has the secret, however it was laid out", () => {
    expect(codeOf(text)).toEqual({ rows: 3, name: "ü\n" });
    expect(codeOf(JSON.stringify(JSON.parse(text)))).toEqual({ rows: 3, name: "ü\n" });
    expect(codeOf(text, deriveKeys("\r\n-----BEGIN PGP PRIVATE KEY BLOCK-----\r\nabc"))).toMatchObject({ rows: 3 });
  });

  it("is refused when a value was changed, the key is another, or the version was", () => {
    expect(codeOf(text.replace('"rows": 3', '"rows": 4'))).toBe("MANIFEST_SEAL_WRONG");
    expect(codeOf(text, deriveKeys("another"))).toBe("MANIFEST_SEAL_WRONG");
    expect(codeOf(text.replace('"version": 2', '"version": 1'))).toBe("MANIFEST_SEAL_WRONG");
  });

  it("is opened by an env.yml that got a further secret since, which seals from then on", () => {
    const withPassword = deriveKeys("a password of restic", "-----BEGIN PGP PRIVATE KEY BLOCK-----\nabc");
    expect(codeOf(text, withPassword)).toMatchObject({ rows: 3 });
    const later = sealed(kind, { rows: 4, name: "" }, withPassword);
    expect(codeOf(later, deriveKeys("a password of restic"))).toMatchObject({ rows: 4 });
    expect(codeOf(later)).toBe("MANIFEST_SEAL_WRONG");
  });

  it("of a newer version says so", () => {
    expect(codeOf(sealed({ ...kind, version: 3 }, { rows: 3, name: "" }, keys))).toBe("MANIFEST_NEWER");
  });

  it("is damaged wherever it is cut off, and never anything else", () => {
    const cut = Array.from({ length: text.length - 2 }, (_, length) => codeOf(text.slice(0, length)));
    expect(new Set(cut)).toEqual(new Set(["MANIFEST_DAMAGED"]));
  });

  it("of another format or with another body is damaged", () => {
    expect(codeOf(sealed({ ...kind, format: "other" }, { rows: 3, name: "" }, keys))).toBe("MANIFEST_DAMAGED");
    expect(codeOf(sealed({ ...kind, body: z.object({}) }, {}, keys))).toBe("MANIFEST_DAMAGED");
  });
});

describe("fingerprintEnv", () => {
  it("depends on the data and the key, not on the order of keys", () => {
    const env = { appliance: { domain: "a.example", backup: { url: "file:///x" } }, ecs: [1, null] };
    const turned = { ecs: [1, null], appliance: { backup: { url: "file:///x" }, domain: "a.example" } };
    expect(fingerprintEnv(keys, turned)).toBe(fingerprintEnv(keys, env));
    expect(fingerprintEnv(keys, { ...env, ecs: [1] })).not.toBe(fingerprintEnv(keys, env));
    expect(fingerprintEnv(deriveKeys("another"), env)).not.toBe(fingerprintEnv(keys, env));
  });
});
