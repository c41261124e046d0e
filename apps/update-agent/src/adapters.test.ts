import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CommandOptions, RunCommand } from "@appliance/command";
import { CommandError } from "@appliance/command";
import { afterAll, describe, expect, it } from "vitest";
import type { ComposeGroup } from "./compose-group.ts";
import { createCompose } from "./compose.ts";
import { parseModel } from "./compose-model.ts";
import { toConfig, Variables } from "./config.ts";
import { describeProgress } from "./describe-progress.ts";
import { decodeLogs } from "./docker-logs.ts";
import { createDocker } from "./docker.ts";
import { readSlice } from "./slice.ts";

const folder = mkdtempSync(join(tmpdir(), "update-agent-unit-"));
afterAll(() => rmSync(folder, { recursive: true }));

const group: ComposeGroup = {
  project: "application",
  name: "ecs",
  files: ["/checkout/compose/sample/compose.yml"],
  envFiles: ["/checkout/compose/.env"],
  directory: "/app/appliance/compose/sample",
  environment: { ECS_SETTINGS: "pa$HOMEword", HOME: "/elsewhere" },
};
const never = new AbortController().signal;

/** Compose as a recorder of how it was called. */
function recorder(fail?: CommandError) {
  const calls: { args: readonly string[]; options: CommandOptions }[] = [];
  const run: RunCommand = async (program, args, options) => {
    calls.push({ args: [program, ...args], options });
    if (fail) throw fail;
    return { exitCode: 0, stdout: "", stderr: "", cutBytes: { stdout: 0, stderr: 0 }, durationMs: 1 };
  };
  return { calls, compose: createCompose({ run, dockerSocket: "/var/run/docker.sock" }) };
}

const upOrder = { services: ["ecs.web"], recreate: "changed" as const, removeOrphans: false, onLine: () => {} };

