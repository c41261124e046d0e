import { expect, it } from "vitest";
import { envFingerprint } from "./env-fingerprint.ts";

const print = (data: unknown, secret = "a secret of the backups") => envFingerprint([secret], data);
const env = { appliance: { domain: "ecs.example", targets: [{ name: "second", port: 2n ** 70n }] } };

it("is the same for the same data in any order, and another for any change of it", () => {
  const { domain, targets } = env.appliance;
  expect(print({ appliance: { targets, domain } })).toBe(print(env));
  expect(print({ appliance: { targets, domain: "other" } })).not.toBe(print(env));
  expect(print({ appliance: { domain, targets: [{ name: "second", port: 2n ** 71n }] } })).not.toBe(print(env));
});

it("tells nothing to who has another secret, and does not depend on how an editor left the end of it", () => {
  expect(print(env, "another secret")).not.toBe(print(env));
  expect(print(env, "a secret of the backups\r\n")).toBe(print(env));
  expect(print(env)).toMatch(/^[0-9a-f]{64}$/);
});
