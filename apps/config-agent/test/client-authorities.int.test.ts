import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clientAuthority, type Authority } from "./support/certificates.ts";
import type { Identity } from "./support/held-connection.ts";
import { startSite, statusOf, type Site } from "./support/site.ts";

/*
 * What nginx makes of an authority of client certificates and its revocation list. cert-agent never publishes what stands
 * under "takes, and then lets nobody in"; this is why it has to look.
 */

let site: Site;
let root: Authority;
let branch: Authority;
let other: Authority;
let people: Record<"ofRoot" | "ofBranch" | "ofBranchWithChain" | "ofOther", Identity>;

beforeAll(async () => {
  site = await startSite();
  root = await clientAuthority("Root CA");
  branch = await clientAuthority("Branch CA", root);
  other = await clientAuthority("Other CA");
  const ofBranch = await branch.issue("branch");
  people = {
    ofRoot: await root.issue("root"),
    ofBranch,
    ofBranchWithChain: { ...ofBranch, cert: ofBranch.cert + branch.certificate },
    ofOther: await other.issue("other"),
  };
  await site.serveTls(await root.files());
});
afterAll(() => site?.remove());

const publish = (authorities: readonly Authority[], lists: readonly string[]) =>
  site.nginx.publishAndWait("tls", {
    ...site.server,
    "client-ca.crt": authorities.map(({ certificate }) => certificate).join(""),
    "client.crl": lists.join(""),
  });

const answerTo = async (person: keyof typeof people) => {
  const { status, body } = await site.https(people[person]);
  return status === 200 ? "let in" : /<h1>(.*)<\/h1>/.exec(body)?.[1];
};
const NOT_ACCEPTED = "Your certificate is not accepted";
const NOT_CHECKED = "Certificates cannot be checked now";

describe("nginx refuses, and goes on with what it had", () => {
  const list = () => root.revocationList();
  it.each([
    ["no authority for a list", async () => ({ "client.crl": await list() }), /client-ca\.crt/],
    ["no list for an authority", async () => ({ "client-ca.crt": root.certificate }), /client\.crl/],
    [
      "an authority that is garbage",
      async () => ({ "client-ca.crt": "garbage", "client.crl": await list() }),
      /client-ca/,
    ],
    ["a list that is garbage", async () => withList("garbage"), /client\.crl/],
    ["a list that is empty", async () => withList(""), /client\.crl/],
    ["a list that was cut off", async () => withList((await list()).slice(0, 200)), /client\.crl/],
    ["a list with a changed byte", async () => withList((await list()).replace(/^(.{40})./m, "$1!")), /client\.crl/],
  ] as const)("%s", async (_what, files, why) => {
    const verdict = await site.nginx.publishAndWait("tls", { ...site.server, ...(await files()) });
    expect(verdict).toMatchObject({ ok: false, error: expect.stringMatching(why) as string });
    expect(await answerTo("ofRoot")).toBe("let in");
  });
  const withList = (text: string) => ({ "client-ca.crt": root.certificate, "client.crl": text });
});

describe("nginx takes", () => {
  it("two authorities with their two lists, in either order", async () => {
    const lists = [await root.revocationList(), await other.revocationList()];
    for (const ordered of [lists, lists.toReversed()]) {
      expect(await publish([root, other], ordered)).toMatchObject({ ok: true });
      expect([await answerTo("ofRoot"), await answerTo("ofOther")]).toEqual(["let in", "let in"]);
    }
  });

  it("an authority below another, when the file has both with their lists", async () => {
    const lists = [await root.revocationList(), await branch.revocationList()];
    expect(await publish([root, branch], lists)).toMatchObject({ ok: true });
    expect([await answerTo("ofRoot"), await answerTo("ofBranch")]).toEqual(["let in", "let in"]);
  });

  it("the authority at the top alone, when the client sends the one between", async () => {
    const lists = [await root.revocationList(), await branch.revocationList()];
    expect(await publish([root], lists)).toMatchObject({ ok: true });
    expect([await answerTo("ofBranchWithChain"), await answerTo("ofBranch")]).toEqual(["let in", NOT_ACCEPTED]);
  });
});

describe("nginx takes, and then lets nobody in who has a certificate", () => {
  const cases: [string, () => Promise<unknown>, keyof typeof people][] = [
    ["an expired list", async () => publish([root], [await root.revocationList({ expired: true })]), "ofRoot"],
    ["a certificate in place of a list", async () => publish([root], [root.certificate]), "ofRoot"],
    ["the list of another authority", async () => publish([root], [await other.revocationList()]), "ofRoot"],
    ["the list of another one of the same name", async () => publish([root], [await namesake()]), "ofRoot"],
    ["no list for one of two", async () => publish([root, other], [await root.revocationList()]), "ofOther"],
    ["no list for the upper one", async () => publish([root, branch], [await branch.revocationList()]), "ofBranch"],
    ["no upper one", async () => publish([branch], [await branch.revocationList()]), "ofBranchWithChain"],
  ];
  const namesake = async () => (await clientAuthority("Root CA")).revocationList();
  it.each(cases)("%s", async (_what, change, person) => {
    expect(await change()).toMatchObject({ ok: true });
    expect(await answerTo(person)).toBe(NOT_CHECKED);
    expect(await statusOf(site.https()), "who sends no certificate").toBe(200);
  });
});
