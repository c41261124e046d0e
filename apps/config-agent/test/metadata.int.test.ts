import { gzipSync } from "node:zlib";
import { runCommand, type RunCommand } from "@appliance/command";
import { afterEach, describe, expect, it } from "vitest";
import type { Look } from "../src/sources/look.ts";
import { askMetadata, isMetadataService } from "../src/sources/metadata.ts";
import {
  guarded,
  hang,
  startMetadataServer,
  text,
  type Answers,
  type MetadataServer,
} from "./support/metadata-server.ts";

const ENV = "#cloud-config\nappliance:\n  domain: clinic.example.org\n";
const EC2 = "GET /latest/user-data";
const TOKEN = "PUT /latest/api/token";
const GCE = "GET /computeMetadata/v1/instance/attributes/user-data";
const OPENSTACK = "GET /openstack/latest/user_data";

let server: MetadataServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function ask(answers: Answers, limitMs = 3_000, run: RunCommand = runCommand): Promise<Map<string, Look>> {
  server = await startMetadataServer(answers);
  return askAt(server.url, limitMs, run);
}

async function askAt(baseUrl: string, limitMs: number, run: RunCommand = runCommand): Promise<Map<string, Look>> {
  const looks = new Map<string, Look>();
  for await (const look of askMetadata({ run, baseUrl, inHostNetwork: false }, limitMs)) looks.set(look.source, look);
  expect([...looks.keys()]).toEqual(["EC2", "GCE", "OpenStack"].map((cloud) => `${cloud} metadata service`));
  return looks;
}

/** Its env.yml, why it was passed over, or the complaint about it. */
function toldOf(looks: Map<string, Look>, cloud: "EC2" | "GCE" | "OpenStack"): string {
  const look = looks.get(`${cloud} metadata service`)!;
  if ("text" in look) return Buffer.from(look.text).toString("utf8");
  return "unusable" in look ? `${look.unusable.code}: ${look.unusable.message}` : look.passedOver;
}

describe("a metadata service with an env.yml", () => {
  it("of EC2 is asked with a token", async () => {
    const looks = await ask({
      [TOKEN]: (request, response) =>
        void response.writeHead(request.headers["x-aws-ec2-metadata-token-ttl-seconds"] ? 200 : 400).end("t0ken=="),
      [EC2]: guarded("x-aws-ec2-metadata-token", "t0ken==", ENV),
    });
    expect(toldOf(looks, "EC2")).toBe(ENV);
  });

  it("of EC2 in its first version is asked without one", async () => {
    const looks = await ask({ [TOKEN]: (_request, response) => void response.writeHead(405).end(), [EC2]: text(ENV) });
    expect(toldOf(looks, "EC2")).toBe(ENV);
    expect(server?.requests).toContain(TOKEN);
  });

  it("of GCE is asked as Google wants it, packed in base64 too", async () => {
    expect(toldOf(await ask({ [GCE]: guarded("metadata-flavor", "Google", ENV) }), "GCE")).toBe(ENV);
    await server?.close();
    const packed = await ask({
      [GCE]: guarded("metadata-flavor", "Google", gzipSync(ENV).toString("base64")),
      [`${GCE}-encoding`]: guarded("metadata-flavor", "Google", "base64"),
    });
    expect(toldOf(packed, "GCE")).toBe(ENV);
  });

  it("of OpenStack is asked by its own path, and takes packed bytes", async () => {
    const looks = await ask({ [OPENSTACK]: text(gzipSync(ENV)) });
    expect(toldOf(looks, "OpenStack")).toBe(ENV);
    expect(toldOf(looks, "EC2")).toBe("it has no user-data (404)");
  });

  it("shows its token in no list of programs", async () => {
    const seen: string[] = [];
    const watching: RunCommand = async (program, args, options) => {
      seen.push([program, ...args].join(" "));
      return runCommand(program, args, options);
    };
    await ask(
      { [TOKEN]: text("sEcReTt0ken"), [EC2]: guarded("x-aws-ec2-metadata-token", "sEcReTt0ken", ENV) },
      3_000,
      watching,
    );
    expect(seen.length).toBeGreaterThanOrEqual(4);
    expect(seen.join("\n")).not.toContain("sEcReTt0ken");
  });
});

