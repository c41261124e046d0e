import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "@appliance/command";
import { envWith, everyLeaf, hostileValues, parseWith, type SettingLeaf } from "@appliance/env/testing";
import { flatten, flattenToRecord } from "@appliance/flat-yaml";
import { AGENTS, aclFile, CONTRACTS } from "@appliance/jobs";
import { parseYaml } from "@appliance/yaml11";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Wanted } from "../src/capability.ts";
import { renderSite } from "../src/plan-site.ts";
import { databaseGeneration, planSlices } from "../src/plan-slices.ts";
import { serverCertificate } from "./support/certificates.ts";
import { buildNginxImage, startNginx, type Nginx } from "./support/nginx-container.ts";

/*
 * Every setting with every value that shells, URLs and templates act on: what `env check` lets through is carried to the real
 * programs that it ends in, and arrives there as it was written, or it was refused. None of them may make the canary.
 */

const folder = mkdtempSync(join(tmpdir(), "hostile-"));
const canary = join(folder, "canary");
const values = hostileValues(canary);
/** As long as a value may be; one is enough, since the programs take them all alike. */
const LONGEST = 64 * 1024;

interface Accepted extends SettingLeaf {
  value: string;
  wanted: Wanted;
}

function wantedWith(leaf?: SettingLeaf, value?: string): Wanted | undefined {
  const { env } = parseWith(leaf?.path, value);
  if (!env) return undefined;
  const text = Buffer.from(envWith(leaf?.path, value));
  const flat = flattenToRecord(parseYaml(text, { file: "env.yml" }), ["ecs", "appliance"]);
  const withSource = { ...env, ecs: { ...env.ecs, git: { ...env.ecs.git, source: "builtin:sample" } } };
  const machine = { timeZone: "Europe/Vienna", memoryMb: 4096, cores: 2 };
  return {
    env: withSource,
    tls: { given: null, authority: null },
    source: "env.yml",
    text,
    flat,
    changes: [],
    ...machine,
  };
}

const base = wantedWith()!;
const accepted: Accepted[] = everyLeaf.flatMap((leaf) =>
  values.flatMap((value) => {
    if (value.length >= LONGEST && leaf.name !== "ecs:settings") return [];
    const wanted = wantedWith(leaf, value);
    return wanted ? [{ ...leaf, value, wanted }] : [];
  }),
);

afterAll(() => rmSync(folder, { recursive: true }));

it("there are values that are taken to the letter, and settings that take none of them", () => {
  const taking = new Set(accepted.map(({ name }) => name));
  expect(accepted.length).toBeGreaterThan(400);
  expect(taking).toContain("ecs:settings");
  for (const name of [
    "appliance:update:oncalendar",
    "appliance:database:locale",
    "appliance:dkim:key",
    "ecs:vault_sign",
  ])
    expect(taking).not.toContain(name);
});

describe("nginx", () => {
  let nginx: Nginx;
  beforeAll(async () => {
    await buildNginxImage();
    nginx = await startNginx();
    await nginx.publishAndWait("tls", await serverCertificate("ecs.test"));
  });
  afterAll(() => nginx?.remove());

  const upstream = { service: "ecs.web", port: 5000, protocol: "http" } as const;
  const siteOf = ({ env: { appliance } }: Wanted) =>
    renderSite({ domain: appliance.domain, allowedHosts: appliance.allowed_hosts, upstream })["site.conf"]!;

  it("takes each site that can come of it, with the names as they were written", async () => {
    const sites = new Set(accepted.map(({ wanted }) => siteOf(wanted)));
    expect(sites.size).toBeGreaterThan(3);
    for (const site of sites) {
      expect(await nginx.publishAndWait("site", { "site.conf": site })).toMatchObject({ ok: true, error: null });
      const names = /^ {2}server_name (.*);$/m.exec(site)![1]!.split(" ");
      const read = await nginx.exec("nginx", "-T", "-q", "-c", "/tmp/nginx/active/nginx.conf");
      for (const name of names) expect(read).toContain(`  ${name} 0;`);
    }
  });

  it("is never given a name that its language would read as something else, even past env.yml's checks", () => {
    const plain = /^[a-z0-9_.-]+$/;
    for (const value of values.filter((value) => !plain.test(value))) {
      expect(() => renderSite({ domain: value, allowedHosts: [], upstream })).toThrow("not a host name");
      expect(() => renderSite({ domain: "a", allowedHosts: [value], upstream })).toThrow("not a host name");
    }
  });
});

