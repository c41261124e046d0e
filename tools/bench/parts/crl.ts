import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeAuthority } from "../../../apps/cert-agent/src/client-authority/make-certificate.ts";
import { makeCrl } from "../../../apps/cert-agent/src/client-authority/make-crl.ts";
import { planAuthority } from "../../../apps/cert-agent/src/client-authority/plan-certificate.ts";
import { planCrl } from "../../../apps/cert-agent/src/client-authority/plan-crl.ts";
import { readCrl } from "../../../apps/cert-agent/src/client-authority/crl.ts";
import { randomSerial } from "../../../apps/cert-agent/src/client-authority/serial.ts";
import { runCommand } from "../../../libs/command/src/index.ts";
import { below, type Figure } from "../figure.ts";

const ENTRIES = 10_000;
const RUNS = 10;
const LIMIT_SECONDS = 1;

/** A revocation list with many entries: made, verified and read back as after each revocation, and read alone. */
export async function crl(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), "appliance-bench-"));
  const deps = { run: runCommand, workFolder: folder };
  const { signal } = new AbortController();
  try {
    const now = new Date();
    const { keyPem, certificatePem } = await makeAuthority(
      planAuthority("ecs.example", { now, builtAt: now }),
      deps,
      signal,
    );
    const authority = { certificatePem, keyFile: join(folder, "key.pem") };
    writeFileSync(authority.keyFile, keyPem, { mode: 0o600 });
    const revoked = new Map(Array.from({ length: ENTRIES }, () => [randomSerial(), now]));
    const plan = { ...planCrl([], null, now), revoked };
    const made = await repeat(() => makeCrl(plan, authority, deps, signal));
    const read = await repeat(() => readCrl(made.last, deps, signal));
    const megabytes = (made.last.length / 1024 / 1024).toFixed(1);
    return [
      below(
        `list with ${ENTRIES} entries (${megabytes} MB): made, verified, read back`,
        made.seconds,
        LIMIT_SECONDS,
        "s",
      ),
      below("the same: read", read.seconds, LIMIT_SECONDS, "s"),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function repeat<T>(work: () => Promise<T>): Promise<{ last: T; seconds: number[] }> {
  const seconds: number[] = [];
  let last: T;
  do {
    const begun = performance.now();
    last = await work();
    seconds.push((performance.now() - begun) / 1000);
  } while (seconds.length < RUNS);
  return { last, seconds };
}
