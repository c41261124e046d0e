import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { execFileSync } from "node:child_process";
import { OperatorError } from "@appliance/errors";
import type { ClientRequest } from "./index.ts";
import { createFixture, request, signal, type Fixture } from "./testing/fixture.ts";

let fixture: Fixture;
beforeAll(async () => {
  fixture = await createFixture();
  await fixture.authority.ensure({}, signal);
});
afterAll(() => fixture.remove());

/** Names that a person may have, or type, and what would be syntax to openssl, a shell or a path; each with an address. */
const CARRIED: [name: string, email: string][] = [
  ['O\'Brien / Müller + "the" office, 50 % = #1; @home', "o'brien@ecs.example"],
  ["/CN=root/emailAddress=root@ecs.example+O=x", "a+b=c/d#e$f@ecs.example"],
  ["#comment \\", "a@b"],
  ["$ENV::HOME ${name} $(id) `id` <script>{{7*7}}</script> %n%s", "{a|b}~`c`!^?*&%@ecs.example"],
  ["email:copy,DNS:ecs.example", "x@xn--bcher-kva.example"],
  ["..", "a-subj@ecs.example"],
  ["-subj", "a.b.c@ecs.example"],
  ["../../株式会社 Ω 🐙 e\u0301", "OFFICE@ECS.example"],
  ["🐙".repeat(64), `${"x".repeat(64)}@${"y".repeat(55)}.example`],
];

const REFUSED = [
  "",
  " ",
  " before",
  "after ",
  "two\nlines",
  "carriage\rreturn",
  "tab\tinside",
  "null\0byte",
  "bell\u0007",
  "c1\u0085",
  "right\u202Eto left",
  "isolate\u2066d",
  "zero\u200Bwidth",
  "bom\uFEFF",
  "line\u2028separator",
  "half \uD83D",
  "x".repeat(65),
  "x".repeat(1000),
];

const REFUSED_ADDRESSES = [
  "",
  "@",
  "a",
  "a@",
  "@b",
  "a@b@c",
  "a..b@ecs.example",
  "-subj@ecs.example",
  ".a@ecs.example",
  "a@-b.example",
  "a@b..example",
  '"a b"@ecs.example',
  "a\\@b@ecs.example",
  "a\n@ecs.example",
  "a@ecs.example\nDNS:root",
  "a@ecs.example,DNS:root",
  "a@[127.0.0.1]",
  "ü@ecs.example",
  "a@bücher.example",
  "a\u202E@ecs.example",
  "a\0@ecs.example",
  `${"x".repeat(65)}@ecs.example`,
  `a@${"x.".repeat(70)}example`,
  "x".repeat(1000),
];

const issue = (changes: Partial<ClientRequest>) => fixture.authority.issue(request(changes), signal);

describe("a name and an address", () => {
  it.each(CARRIED)("%j of %j are in the certificate exactly as given, and nothing else is", async (name, email) => {
    const { certificate, pkcs12, password } = await issue({ name, email });
    expect(certificate).toMatchObject({ name, email });
    expect((await fixture.authority.list())[0]).toEqual(certificate);
    expect(subjectOf(pkcs12, password)).toEqual([`commonName=${name}`, `emailAddress=${email}`]);
  });

  it.each(REFUSED)("the name %j is refused before anything is made", async (name) => {
    expect(await refusalOf({ name })).toBe("CLIENT_NAME_REFUSED");
  });

  it.each(REFUSED_ADDRESSES)("the address %j is refused before anything is made", async (email) => {
    expect(await refusalOf({ email })).toBe("CLIENT_EMAIL_REFUSED");
  });
});

/** The code; its sentence is short and holds nothing that a terminal could take for more than text. */
async function refusalOf(changes: Partial<ClientRequest>): Promise<string> {
  const before = await fixture.authority.list();
  const error = await issue(changes).catch((thrown: unknown) => thrown);
  if (!(error instanceof OperatorError)) throw new Error("it was not refused");
  expect(error.message).toMatch(/^[\x20-\x7e\u00a1-\u024f…]{1,200}$/);
  expect(await fixture.authority.list()).toEqual(before);
  return error.code;
}

/** The parts of the name, read by openssl from the package. */
function subjectOf(pkcs12: Buffer, password: string): string[] {
  const env = { ...process.env, PASSWORD: password };
  const open = ["pkcs12", "-in", "/dev/fd/0", "-clcerts", "-nokeys", "-passin", "env:PASSWORD"];
  const pem = execFileSync("sh", ["-c", `cat | openssl ${open.join(" ")}`], { input: pkcs12, env, stdio: "pipe" });
  const format = ["-nameopt", "sep_multiline,lname,utf8"];
  const said = execFileSync("openssl", ["x509", "-noout", "-subject", ...format], { input: pem, stdio: "pipe" });
  return said
    .toString()
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => line.trimStart());
}
