import { expect, it } from "vitest";
import { faultMatrix, issueUnder, type MatrixCase } from "./testing/index.ts";

/** One of each kind; the bench runs all 72. */
const SLICE: MatrixCase[] = [
  { nonceReject: 0, authzReuse: 100, chainLength: 1, profile: "classic" },
  { nonceReject: 50, authzReuse: 50, chainLength: 3, profile: "shortlived" },
  { nonceReject: 75, authzReuse: 0, chainLength: 1, profile: "shortlived" },
];

it("has 72 different cases, among them those that are run here", () => {
  const cases = faultMatrix().map((one) => JSON.stringify(one));
  expect(new Set(cases).size).toBe(72);
  expect(cases).toEqual(expect.arrayContaining(SLICE.map((one) => JSON.stringify(one))));
});

it.each(SLICE)(
  "issues with $nonceReject % of the nonces refused, $authzReuse % reuse, a chain of $chainLength, profile $profile",
  async (matrixCase) => {
    const { chains, proven } = await issueUnder(matrixCase, AbortSignal.timeout(55_000));
    for (const { certificates } of chains) {
      expect(certificates[0].subjectAltName).toBe("DNS:a.example, DNS:b.example");
      expect(certificates.length).toBe(matrixCase.chainLength + 1);
    }
    // Two names, twice; those that are valid already are not proven again.
    expect(proven).toBeGreaterThanOrEqual(2);
    expect(proven).toBeLessThanOrEqual(matrixCase.authzReuse === 100 ? 2 : 4);
  },
);
