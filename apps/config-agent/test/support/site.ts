import { setTimeout as sleep } from "node:timers/promises";
import { renderSite, type SiteSettings } from "../../src/plan-site.ts";
import { ask, type Question } from "./ask.ts";
import { serverCertificate } from "./certificates.ts";
import { buildNginxImage, docker, startEcho, startNginx, type Part } from "./nginx-container.ts";

export const SETTINGS: SiteSettings = {
  domain: "ecs.test",
  allowedHosts: ["www.ecs.test"],
  upstream: { service: "ecs.web", port: 5000, protocol: "http", health: "/health/" },
};

type Asked = Omit<Question, "port">;
export type Site = Awaited<ReturnType<typeof startSite>>;

/** The real nginx with the site of an env.yml and an application behind it that tells what it was asked. */
export async function startSite() {
  await buildNginxImage();
  const nginx = await startNginx();
  const server = await serverCertificate("ecs.test");

  const publishGood = async (part: Part, files: Record<string, string>) => {
    const verdict = await nginx.publishAndWait(part, files);
    if (!verdict.ok) throw new Error(`nginx refused ${part}: ${verdict.error}`);
  };
  /** @throws Error when nginx does not take it. */
  const serve = (changes: Partial<SiteSettings> = {}) => publishGood("site", renderSite({ ...SETTINGS, ...changes }));
  /** @param files beside key and certificate of the server. @throws Error when nginx does not take them. */
  const serveTls = (files: Record<string, string> = {}) => publishGood("tls", { ...server, ...files });
  const https = (question: Asked = {}) => ask("https", { port: nginx.httpsPort(), ...question });
  const http = (question: Asked = {}) => ask("http", { port: nginx.httpPort(), ...question });

  await serveTls();
  await serve();
  let echo = await startEcho(nginx);
  await until(async () => (await statusOf(https())) === 200, "the application answers");
  return {
    nginx,
    server,
    serve,
    serveTls,
    https,
    http,
    /** Starts the application anew, after `meanwhile` was done without it. */
    async replaceApplication(meanwhile: () => Promise<void>) {
      await docker("rm", "--force", echo);
      await meanwhile();
      echo = await startEcho(nginx);
    },
    addressOfApplication: () =>
      docker("inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", echo),
    async remove() {
      await docker("rm", "--force", echo);
      await nginx.remove();
    },
  };
}

export const statusOf = async (answer: Promise<{ status: number }>) => (await answer).status;

/** @throws Error when it has not become so within 20 s. */
export async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  for (const end = performance.now() + 20_000; performance.now() < end; await sleep(100)) if (await condition()) return;
  throw new Error(`not within 20 s: ${what}`);
}
