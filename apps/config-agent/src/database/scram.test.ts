import { expect, it } from "vitest";
import { scramMatches, scramVerifier } from "./scram.ts";

/** The salt and password of the example in RFC 7677, section 3, as PostgreSQL stores them. */
const FROM_POSTGRESQL =
  "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

it("knows the password of a verifier", () => {
  expect(scramMatches(FROM_POSTGRESQL, "pencil")).toBe(true);
  expect(scramMatches(FROM_POSTGRESQL, "pencils")).toBe(false);
});

it("makes another verifier of the same password each time, and knows each of them", () => {
  const [one, two] = [scramVerifier("s3cret"), scramVerifier("s3cret")];
  expect(one).not.toBe(two);
  expect(scramMatches(one, "s3cret") && scramMatches(two, "s3cret")).toBe(true);
});

it.each([null, "", "md5d41d8cd98f00b204e9800998ecf8427e", "SCRAM-SHA-256$4096:salt"])(
  "finds no match in %s",
  (verifier) => {
    expect(scramMatches(verifier, "s3cret")).toBe(false);
  },
);