describe("the environment of the application", () => {
  /** The flattened form leaves out blanks and line ends around a value. */
  const stripped = (value: string) => value.replaceAll(/^[ \t\r\n]+|[ \t\r\n]+$/g, "");
  const environmentOf = ({ wanted }: Accepted) =>
    planSlices(wanted, null)["update-agent"].application?.environment ?? {}; // none in standby
  const before = environmentOf({ wanted: base } as Accepted);
  const changed = accepted.flatMap((one) =>
    Object.entries(environmentOf(one)).filter(([name, value]) => before[name] !== value),
  );

  it("has each value to the letter, and only where the manual says so", () => {
    const free = accepted.filter(({ name }) => name === "ecs:settings");
    expect(free.length).toBeGreaterThan(60);
    expect(free.map((one) => environmentOf(one)["ECS_SETTINGS"])).toEqual(free.map(({ value }) => stripped(value)));
    expect(new Set(changed.map(([name]) => name))).toEqual(
      new Set(["ECS_SETTINGS", "ECS_GIT_BRANCH", "ECS_GIT_SOURCE", "ECS_USERSWITCHER_ENABLED", "APPLIANCE_DOMAIN"]),
    );
  });

  it("is in a container what it was in env.yml, through compose", async () => {
    const distinct = [...new Set(changed.map(([, value]) => value))];
    const environment = Object.fromEntries(distinct.map((value, at) => [`V${at}`, value]));
    const file = join(folder, "compose.yml");
    const service = { image: "debian:trixie-slim", network_mode: "none", environment: Object.keys(environment) };
    writeFileSync(file, JSON.stringify({ name: "hostile-values", services: { probe: service } }));
    const options = ["--file", file, "--project-directory", folder];
    const { stdout } = await runCommand(
      "docker",
      ["compose", ...options, "run", "--rm", "--no-TTY", "probe", "env", "-0"],
      {
        env: { ...environment, HOME: folder },
        timeoutMs: 60_000,
      },
    );
    const seen = new Map(
      stdout.split("\0").map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
    );
    expect(distinct.filter((value, at) => seen.get(`V${at}`) !== value)).toEqual([]);
  });
});

it("shell: the flattened file gives each value as it is, and runs none", () => {
  const blocks = accepted.map(({ wanted }) => {
    const name = Object.keys(wanted.flat).find((key) => wanted.flat[key] !== base.flat[key]);
    if (name === undefined || wanted.flat[name]!.length >= LONGEST) return undefined;
    const { lines } = flatten(parseYaml(wanted.text, { file: "env.yml" }), ["ecs", "appliance"]);
    return { value: wanted.flat[name]!, script: [...lines, `printf '%s\\0' "$${name}"`].join("\n") };
  });
  const asked = blocks.filter((block) => block !== undefined);
  const input = asked.map(({ script }) => script).join("\n");
  const { stdout, stderr, status } = spawnSync("/bin/sh", ["-eu"], { input, env: {}, cwd: folder, maxBuffer: 2 ** 26 });
  expect([status, stderr.toString()]).toEqual([0, ""]);
  expect(asked.length).toBeGreaterThan(400);
  expect(stdout.toString().split("\0").slice(0, -1)).toEqual(asked.map(({ value }) => value));
});

it("PostgreSQL: no setting of env.yml but the locale, which is one of a list, reaches its files and statements", () => {
  const plain = JSON.stringify(databaseGeneration(base));
  expect(accepted.map(({ wanted }) => JSON.stringify(databaseGeneration(wanted)))).toEqual(accepted.map(() => plain));
});

it("Redis: nothing but a digest can come into the list of its users", () => {
  const hashes = Object.fromEntries(AGENTS.map((agent) => [agent, "0".repeat(64)])) as Parameters<typeof aclFile>[1];
  expect(aclFile(CONTRACTS, hashes)).toContain("user default off");
  for (const value of values)
    expect(() => aclFile(CONTRACTS, { ...hashes, "config-agent": value })).toThrow(RangeError);
});

it("the canary was not made, nor anything else", () => {
  expect(existsSync(canary)).toBe(false);
  expect(readdirSync(folder)).toEqual(["compose.yml"]);
});
