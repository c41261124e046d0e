import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { renderSite, type SiteSettings } from "./plan-site.ts";

const settings: SiteSettings = {
  domain: "ecs.example.org",
  allowedHosts: ["www.example.org"],
  upstream: { service: "ecs.web", port: 5000, protocol: "http" },
};
const render = (changes: Partial<SiteSettings> = {}) => renderSite({ ...settings, ...changes })["site.conf"]!;

describe("renderSite", () => {
  it("is what testssl judges in the bench", async () => {
    await expect(render()).toMatchFileSnapshot(join(import.meta.dirname, "../../../tools/bench/testssl/site.conf"));
  });

  it("is the same text whatever the order of names, so that nothing is reloaded for nothing", () => {
    const names = ["b.example.org", "a.example.org", "ecs.example.org"];
    expect(render({ allowedHosts: names })).toBe(render({ allowedHosts: names.toReversed() }));
  });

  it("answers to the domain also when allowed_hosts leaves it out", () => {
    expect(render()).toContain("server_name ecs.example.org www.example.org;");
  });

  it("names the application in a variable alone, so that an absent one does not keep nginx from starting", () => {
    expect(render().split("ecs.web")).toHaveLength(3); // the map and the example in its comment
    expect(render()).toContain('default "ecs.web:5000";');
  });

  it.each([
    ["http", "application-http.conf"],
    ["uwsgi", "application-uwsgi.conf"],
  ] as const)("speaks %s to the application", (protocol, include) => {
    expect(render({ upstream: { ...settings.upstream, protocol } })).toContain(include);
  });

  it.each(["ecs.example.org", "example.at"])("binds browsers to TLS for the public name %s", (domain) => {
    expect(render({ domain })).toContain('on "max-age=63072000";');
  });

  it.each(["localhost", "ecs", "ecs.localhost", "ecs.test", "ecs.local", "192.0.2.7"])(
    "leaves %s, which is other programs' name as well, without HSTS",
    (domain) => {
      expect(render({ domain })).toContain('on "";');
    },
  );

  it("keeps a port other than 443 in redirects and in the Host header", () => {
    expect(render({ httpsPort: 8443 })).toContain('default ":8443";');
    expect(render()).toMatch(/map \$host \$published_port \{\n {2}default "";/);
  });

  it("lets nobody without a verified certificate pass when certificates are mandatory", () => {
    expect(render({ clientCertificates: "mandatory" })).toContain("if ($ssl_client_verify != SUCCESS) { rewrite ");
    expect(render({ clientCertificates: "optional" })).not.toContain("$ssl_client_verify");
  });

  it.each([
    "a.example;",
    "a.example }",
    "a.example\nb.example",
    "$host",
    "~^.*$",
    "*",
    ".example.org",
    '"a"',
    "ä.example",
    "",
    "a..example",
    "-a.example",
    `${"a".repeat(64)}.example`,
    "A.example",
    "a.example\0",
  ])("refuses the name %j, which nginx would read as something else", (name) => {
    expect(() => render({ domain: name })).toThrow(TypeError);
    expect(() => render({ allowedHosts: [name] })).toThrow(TypeError);
    expect(() => render({ upstream: { ...settings.upstream, service: name } })).toThrow(TypeError);
  });

  it.each([0, -1, 65_536, 1.5, Number.NaN])("refuses the port %d", (port) => {
    expect(() => render({ upstream: { ...settings.upstream, port } })).toThrow(TypeError);
    expect(() => render({ httpsPort: port })).toThrow(TypeError);
  });

  it.each(["health", "/a b", "/;", "/$uri", "/{", "/a\n"])("refuses the health path %j", (health) => {
    expect(() => render({ upstream: { ...settings.upstream, health } })).toThrow(TypeError);
  });
});
