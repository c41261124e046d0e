import { mkdirSync, readlinkSync, statSync, symlinkSync } from "node:fs";
import { describe, expect, it, onTestFinished } from "vitest";
import { DOMAIN, type Appliance } from "../support/appliance.ts";
import type { Inspected } from "../support/docker.ts";
import { envSecrets } from "../support/secrets.ts";

const OTHER_NAME = "www.appliance.test";

/** What may not change while nothing of a container's definition did: another container, or the same one started again. */
const starts = (containers: ReadonlyMap<string, Inspected>) =>
  Object.fromEntries([...containers].map(([service, { Id, State }]) => [service, `${Id} ${State.StartedAt}`]));

/** Changes of env.yml, each with what it may touch. */
export function changes(appliance: Appliance): void {
  const site = () => readlinkSync(appliance.path("var/lib/appliance/nginx/site/current"));
  const keepEnv = () => {
    const before = appliance.readEnv();
    onTestFinished(async () => {
      appliance.writeEnv(before);
      await appliance.ok("apply");
    });
  };

  describe("apply", () => {
    it("does nothing when nothing has changed", async () => {
      const [before, siteBefore] = [starts(await appliance.containers()), site()];
      expect(await appliance.ok("apply")).toContain("Nothing to do");
      expect(starts(await appliance.containers())).toEqual(before);
      expect(site()).toBe(siteBefore);
    });

    it("shows with --dry-run what would change, without a secret, and changes nothing", async () => {
      keepEnv();
      const before = [starts(await appliance.containers()), site(), appliance.read("run/active-env.yml").toString()];
      appliance.changeSettings();
      appliance.editEnv(`allowed_hosts: ${DOMAIN}`, `allowed_hosts: ${DOMAIN} ${OTHER_NAME}`);
      const shown = await appliance.ok("apply", "--dry-run");
      expect(shown).toContain("appliance:allowed_hosts");
      expect(shown).toContain("ecs:settings");
      expect(shown).toContain("restarts: application");
      expect(shown).toContain("downtime");
      for (const secret of envSecrets(appliance)) expect(shown).not.toContain(secret);
      const after = [starts(await appliance.containers()), site(), appliance.read("run/active-env.yml").toString()];
      expect(after).toEqual(before);
    });

    it("reloads nginx alone for another name, which the site answers to then", async () => {
      keepEnv();
      // As a browser does: nginx answers to no name on a connection that was opened for another one while it asks for certificates.
      const visit = () => appliance.ask("/health/", { servername: OTHER_NAME, headers: { host: OTHER_NAME } });
      expect(await visit()).toMatchObject({ status: 421, text: "This server does not answer to that name.\n" });
      const before = starts(await appliance.containers());
      appliance.editEnv(`allowed_hosts: ${DOMAIN}`, `allowed_hosts: ${DOMAIN} ${OTHER_NAME}`);
      const said = await appliance.ok("apply");
      const { status, text } = await visit();
      expect(status, `${text}\n${said}\n${await appliance.lastLines("nginx")}`).toBe(200);
      expect(starts(await appliance.containers())).toEqual(before);
    });

    it("replaces only containers that are given ecs:settings when those change", async () => {
      const before = starts(await appliance.containers());
      const mark = appliance.changeSettings();
      await appliance.ok("apply");
      const containers = await appliance.containers();
      const after = starts(containers);
      const touched = Object.keys(after).filter((service) => after[service] !== before[service]);
      expect(touched.sort()).toEqual(["ecs.beat", "ecs.smtpd", "ecs.web", "ecs.worker"]);
      expect(containers.get("ecs.web")?.Config.Env.join("\n")).toContain(mark);
      expect(await appliance.serves()).toBe(true);
    });

    it("refuses a broken env.yml with all its errors, and what runs stays as it is", async () => {
      keepEnv();
      const before = [starts(await appliance.containers()), appliance.read("run/active-env.yml").toString()];
      appliance.editEnv(`domain: ${DOMAIN}`, "domain: 'not a name'");
      appliance.editEnv("client_certs_mandatory: false", "client_certs_mandatory: perhaps");
      const { code, stderr } = await appliance.cli("apply");
      expect(code).toBe(1);
      expect(stderr).toMatch(/env\.yml:\d+:\d+.*appliance:domain/);
      expect(stderr).toMatch(/env\.yml:\d+:\d+.*appliance:ssl:client_certs_mandatory/);
      expect((await appliance.cli("status")).code).toBe(0);
      expect((await appliance.cli("failed")).code).toBe(0);
      expect(await appliance.serves()).toBe(true);
      expect([starts(await appliance.containers()), appliance.read("run/active-env.yml").toString()]).toEqual(before);
    });
  });

  describe("appliance:extra:files", () => {
    const withFile = (path: string, mode = "0644") =>
      appliance.editEnv(
        "\nappliance:\n",
        `\nappliance:\n  extra:\n    files:\n      - path: ${path}\n        contents: "one\\n  two\\n"\n        permissions: "${mode}"\n`,
      );

    it("writes a file with its content and mode", async () => {
      keepEnv();
      withFile("/usr/local/etc/extra.conf", "0640");
      await appliance.ok("apply");
      expect(appliance.read("usr/local/etc/extra.conf").toString()).toBe("one\n  two\n");
      expect(statSync(appliance.path("usr/local/etc/extra.conf")).mode & 0o7777).toBe(0o640);
    });

    it.each(["/var/lib/appliance/status/on", "/run/appliance/slices/update-agent/env.json", "/etc/../data/x"])(
      "refuses %s and names it",
      async (path) => {
        keepEnv();
        withFile(path);
        const { code, stderr } = await appliance.cli("apply");
        expect(code).toBe(1);
        expect(stderr).toContain(path);
      },
    );

    it("refuses a path that leads to another owner's folder by a link, and names it", async () => {
      keepEnv();
      mkdirSync(appliance.path("srv"), { recursive: true });
      symlinkSync("/var/lib/appliance", appliance.path("srv/trap"));
      withFile("/srv/trap/written");
      const { code, stderr } = await appliance.cli("apply");
      expect(code).toBe(1);
      expect(stderr).toContain("/srv/trap");
      expect(appliance.exists("var/lib/appliance/written")).toBe(false);
      expect(await appliance.serves()).toBe(true);
    });
  });
}
