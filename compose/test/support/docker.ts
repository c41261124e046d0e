import { run, type RunOptions } from "../../../tools/lab/index.ts";

/** What the docker client printed. */
export async function docker(args: readonly string[], options?: RunOptions): Promise<string> {
  return (await run("docker", args, options)).stdout.trim();
}

export async function lines(args: readonly string[]): Promise<string[]> {
  return (await docker(args)).split("\n").filter((line) => line !== "");
}

/** What `docker inspect` says, as far as these tests look. */
export interface Inspected {
  Id: string;
  Name: string;
  Created: string;
  State: { Running: boolean; Pid: number; StartedAt: string; Health?: { Status: string } };
  Config: { User: string; Env: string[]; Labels: Record<string, string> };
  HostConfig: {
    Privileged: boolean;
    ReadonlyRootfs: boolean;
    CapAdd: string[] | null;
    CapDrop: string[] | null;
    SecurityOpt: string[] | null;
    Memory: number;
    PidsLimit: number | null;
    PidMode: string;
    NetworkMode: string;
    RestartPolicy: { Name: string };
  };
  Mounts: { Source: string; Destination: string; RW: boolean }[];
  NetworkSettings: {
    Networks: Record<string, { IPAddress: string }>;
    Ports: Record<string, { HostIp: string; HostPort: string }[] | null>;
  };
}

/** What the engine knows of containers; one that was replaced a moment ago is left out. */
export async function inspectAll(names: readonly string[]): Promise<Inspected[]> {
  if (names.length === 0) return [];
  const { stdout } = await run("docker", ["inspect", "--type", "container", ...names], { allowFailure: true });
  return JSON.parse(stdout) as Inspected[];
}
