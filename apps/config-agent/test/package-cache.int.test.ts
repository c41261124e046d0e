/** The container of the package cache as compose runs it, asked by the host and by its apt. */
import { randomBytes } from "node:crypto";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { runCommand } from "@appliance/command";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DETECT, packageCacheFiles } from "../src/package-cache-files.ts";
import { ask, startPackageCache, type PackageCache } from "./support/package-cache-container.ts";

let cache: PackageCache;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "apt-"));
  // apt runs the script as a user of its own.
  chmodSync(folder, 0o755);
  cache = await startPackageCache();
});
afterAll(async () => {
  await cache?.remove();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  cache.mirror.asked.length = 0;
});

const get = async (url: string, method?: string) => ask({ port: await cache.port() }, url, method);

describe("the package cache", () => {
  it("has a package fetched once, also after it was started anew", async () => {
    const url = `${cache.mirror.url}/pool/main/h/hello/hello_2.10-5_amd64.deb`;
    expect(await get(url)).toBe(200);
    expect(await get(url)).toBe(200);
    await cache.stop();
    await cache.start();
    expect(await get(url)).toBe(200);
    expect(cache.mirror.asked).toEqual(["GET /pool/main/h/hello/hello_2.10-5_amd64.deb for the cache"]);
  });

  it("asks the mirror each time which packages there are", async () => {
    for (const _ of [1, 2]) expect(await get(`${cache.mirror.url}/dists/trixie/InRelease`)).toBe(200);
    expect(cache.mirror.asked).toHaveLength(2);
  });

  it("keeps 10 GB at most", async () => {
    expect(await cache.logs()).toContain("Max Swap size: 10240000 KB");
  });

  it("is healthy", async () => {
    await expect.poll(() => cache.health(), { timeout: 40_000, interval: 500 }).toBe("healthy");
  });

  it.each([
    ["the metadata service of a cloud", "GET", "http://169.254.169.254/latest/user-data"],
    ["the metadata service in IPv6 notation", "GET", "http://[::ffff:169.254.169.254]/latest/user-data"],
    ["the metadata service as one number", "GET", "http://2852039166/latest/user-data"],
    ["itself", "GET", "http://127.0.0.1/"],
    ["itself by name", "GET", "http://localhost/"],
    ["the network of the agents", "GET", "http://10.73.6.2/"],
    ["the host", "GET", "http://172.17.0.1/"],
    ["a machine of the site", "GET", "http://192.168.1.1/"],
    ["another port", "GET", "http://192.0.2.1:8080/"],
    ["what is encrypted", "CONNECT", "192.0.2.1:443"],
    ["a tunnel to port 80", "CONNECT", "192.0.2.1:80"],
    ["what would change something", "POST", "http://192.0.2.1/"],
    ["another protocol", "GET", "ftp://192.0.2.1:80/"],
    ["what it knows of its clients", "GET", "http://package-cache:3128/squid-internal-mgr/client_list"],
  ])("is no way to %s", async (_what, method, url) => {
    expect(await get(url, method)).toBe(403);
  });

  it("refuses a client with an address of the internet", async () => {
    const host = await cache.addressOnPublicNetwork();
    expect(await ask({ host, port: 3128 }, `${cache.mirror.url}/hello.deb`)).toBe(403);
    expect(cache.mirror.asked).toEqual([]);
  });
});

describe("apt of the host", () => {
  /** `apt-helper download-file` with the files that config-agent writes, below a folder. */
  const download = async (path: string) => {
    const [detect, config] = packageCacheFiles(await cache.port().catch(() => closedPort));
    writeFileSync(join(folder, "detect"), detect?.content ?? "", { mode: 0o755 });
    writeFileSync(join(folder, "apt.conf"), String(config?.content).replace(DETECT, join(folder, "detect")));
    const target = join(folder, "downloaded");
    rmSync(target, { force: true });
    const args = ["download-file", `${cache.mirror.url}${path}`, target];
    const env = { APT_CONFIG: join(folder, "apt.conf") };
    await runCommand("/usr/lib/apt/apt-helper", args, { env, timeoutMs: 60_000 });
    expect(readFileSync(target, "utf8")).toBe("a package");
    return cache.mirror.asked.filter((line) => line.startsWith("GET"));
  };
  const closedPort = 1;

  it("gets a package from the cache", async () => {
    expect(await download("/first.deb")).toEqual(["GET /first.deb for the cache"]);
    expect(await download("/first.deb")).toHaveLength(1);
  });

  it("asks the mirror itself while the cache is down", async () => {
    await cache.stop();
    expect(await download("/second.deb")).toEqual(["GET /second.deb"]);
    await cache.start();
  });

  it("is sent nowhere for a mirror that the cache refuses", async () => {
    const script = join(folder, "detect");
    writeFileSync(script, packageCacheFiles(await cache.port())[0]?.content ?? "", { mode: 0o755 });
    const detect = async (url: string) => (await runCommand(script, [url], { timeoutMs: 20_000 })).stdout;
    expect(await detect("http://192.168.1.1/debian/")).toBe("");
    expect(await detect(`${cache.mirror.url}/debian/`)).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\n$/);
  });
});

describe("a build of images", () => {
  const images = join(import.meta.dirname, "../../../deploy/images.sh");

  /** `deploy/images.sh build` of a checkout whose one image takes a file from the mirror. */
  const build = async (file: string) => {
    const checkout = mkdtempSync(join(folder, "checkout-"));
    for (const part of ["apps", "libs", "tools", "compose"]) mkdirSync(join(checkout, part));
    cpSync(dirname(images), join(checkout, "deploy"), { recursive: true });
    const url = `${cache.mirror.url}/${file}`;
    const Dockerfile = `FROM debian:trixie-slim\nRUN /usr/lib/apt/apt-helper download-file ${url} /tmp/file\n`;
    const web = { image: `appliance/${file}:test`, build: { context: ".", dockerfile_inline: Dockerfile } };
    writeFileSync(join(checkout, "compose/compose.yml"), JSON.stringify({ services: { web } }));
    const detect = join(folder, "detect-of-builds");
    writeFileSync(detect, packageCacheFiles(await cache.port().catch(() => 1))[0]?.content ?? "", { mode: 0o755 });
    const env = { PACKAGE_CACHE: detect, HOME: "/tmp" };
    await runCommand(join(checkout, "deploy/images.sh"), ["build"], { env, timeoutMs: 120_000 });
    await runCommand("docker", ["image", "rm", web.image], { timeoutMs: 60_000 });
    return cache.mirror.asked.filter((line) => line.startsWith("GET"));
  };
  /** A name that no layer of an earlier build has. */
  const fresh = () => `package-${randomBytes(4).toString("hex")}`;

  it("gets its packages from the cache", async () => {
    const file = fresh();
    expect(await build(file)).toEqual([`GET /${file} for the cache`]);
  });

  it("asks the mirror itself while the cache is down", async () => {
    await cache.stop();
    const file = fresh();
    expect(await build(file)).toEqual([`GET /${file}`]);
  });
});
