import { randomBytes } from "node:crypto";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeAuthority } from "../make-certificate.ts";
import { makeCrl } from "../make-crl.ts";
import { subjectOf } from "../subject.ts";
import { createApplicationAuthority, type ApplicationAuthority } from "../index.ts";
import { DAY_MS, signal, type Fixture } from "./fixture.ts";

const HOUR_MS = 3_600_000;

export interface ListOptions {
  number?: number;
  /** From the clock of the fixture, in days. */
  from?: number;
  until?: number;
  serials?: readonly string[];
}

/** An application with an authority of its own, and what the appliance makes of it. */
export interface ApplicationFixture {
  application: ApplicationAuthority;
  /** The folder that the application writes. */
  source: string;
  put(name: "ca.cert.pem" | "crl.pem", data: string | Uint8Array): Promise<void>;
  makeAuthority(options?: { from?: number; until?: number }): Promise<ApplicationCa>;
}

export interface ApplicationCa {
  caPem: string;
  keyFile: string;
  crl(options?: ListOptions): Promise<string>;
}

export async function createApplicationFixture({ root, clock, deps }: Fixture): Promise<ApplicationFixture> {
  const source = join(root, "ecs-ca");
  await mkdir(source);
  const days = (count: number) => new Date(Math.floor((clock.now.getTime() + count * DAY_MS) / 1000) * 1000);

  async function make({ from = -1, until = 365 }: { from?: number; until?: number } = {}): Promise<ApplicationCa> {
    const serial = `40${randomBytes(7).toString("hex").toUpperCase()}`;
    const plan = { subject: subjectOf({ CN: "ECS" }), serial, notBefore: days(from), notAfter: days(until) };
    const { keyPem, certificatePem } = await makeAuthority(plan, deps, signal);
    const keyFile = join(root, `${serial}.pem`);
    await writeFile(keyFile, keyPem);
    const crl = (options: ListOptions = {}) =>
      makeCrl(
        {
          number: BigInt(options.number ?? 1),
          thisUpdate: new Date(days(options.from ?? 0).getTime() - HOUR_MS),
          nextUpdate: days(options.until ?? 30),
          revoked: new Map((options.serials ?? []).map((one) => [one, days(-1)])),
        },
        { certificatePem, keyFile },
        deps,
        signal,
      );
    return { caPem: certificatePem, keyFile, crl };
  }

  const application = createApplicationAuthority({ ...deps, source, folder: join(root, "kept"), now: () => clock.now });
  const put: ApplicationFixture["put"] = async (name, data) => {
    await writeFile(join(source, `${name}.new`), data);
    await rename(join(source, `${name}.new`), join(source, name));
  };
  return { application, source, put, makeAuthority: make };
}
