import { describe, expect, it } from "vitest";
import { planNames, whyNotObtained, type Wanted } from "./plan-names.ts";

const acme = { directoryUrl: "https://ca/dir", ca: null, profile: null, externalAccount: null };
const ofCompany = { ...acme, ca: "PEM" };
const wanted = (domain: string, changes: Partial<Wanted> = {}): Wanted => ({
  domain,
  allowedHosts: [],
  given: null,
  acme,
  ...changes,
});

describe("a certificate", () => {
  it("is asked for a public name", () => {
    expect(whyNotObtained(wanted("host.example.org"))).toBeUndefined();
    expect(whyNotObtained(wanted("localhost.example.org"))).toBeUndefined();
  });

  it.each([
    "localhost",
    "a.localhost",
    "10.0.0.1",
    "::1",
    "ecs",
    "a.test",
    "a.local",
    "a.internal",
    "a.lan",
    "a.home.arpa",
  ])("is not asked of the public authority for %s", (domain) => {
    expect(whyNotObtained(wanted(domain))).toMatch(new RegExp(`^${domain} is `));
  });

  it("is asked of a company's own authority for names that mean nothing to the world, but for no address", () => {
    expect(whyNotObtained(wanted("a.test", { acme: ofCompany }))).toBeUndefined();
    expect(whyNotObtained(wanted("ecs", { acme: ofCompany }))).toBeUndefined();
    expect(whyNotObtained(wanted("localhost", { acme: ofCompany }))).toBeDefined();
    expect(whyNotObtained(wanted("10.0.0.1", { acme: ofCompany }))).toBeDefined();
  });

  it("is not asked for where env.yml has one, or wants none", () => {
    expect(whyNotObtained(wanted("host.example.org", { given: { key: "", certificate: "" } }))).toContain(
      "env.yml has",
    );
    expect(whyNotObtained(wanted("host.example.org", { acme: null }))).toContain("none is asked for");
  });
});

describe("names", () => {
  it("are each there once, in ASCII and small letters, the domain first", () => {
    const allowedHosts = ["www.example.org", "Host.Example.org.", "grün.example.org"];
    expect(planNames(wanted("host.example.org", { allowedHosts })).all).toEqual([
      "host.example.org",
      "www.example.org",
      "xn--grn-ioa.example.org",
    ]);
  });

  it("that no authority takes keep no other from being asked for", () => {
    const allowedHosts = ["10.0.0.1", "b.local", "www.example.org", "*.example.org", "a b"];
    const { asked, notAsked } = planNames(wanted("host.example.org", { allowedHosts }));
    expect(asked).toEqual(["host.example.org", "www.example.org"]);
    expect(notAsked.map(({ name }) => name)).toEqual(["10.0.0.1", "b.local", "*.example.org", "a b"]);
  });
});
