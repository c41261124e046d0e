import { describe, expect, it } from "vitest";
import { eventually, type Application } from "../application.ts";
import { inspect } from "../docker.ts";
import { SERVICES } from "../group.ts";

/** The database comes to its place, and the group becomes healthy. */
export function firstStart(application: Application): void {
  const { group } = application;

  describe("first start", () => {
    it("is not healthy, and says why, until the migrations were asked for", async () => {
      const { status, report } = await eventually("web answers", async () => await application.health());
      expect(status).toBe(503);
      expect(report.checks).toEqual({ database: "ok", migrations: "migrations pending", redis: "ok", vault: "ok" });
    });

    it("refuses to bootstrap a database that was not migrated", async () => {
      await expect(group.operation("/start", "run", "./manage.py", "bootstrap")).rejects.toThrow("migrations pending");
    });

    it("migrates and bootstraps as often as it is asked to, also twice at once", async () => {
      await Promise.all([group.operation("/start", "migrate"), group.operation("/start", "migrate")]);
      const bootstrap = ["/start", "run", "./manage.py", "bootstrap"];
      await group.operation(...bootstrap);
      const first = await application.pythonShell(
        "from django.contrib.auth.models import User; print(User.objects.count())",
      );
      await group.operation(...bootstrap);
      expect(
        await application.pythonShell("from django.contrib.auth.models import User; print(User.objects.count())"),
      ).toBe(first);
    });

    it("is healthy then, in its own words and in the engine's", async () => {
      await eventually("health", async () => (await application.health()).status === 200);
      const states = async () =>
        await Promise.all(SERVICES.map((service) => inspect(group.container(service), "{{.State.Health.Status}}")));
      await eventually("all containers healthy", async () => (await states()).every((state) => state === "healthy"));
      expect((await application.health()).report.status).toBe("ok");
    });

    it("has models and migrations that agree", async () => {
      const check = ["/start", "run", "./manage.py", "makemigrations", "--check", "--dry-run"];
      expect(await group.exec("ecs.web", check)).toContain("No changes detected");
    });
  });
}
