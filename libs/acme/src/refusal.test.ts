import type { IncomingHttpHeaders } from "node:http";
import { describe, expect, it } from "vitest";
import { refusal } from "./refusal.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");
const refuse = (status: number, body: unknown, headers: IncomingHttpHeaders = {}) =>
  refusal(
    {
      url: "https://ca.example/x",
      status,
      headers,
      body: Buffer.from(typeof body === "string" ? body : JSON.stringify(body)),
    },
    NOW,
  );
const problem = (type: string, rest = {}) => ({
  type: `urn:ietf:params:acme:error:${type}`,
  detail: "so it is",
  ...rest,
});

describe("a refusal", () => {
  it("names each name that failed by itself", () => {
    const identifier = (value: string) => ({ identifier: { type: "dns", value } });
    const subproblems = [
      problem("caa", { ...identifier("a.example"), detail: "CAA forbids" }),
      problem("rejectedIdentifier", { ...identifier("b.example"), detail: "not here" }),
    ];
    const error = refuse(403, problem("rejectedIdentifier", { subproblems }));
    expect(error.code).toBe("ACME_NAMES_REFUSED");
    expect(error.failures).toEqual([
      { name: "a.example", type: "caa", detail: "CAA forbids" },
      { name: "b.example", type: "rejectedIdentifier", detail: "not here" },
    ]);
    expect(error.message).toBe(
      "ca.example refused: so it is: a.example: CAA forbids (caa); b.example: not here (rejectedIdentifier) [rejectedIdentifier]",
    );
  });

  it("for too many certificates tells which limit was reached and until when", () => {
    const detail =
      "too many certificates (5) already issued for this exact set of identifiers in the last 168h0m0s, " +
      "retry after 2026-03-02 12:00:00 UTC: see https://letsencrypt.org/docs/rate-limits/#new-certificates-per-exact-set-of-identifiers";
    const error = refuse(429, problem("rateLimited", { detail }), { "retry-after": "86400" });
    expect(error).toMatchObject({
      code: "ACME_RATE_LIMITED",
      limit: "new-certificates-per-exact-set-of-identifiers",
      retryAt: new Date("2026-03-02T12:00:00Z"),
    });
    expect(error.message).toContain("not before 2026-03-02T12:00:00.000Z");
  });

  it.each([
    ["a busy server", 503, "<html>busy</html>", { "retry-after": "30" }, "ACME_BUSY"],
    ["a server without a word", 503, "<html>busy</html>", {}, "ACME_SERVER_ERROR"],
    ["an internal error", 500, problem("serverInternal"), {}, "ACME_SERVER_ERROR"],
    ["HTML in place of a problem", 403, "<html>blocked</html>", {}, "ACME_REFUSED"],
    ["a limit without a word", 429, "", {}, "ACME_RATE_LIMITED"],
    ["a changed agreement", 403, problem("userActionRequired"), {}, "ACME_TERMS_CHANGED"],
    ["an account that is gone", 400, problem("accountDoesNotExist"), {}, "ACME_ACCOUNT_MISSING"],
    ["a missing binding", 403, problem("externalAccountRequired"), {}, "ACME_BINDING_REQUIRED"],
    ["an unknown profile", 400, problem("invalidProfile"), {}, "ACME_PROFILE_UNKNOWN"],
    ["a certificate that was replaced before", 409, problem("alreadyReplaced"), {}, "ACME_ALREADY_REPLACED"],
    ["a type of the future", 400, problem("neverHeardOf"), {}, "ACME_REFUSED"],
  ])("of %s has a code of its own", (_, status, body, headers, code) => {
    expect(refuse(status, body, headers)).toMatchObject({ code, remedy: expect.any(String) as string });
  });

  it("cannot write to the operator's terminal", () => {
    const error = refuse(400, problem("malformed", { detail: "\u001b[2Jgone\r\n\u202Eevil" }));
    expect(error.message).toBe("ca.example refused: [2Jgone evil [malformed]");
  });

  it("of a document with wrong types is a refusal without an explanation", () => {
    expect(refuse(400, { type: 7, detail: [] }).message).toBe("ca.example refused: status 400 and no explanation");
  });
});
