import { expect, it } from "vitest";
import { asHostName } from "./host-name.ts";

it.each([
  ["Ecs.Example.ORG", "ecs.example.org"],
  ["ecs.example.org.", "ecs.example.org"],
  ["münchen.example", "xn--mnchen-3ya.example"],
])("takes %s as DNS has it", (written, name) => expect(asHostName(written)).toBe(name));

it.each([
  "",
  ".",
  "a..b",
  "ecs.example.org..",
  "a b",
  "1.2.3.4",
  "-a.example",
  `${"a".repeat(64)}.example`,
  "a;b.example",
])("refuses '%s'", (written) => expect(() => asHostName(written)).toThrow(expect.objectContaining({ code: "USAGE" })));
