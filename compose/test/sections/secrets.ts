import { globSync, readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import type { Appliance } from "../support/appliance.ts";
import { envSecrets } from "../support/secrets.ts";

/** Where no secret of env.yml may be found, after everything before has run. */
export function secrets(appliance: Appliance): void {
  describe("no secret of env.yml", () => {
    let known: string[];
    const found = (text: string) => known.filter((secret) => text.includes(secret) || text.includes(escaped(secret)));
    beforeAll(() => {
      known = envSecrets(appliance);
      expect(known.length).toBeGreaterThan(100);
    });

    it("is in the files of the queue", () => {
      const files = filesBelow(appliance.path("var/lib/appliance/queue"));
      expect(files.join()).toContain("config.apply");
      expect(found(files.join("\n"))).toEqual([]);
    });

    it("is in the page, its JSON, the records of runs and what nginx is told", () => {
      const folders = ["status", "runs", "nginx/site", "lease"].map((name) =>
        appliance.path(`var/lib/appliance/${name}`),
      );
      const files = folders.flatMap(filesBelow);
      expect(files.join()).toContain("<html");
      expect(found(files.join("\n"))).toEqual([]);
    });

    it("is in a log", async () => {
      const services = [...(await appliance.containers()).keys()];
      const logs = await Promise.all(services.map((service) => appliance.logs(service)));
      expect(logs.join()).toContain("agent started");
      expect(found(logs.join("\n"))).toEqual([]);
    });

    it("is in what the engine knows of containers other than the application's own", async () => {
      const containers = [...(await appliance.containers())];
      const ours = containers.filter(([service]) => service.startsWith("ecs."));
      const others = containers.filter(([service]) => !service.startsWith("ecs."));
      expect(found(JSON.stringify(ours))).not.toEqual([]); // so that it would be seen
      expect(found(JSON.stringify(others))).toEqual([]);
    });

    it("is in the arguments of any program while the application is replaced", async () => {
      appliance.changeSettings();
      const seen = new Set<string>();
      const sampling = setInterval(() => sampleArguments(seen), 10);
      await appliance.ok("apply").finally(() => clearInterval(sampling));
      const all = [...seen].join("\n");
      expect(all).toContain("compose");
      expect(found(all)).toEqual([]);
    });
  });
}

const escaped = (secret: string) => JSON.stringify(secret).slice(1, -1);

function filesBelow(folder: string): string[] {
  const names = globSync("**/*", { cwd: folder, withFileTypes: true }).filter((entry) => entry.isFile());
  return names.map(({ parentPath, name }) => readFileSync(`${parentPath}/${name}`, "latin1"));
}

function sampleArguments(seen: Set<string>): void {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name)))
    try {
      seen.add(readFileSync(`/proc/${pid}/cmdline`, "utf8"));
    } catch {
      // It has ended between the list and the look.
    }
}
