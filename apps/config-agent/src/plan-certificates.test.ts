import { expect, it } from "vitest";
import { planCertificates, type CertificatesObserved } from "./plan-certificates.ts";

const wanted = { domain: "ecs.example", image: "appliance/cert-agent:2", told: "new" };
const well: CertificatesObserved = {
  container: { state: "running", health: "healthy", image: wanted.image },
  asked: wanted.told,
  isServed: true,
};
const plan = (change: Partial<CertificatesObserved>) => planCertificates(wanted, { ...well, ...change });
const container = (change: object) => ({ container: { ...well.container!, ...change } });

it("has nothing to do while cert-agent runs and was told all", () => {
  expect(plan({})).toEqual([]);
});

it("starts it and asks for a certificate at a first start", () => {
  expect(plan({ container: undefined, asked: undefined, isServed: false })).toMatchObject([
    {
      summary: "Start cert-agent and let a certificate for ecs.example be served",
      recreate: "changed",
      ask: true,
      restarts: [],
      downtime: null,
    },
  ]);
});

it("only starts it after a boot: what was served is served still", () => {
  expect(plan(container({ state: "exited" }))).toMatchObject([{ summary: "Start cert-agent", ask: false }]);
});

it("asks again when env.yml says something else, or nginx lost the certificate", () => {
  for (const change of [{ asked: "old" }, { isServed: false }])
    expect(plan(change)).toMatchObject([{ summary: "Let a certificate for ecs.example be served", recreate: null }]);
});

it("replaces one of another version and one that is unwell, and waits for one that is only just starting", () => {
  for (const change of [{ image: "appliance/cert-agent:1" }, { health: "unhealthy" as const }])
    expect(plan(container(change))).toMatchObject([{ recreate: "always", ask: false, restarts: ["cert-agent"] }]);
  expect(plan(container({ health: "starting" }))).toEqual([]);
});
