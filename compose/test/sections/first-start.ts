import { mkdirSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { waitFor } from "../../../tools/lab/index.ts";
import { DOMAIN, SOON_MS, type Appliance } from "../support/appliance.ts";
import { logIn, upload } from "../support/visitor.ts";

const OLD_CLUSTER = "data/postgresql/15/main";

/** From `docker compose up` to a served application. Everything after relies on it. */
export function firstStart(appliance: Appliance): void {
  describe("without env.yml", () => {
    it("waits, and `status` says what is missing and what to do", async () => {
      await appliance.compose("up", "--detach", "--no-build", "--wait");
      const isUnconfigured = async () => (await appliance.status()).status?.phase === "unconfigured";
      await waitFor("the status to be unconfigured", SOON_MS, isUnconfigured);
      const { code, stdout } = await appliance.cli("status");
      expect(code).toBe(3);
      expect(stdout).toContain("not configured");
      expect(stdout).toContain("/app/env.yml");
    });

    it("says the same on its page", async () => {
      const { status, headers, text } = await appliance.ask("/");
      expect(status).toBe(503);
      expect(headers["retry-after"]).toBeDefined();
      expect(text).toContain("not configured");
      expect(text).toContain("/app/env.yml");
    });

    it("has not failed", async () => {
      expect((await appliance.cli("failed")).code).toBe(0);
    });
  });

  describe("the first start", () => {
    it("refuses data of another major version of PostgreSQL, and says how to bring it over", async () => {
      mkdirSync(appliance.path(OLD_CLUSTER), { recursive: true });
      writeFileSync(appliance.path(`${OLD_CLUSTER}/PG_VERSION`), "15\n");
      mkdirSync(appliance.path("app"), { recursive: true });
      appliance.writeEnv(await appliance.ok("env", "sample", "--domain", DOMAIN));
      const { code, stderr } = await appliance.cli("apply");
      expect(code).toBe(1);
      expect(stderr).toContain("DATABASE_VERSION");
      expect(stderr).toContain("PostgreSQL 15");
      expect(stderr).toContain("pg_dump");
      expect(appliance.exists("data/postgresql/17")).toBe(false);
      expect(appliance.read(`${OLD_CLUSTER}/PG_VERSION`).toString()).toBe("15\n");
    });

    it("tells that failure in every place until its file is removed by hand", async () => {
      const { code, stdout } = await appliance.cli("status");
      expect(code).toBe(1);
      expect(stdout).toContain("PostgreSQL 15");
      expect((await appliance.cli("failed")).stdout).toContain("DATABASE_VERSION");
      expect((await appliance.ask("/")).text).toContain("PostgreSQL 15");
      appliance.discard("run/appliance-failed");
      expect((await appliance.cli("failed")).code).toBe(0);
      expect((await appliance.cli("status")).code).toBe(3);
    });

    it("never creates a database by itself", async () => {
      appliance.discard("data/postgresql/15");
      const { code, stderr } = await appliance.cli("start");
      expect(code).toBe(1);
      expect(stderr).toContain("DATABASE_ABSENT");
      expect(stderr).toContain("appliance database create");
    });

    it("brings the application into service once its database was created", async () => {
      await appliance.ok("database", "create");
      await appliance.ok("start");
      await appliance.waitUntilServing();
      expect((await appliance.cli("status")).code).toBe(0);
      expect((await appliance.cli("failed")).code).toBe(0);
    });

    it("lets a document be handed in and read back, byte for byte", async () => {
      const browser = await logIn(appliance);
      const content = randomBytes(2_000_000);
      const back = await browser.get(await upload(browser, content));
      expect(back.status).toBe(200);
      expect(back.body.equals(content)).toBe(true);
    });
  });
}