describe("docker compose is called", () => {
  it("with values in its environment, where none can override what steers compose, and never as arguments", async () => {
    const { calls, compose } = recorder();
    await compose.up(group, upOrder, never);
    expect(calls[0]?.options.env).toEqual({
      ECS_SETTINGS: "pa$HOMEword",
      COMPOSE_COMPATIBILITY: "1",
      HOME: "/tmp",
      DOCKER_HOST: "unix:///var/run/docker.sock",
    });
    expect(calls[0]?.args.join(" ")).not.toContain("pa$");
  });

  it("with the files as this process sees them and the folder as the host sees it", async () => {
    const { calls, compose } = recorder();
    await compose.up(group, upOrder, never);
    expect(calls[0]?.args.join(" ")).toBe(
      "docker compose --ansi=never --progress=plain --project-name=ecs --project-directory=/app/appliance/compose/sample" +
        " --file=/checkout/compose/sample/compose.yml --env-file=/checkout/compose/.env up --detach --no-build -- ecs.web",
    );
  });

  it("for the core with --no-deps, so that no neighbour is touched, and without the old container names", async () => {
    const { calls, compose } = recorder();
    await compose.up({ ...group, project: "core" }, upOrder, never);
    await compose.startOneOff(
      { ...group, project: "core" },
      { service: "database", name: "x", command: ["true"] },
      never,
    );
    expect(calls.map(({ args }) => args.includes("--no-deps"))).toEqual([true, true]);
    expect(calls[0]?.options.env).not.toHaveProperty("COMPOSE_COMPATIBILITY");
  });

  it("to stop without any file or secret", async () => {
    const { calls, compose } = recorder();
    await compose.stop("ecs", ["ecs.web"], 20, never);
    expect(calls[0]?.args.slice(4).join(" ")).toBe("--project-name=ecs stop --timeout=20 -- ecs.web");
    expect(Object.keys(calls[0]?.options.env ?? {})).toEqual(["HOME", "DOCKER_HOST"]);
  });

  it.each([
    [
      "Error response from daemon: No such image: appliance/sample:dev",
      "IMAGE_MISSING",
      "The image appliance/sample:dev ",
    ],
    [
      "pull access denied for appliance/sample, repository does not exist",
      "IMAGE_MISSING",
      "The image appliance/sample ",
    ],
    ["a\nb\nc\nyaml: line 3: mapping values", "COMPOSE_FAILED", "b / c / yaml: line 3"],
  ])("and '%s' becomes %s", async (stderrTail, code, message) => {
    const { compose } = recorder(new CommandError("COMMAND_FAILED", "docker ended with 1", { remedy: "", stderrTail }));
    await expect(compose.up(group, upOrder, never)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });
});

describe("describeProgress", () => {
  it.each([
    [" Container ecs_ecs.web_1  Starting", "ecs", "ecs.web is starting"],
    [" Container appliance-database-1  Recreate", "appliance", "database is being replaced"],
    [" ecs.web Pulling ", "ecs", "The image of ecs.web is being pulled"],
    [" Network ecs_default  Creating", "ecs", undefined],
    ['time="2026" level=warning msg="Starting"', "ecs", undefined],
  ])("'%s' of %s", (line, project, sentence) => {
    expect(describeProgress(line, project)).toBe(sentence);
  });
});

describe("parseModel", () => {
  it("reads what compose prints: empty lists as null, dollars twice", () => {
    const printed = {
      services: { "ecs.web": { image: "a:b", profiles: null, deploy: { replicas: 2 } }, redis: {} },
      "x-appliance": { operations: { migrate: { service: "ecs.web", command: ["echo", "$$HOME"], arguments: null } } },
    };
    const { services, operations } = parseModel(JSON.stringify(printed), "ecs.web abc\nredis def\n");
    expect(services.get("ecs.web")).toEqual({ image: "a:b", profiles: [], replicas: 2, hash: "abc" });
    expect(operations.get("migrate")).toEqual({
      service: "ecs.web",
      command: ["echo", "$HOME"],
      arguments: [],
      secretOutput: false,
    });
  });

  const issuing = { service: "a", command: ["a"] };
  it.each<[string, object, RegExp]>([
    [
      "a pattern that is none",
      { operations: { migrate: { service: "a", command: ["a"], arguments: ["("] } } },
      /operations\.migrate\.arguments\.0 is no regular expression/,
    ],
    [
      "a key that is misspelt, which may be the one that keeps a password secret",
      { operations: { migrate: { ...issuing, "secret-ouput": true } } },
      /operations\.migrate Unrecognized key: "secret-ouput"/,
    ],
    ["an owner that does not exist", { "client-authority": "ecs" }, /client-authority Invalid option/],
    [
      "certificates by an application that leaves them to the appliance",
      { operations: { "create-client-certificate": { ...issuing, "secret-output": true } } },
      /operations\.create-client-certificate is for an application with client-authority: application/,
    ],
    [
      "certificates whose password would stay in the queue",
      { "client-authority": "application", operations: { "create-client-certificate": issuing } },
      /operations\.create-client-certificate prints a password and has to declare secret-output: true/,
    ],
  ])("refuses %s, with its place", (_what, declaration, sentence) => {
    expect(() => parseModel(JSON.stringify({ "x-appliance": declaration }), "")).toThrow(sentence);
  });
});

describe("decodeLogs", () => {
  const frame = (stream: number, text: string) => {
    const header = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
    header.writeUInt32BE(Buffer.byteLength(text), 4);
    return Buffer.concat([header, Buffer.from(text)]);
  };

  it("puts both streams together and keeps a character that two frames share", () => {
    const euro = Buffer.from("€");
    const parts = [frame(1, "out\n"), frame(2, "err\n"), frame(1, "").fill(0, 8)];
    expect(decodeLogs(Buffer.concat(parts))).toBe("out\nerr\n");
    const halves = [euro.subarray(0, 1), euro.subarray(1)].map((half) => {
      const header = Buffer.from([1, 0, 0, 0, 0, 0, 0, half.length]);
      return Buffer.concat([header, half]);
    });
    expect(decodeLogs(Buffer.concat(halves))).toBe("€");
  });

  it("takes the plain bytes of a terminal as they are", () => {
    expect(decodeLogs(Buffer.from("a terminal's text\r\n"))).toBe("a terminal's text\r\n");
    expect(decodeLogs(Buffer.alloc(0))).toBe("");
  });
});

describe("the version of the engine's API", () => {
  it.each([
    ["1.41", "v1.41"],
    ["1.60", "v1.51"],
    ["2.0", "v1.51"],
  ])("is agreed on with an engine of %s as %s", async (ofEngine, spoken) => {
    const asked: string[] = [];
    const engine = createServer((request, response) => {
      asked.push(request.url ?? "");
      const isVersion = request.url === "/version";
      response
        .setHeader("content-type", "application/json")
        .end(JSON.stringify(isVersion ? { ApiVersion: ofEngine } : []));
    });
    const socketPath = join(folder, `${ofEngine}.sock`);
    await new Promise<void>((resolve) => void engine.listen(socketPath, resolve));
    await createDocker({ socketPath }).observe("core", "appliance");
    engine.close();
    expect(asked[1]?.split("/")[1]).toBe(spoken);
  });
});

describe("readSlice", () => {
  const written = (text: string) => {
    writeFileSync(join(folder, "env.json"), text);
    return readSlice(folder);
  };
  const slice = (application: object) => JSON.stringify({ timezone: "UTC", compose: {}, application });

  it("takes what config-agent writes and drops keys that it does not know yet", async () => {
    const application = { composeFile: "compose/sample/compose.yml", environment: { ECS_A: "1\n2" } };
    expect(await written(slice({ ...application, later: 1 }))).toEqual({ timezone: "UTC", compose: {}, application });
  });

  it.each(["/etc/compose.yml", "compose/../../x.yml", "../x.yml", "compose/x.sh"])(
    "refuses the compose file %s",
    async (composeFile) => {
      await expect(written(slice({ composeFile, environment: {} }))).rejects.toMatchObject({ code: "SLICE_INVALID" });
    },
  );

  it.each(["PATH", "LD_PRELOAD", "COMPOSE_FILE", "DOCKER_HOST", "a b", ""])(
    "refuses the variable '%s'",
    async (name) => {
      const application = { composeFile: "compose/x.yml", environment: { [name]: "secret-value" } };
      const failure = await written(slice(application)).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: "SLICE_INVALID" });
      expect(String(failure)).not.toContain("secret-value");
    },
  );

  it("repeats nothing of a file that is no JSON", async () => {
    await expect(written('{"ECS_PASSWORD": "hunter22')).rejects.toThrow(/^(?!.*hunter22).*it is no JSON$/);
  });
});

it("names every wrong variable", () => {
  const parsed = Variables.safeParse({ CORE_PROJECT: "-x", APPLIANCE_CHECKOUT: "relative", APPLIANCE_VERSION: "a b" });
  expect(parsed.error?.issues.map(({ path }) => path[0])).toEqual([
    "APPLIANCE_CHECKOUT",
    "CORE_PROJECT",
    "APPLIANCE_VERSION",
  ]);
  expect(toConfig(Variables.parse({ CORE_COMPOSE_FILES: "compose.yml:host.yml" })).coreFiles).toEqual([
    "/checkout/compose/compose.yml",
    "/checkout/compose/host.yml",
  ]);
});
