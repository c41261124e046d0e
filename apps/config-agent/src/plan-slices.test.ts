import { parseEnv } from "@appliance/env";
import { expect, it } from "vitest";
import type { Wanted } from "./capability.ts";
import { planSlices } from "./plan-slices.ts";

/** What cert-agent is told of an env.yml with these keys below `appliance`. */
function told(appliance: object, source: string | null = "builtin:sample") {
  const data = { appliance: { domain: "ecs.example", ...appliance }, ecs: { git: { source } } };
  const { env } = parseEnv(Buffer.from(`#cloud-config\n${JSON.stringify(data)}\n`), { file: "env.yml" });
  const tls = { given: { key: "KEY", certificate: "CERTIFICATE" }, authority: "AUTHORITY" };
  const wanted = {
    env,
    tls,
    flat: {},
    timeZone: "Europe/Vienna",
    memoryMb: 4000,
    cores: 2,
  } as Partial<Wanted> as Wanted;
  return planSlices(wanted, null)["cert-agent"];
}

it("tells cert-agent all that it needs of env.yml", () => {
  const letsencrypt = {
    directory_url: "https://ca.test/directory",
    profile: "short",
    external_account: { key_id: "id", hmac_key: "A".repeat(43) },
  };
  expect(told({ allowed_hosts: "ecs.example www.ecs.example", ssl: { letsencrypt } })).toEqual({
    timezone: "Europe/Vienna",
    domain: "ecs.example",
    allowedHosts: ["www.ecs.example"],
    given: { key: "KEY", certificate: "CERTIFICATE" },
    acme: {
      directoryUrl: "https://ca.test/directory",
      ca: "AUTHORITY",
      profile: "short",
      externalAccount: { keyId: "id", hmacKey: "A".repeat(43) },
    },
    application: { composeFile: "compose/sample/compose.yml" },
  });
});

it("asks Let's Encrypt where nothing is said, and nobody where it is switched off", () => {
  expect(told({}).acme).toMatchObject({
    directoryUrl: "https://acme-v02.api.letsencrypt.org/directory",
    profile: null,
    externalAccount: null,
  });
  expect(told({ ssl: { letsencrypt: { enabled: false } } }).acme).toBeNull();
});

it("asks nobody in standby, where the domain leads to another host, and names the application where it can", () => {
  expect(told({ standby: true })).toMatchObject({
    acme: null,
    application: { composeFile: "compose/sample/compose.yml" },
  });
  expect(told({ standby: true }, null).application).toBeNull();
});
