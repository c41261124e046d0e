import { Counter, Gauge, type Registry } from "prom-client";
import type { Problems } from "./problems.ts";
import type { CertificatesStatus, Status } from "./status.ts";

/** The figures of certificates, from what was read last: nothing is looked at for them. */
export function certificateMetrics({ status, problems }: { status: Status; problems: Problems }) {
  return (registry: Registry): void => {
    const read = (take: (of: CertificatesStatus) => Sample[]) => () => {
      const last = status.last();
      return last ? take(last) : [];
    };
    gauge(registry, "letsencrypt_valid_until", OF_AUTHORITY, ["domain"], read(obtainedUntil));
    gauge(registry, "certificate_valid_until", OF_HOST, ["name", "source"], read(servedUntil));
    gauge(
      registry,
      "ca_valid_until",
      OF_CA,
      [],
      read(({ clients }) => at(clients.validUntil)),
    );
    gauge(
      registry,
      "crl_next_update",
      OF_CRL,
      [],
      read(({ clients }) => at(clients.crlNextUpdate)),
    );
    gauge(registry, "certificate_problem", OF_PROBLEM, ["part", "code"], () =>
      problems.list().map(({ part, code }) => ({ labels: { part, code }, value: 1 })),
    );
    attempts(registry, status);
  };
}

const OF_AUTHORITY = "End of the certificate in service that an authority issued, in seconds since the epoch.";
const OF_HOST = "End of the certificate in service for each of its names, in seconds since the epoch.";
const OF_CA = "End of the authority that signs certificates of users, in seconds since the epoch.";
const OF_CRL = "End of the first revocation list in service, in seconds since the epoch.";
const OF_PROBLEM = "1 for what is wrong now, by its code.";

interface Sample {
  labels?: Record<string, string>;
  value: number;
}

function obtainedUntil({ host: { domain, served } }: CertificatesStatus): Sample[] {
  return served?.source === "acme" ? at(served.validUntil, { domain }) : [];
}

function servedUntil({ host: { served } }: CertificatesStatus): Sample[] {
  return (served?.names ?? []).flatMap((name) =>
    at(served?.validUntil ?? null, { name, source: served?.source ?? "" }),
  );
}

function at(instant: string | null, labels: Record<string, string> = {}): Sample[] {
  return instant === null ? [] : [{ labels, value: Date.parse(instant) / 1000 }];
}

/** Samples of before are gone: a name that is no longer served has no end. */
function gauge(registry: Registry, name: string, help: string, labelNames: string[], samples: () => Sample[]): void {
  const metric = new Gauge({
    name,
    help,
    labelNames,
    registers: [],
    collect() {
      this.reset();
      if (labelNames.length === 0) this.remove(); // without labels a reset is a zero, which would be an end in 1970
      for (const { labels = {}, value } of samples()) this.set(labels, value);
    },
  });
  registry.registerMetric(metric);
}

/** Counted by the record of renewals, over restarts. */
function attempts(registry: Registry, status: Status): void {
  const metric = new Counter({
    name: "certificate_renewal_attempts_total",
    help: "Attempts to have a certificate of an authority, by outcome.",
    labelNames: ["outcome"],
    registers: [],
    collect() {
      this.reset();
      const { succeeded = 0, failed = 0 } = status.last()?.host.renewal?.attempts ?? {};
      this.inc({ outcome: "succeeded" }, succeeded);
      this.inc({ outcome: "failed" }, failed);
    },
  });
  registry.registerMetric(metric);
}
