import { describe, expect, it } from "vitest";
import { chosenCommission, findCommissions } from "./index.ts";

describe("the ethics commissions", () => {
  it("are those of the manual, each once", () => {
    const all = findCommissions("");
    expect(new Set(all.map(({ uuid }) => uuid)).size).toBe(31);
    for (const { uuid, name } of all) {
      expect(uuid).toMatch(/^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/); // random UUIDs, RFC 9562 section 5.4
      expect(name).toMatch(/^(Ethik-?[Kk]ommission|Kommission für) ?\S.*[^ -]$/);
    }
    expect(all.filter(({ outOfUse }) => outOfUse).map(({ name }) => name)).toHaveLength(3);
  });

  it.each([
    ["döbling", 1],
    ["DOBLING", 1],
    ["gemass", 3],
    ["graz barmh", 1],
    ["23d805c6", 1],
    ["nirgends", 0],
  ])("are found by '%s'", (search, count) => {
    expect(findCommissions(search)).toHaveLength(count);
  });
});

describe("the commission that is set", () => {
  it("is the last that Python sees", () => {
    const settings = "ETHICS_COMMISSION_UUID = 'a'\n# ETHICS_COMMISSION_UUID = 'c'\nETHICS_COMMISSION_UUID=\"b\" # x\n";
    expect(chosenCommission(settings)).toMatchObject({ uuid: "b", line: 3, commission: undefined });
  });

  it("may be none", () => {
    expect(chosenCommission("DEBUG = False\n")).toBeUndefined();
    expect(chosenCommission("ETHICS_COMMISSION_UUID = env['X']\n")).toBeUndefined();
  });
});
