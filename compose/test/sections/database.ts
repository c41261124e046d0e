import { mkdirSync, readlinkSync, writeFileSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { waitFor } from "../../../tools/lab/index.ts";
import { SOON_MS, type Appliance } from "../support/appliance.ts";
import { docker } from "../support/docker.ts";

/** Above one look of config-agent at what runs, which is every half minute, and the start. */
const BACK_WITHIN_MS = 90_000;
const SETTINGS = "var/lib/appliance/database/current";
/** Node takes this for a time zone, PostgreSQL does not and refuses to start. */
const REFUSED_ZONE = "PST";
/** A name that hosts of old have, which Debian keeps apart from the others. */
const OLD_ZONE = "US/Pacific";

/** PostgreSQL that dies, is away, or refuses its settings. */
export function databaseFaults(appliance: Appliance): void {
  const settings = () => appliance.read(`${SETTINGS}/appliance.conf`).toString();
  const setZone = (zone: string) => {
    mkdirSync(appliance.path("etc"), { recursive: true });
    writeFileSync(appliance.path("etc/timezone"), `${zone}\n`);
  };
  const health = async () => (await appliance.ask("/health/")).status;

  describe("the database", () => {
    beforeEach(() => appliance.waitUntilServing());

    it("may crash: it comes back by itself, and the application with it", async () => {
      const before = (await appliance.container("database")).State.StartedAt;
      await appliance.crash("database");
      await waitFor("the database to be back", BACK_WITHIN_MS, async () => {
        const { State } = await appliance.container("database");
        return State.Running && State.StartedAt !== before && (await health()) === 200;
      });
      await appliance.waitUntilServing();
      expect(await appliance.ok("apply")).toContain("Nothing to do");
    });

    it("may be restarted by hand", async () => {
      await docker(["restart", (await appliance.container("database")).Id]);
      await waitFor("the application to answer again", SOON_MS, async () => (await health()) === 200);
      await appliance.waitUntilServing();
      expect(await appliance.ok("apply")).toContain("Nothing to do");
    });

    it("may be absent at the start, which brings it back", async () => {
      await appliance.ok("stop", "--all");
      await docker(["rm", "--force", (await appliance.container("database")).Id]);
      await appliance.ok("start");
      await appliance.waitUntilServing();
      expect((await appliance.container("database")).State.Running).toBe(true);
    });

    it("gets its new settings although config-agent was killed before it could start it with them", async () => {
      const generation = () => readlinkSync(appliance.path(SETTINGS));
      const before = generation();
      // A setting for which its container is replaced.
      appliance.editEnv("\nappliance:\n", "\nappliance:\n  database: { locale: en_US.UTF-8 }\n");
      setZone("Europe/Vienna");
      const apply = appliance.cli("apply");
      await waitFor("the settings to be written", SOON_MS, async () => generation() !== before);
      await appliance.crash("config-agent");
      await apply;
      await appliance.waitUntilServing();
      await appliance.ok("apply");
      expect((await appliance.container("database")).Config.Env).toContain("DATABASE_LOCALE=en_US.UTF-8");
    });

    it("goes back to its settings where it does not start with new ones, and the application serves", async () => {
      const before = settings();
      appliance.editEnv("locale: en_US.UTF-8", "locale: de_DE.UTF-8");
      setZone(REFUSED_ZONE);
      const { code, stderr } = await appliance.cli("apply");
      expect(code).toBe(1);
      expect(stderr).toContain("DATABASE_SETTINGS_REFUSED");
      expect(settings()).toBe(before);
      expect((await appliance.container("database")).State.Running).toBe(true);
      expect(await appliance.serves()).toBe(true);
      expect((await appliance.cli("status")).stdout).toContain("DATABASE_SETTINGS_REFUSED");
      setZone(OLD_ZONE);
      await appliance.ok("start");
    });

    it("refuses settings that only need a reload, and keeps those before", async () => {
      const before = settings();
      expect(before).toContain(OLD_ZONE);
      setZone(REFUSED_ZONE);
      const { code, stderr } = await appliance.cli("apply");
      expect(code).toBe(1);
      expect(stderr).toContain("DATABASE_SETTINGS_REFUSED");
      expect(stderr).toContain("timezone");
      expect(settings()).toBe(before);
      expect(await appliance.serves()).toBe(true);
      setZone("Europe/Vienna");
      await appliance.ok("start");
    });
  });
}