describe("a metadata service without an env.yml is passed over", () => {
  it.each<[string, Answers, string]>([
    ["answers 404 with a page", {}, "it has no user-data (404)"],
    ["answers everything with a page", { "*": text("<!doctype html><p>Log in</p>") }, "it answers with a web page"],
    ["is broken", { "*": (_request, response) => void response.writeHead(500).end() }, "it answers with 500"],
    ["has empty user-data", { [OPENSTACK]: text("\n") }, "its user-data is empty"],
    ["has a script of cloud-init's", { [OPENSTACK]: text("#!/bin/sh\n") }, "its user-data is a script"],
  ])("when it %s", async (_what, answers, why) => {
    expect(toldOf(await ask(answers), "OpenStack")).toContain(why);
  });

  it("when it redirects, and the other place is not asked", async () => {
    const elsewhere = await startMetadataServer({ "*": text(ENV) });
    try {
      const location = `${elsewhere.url}/openstack/latest/user_data`;
      const looks = await ask({ "*": (_request, response) => void response.writeHead(302, { location }).end() });
      expect(toldOf(looks, "OpenStack")).toBe("it redirects (302), which is not followed");
      expect(elsewhere.requests).toEqual([]);
    } finally {
      await elsewhere.close();
    }
  });

  it("when nothing answers there", async () => {
    server = await startMetadataServer({});
    await server.close();
    const looks = await askAt(server.url, 3_000);
    server = undefined;
    expect(toldOf(looks, "EC2")).toBe("nothing answers there");
  });

  it.each<[string, Answers]>([
    ["never answers", { "*": hang }],
    ["sends a byte at a time", { "*": (_request, response) => trickle(response) }],
    ["hangs after the token", { [TOKEN]: text("t"), "*": hang }],
  ])("when it %s, and all of them together cost no more than the limit", async (_what, answers) => {
    const startedAt = performance.now();
    const looks = await ask(answers, 1_000);
    // One after the other they would take three seconds.
    expect(performance.now() - startedAt).toBeLessThan(2_500);
    for (const cloud of ["EC2", "GCE", "OpenStack"] as const)
      expect(toldOf(looks, cloud)).toBe("it did not answer within 1 s");
  });
});

function trickle(response: NodeJS.WritableStream): void {
  const timer = setInterval(() => response.write("#"), 50);
  response.once("close", () => clearInterval(timer));
}

describe("user-data that cannot be used is an error that names the service", () => {
  const endless = Buffer.from(ENV + "#".repeat(10 * 1024 * 1024));
  it.each<[string, Answers, string]>([
    ["is 10 MB long", { [OPENSTACK]: text(endless) }, "it is longer than 256 KiB"],
    [
      "is 10 MB long and does not say so",
      {
        [OPENSTACK]: (_request, response) => {
          response.write(endless);
          response.end();
        },
      },
      "it is longer than 256 KiB",
    ],
    ["unpacks to 10 MB", { [OPENSTACK]: text(gzipSync(endless)) }, "it is longer than 256 KiB once unpacked"],
    ["is packed and damaged", { [OPENSTACK]: text(gzipSync(ENV).subarray(0, 30)) }, "it is damaged"],
    ["is nothing known", { [OPENSTACK]: text("hello") }, "it is neither an env.yml nor"],
  ])("when it %s", async (_what, answers, why) => {
    expect(toldOf(await ask(answers), "OpenStack")).toMatch(
      new RegExp(`^ENV_METADATA_UNUSABLE: The user-data of the OpenStack metadata service cannot be used: ${why}`),
    );
  });
});

it("knows its services by name, since containers are kept from them when env.yml came from one", () => {
  expect(isMetadataService("GCE metadata service")).toBe(true);
  expect(isMetadataService("drive cidata (/dev/sr0)")).toBe(false);
});
