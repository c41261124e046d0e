import { parseEnv } from "@appliance/env";
import { expect, it } from "vitest";
import { sampleEnv } from "./sample-env.ts";

const check = (text: string) => parseEnv(new TextEncoder().encode(text), { file: "env.yml" });

it("makes an env.yml that the appliance takes without a complaint, for a public name and for localhost", async () => {
  for (const domain of ["ecs.example.org", "localhost"]) {
    const { env, problems } = check(await sampleEnv(domain));
    expect(problems).toEqual([]);
    expect(env?.appliance).toMatchObject({ domain, ssl: { letsencrypt: { enabled: domain !== "localhost" } } });
  }
}, 60_000);

it("shares no secret with another one", async () => {
  const [one, two] = [check(await sampleEnv("a.test")).env!, check(await sampleEnv("a.test")).env!];
  expect(one.appliance.dkim.key).not.toBe(two.appliance.dkim.key);
  expect(one.ecs.vault_sign).not.toBe(two.ecs.vault_sign);
  expect(one.ecs.vault_sign).not.toBe(one.ecs.vault_encrypt);
  expect(/SECRET_KEY = '(.+)'/.exec(one.ecs.settings ?? "")?.[1]).toHaveLength(52);
  expect(one.ecs.settings).not.toBe(two.ecs.settings);
}, 60_000);
