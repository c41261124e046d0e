import { describe, expect, it } from "vitest";
import { normalSerial, randomSerial } from "./serial.ts";

describe("normalSerial", () => {
  it.each(["4A:0B:FF", "0x4a0bff", "4a 0b ff", "4A-0B-FF", " 004A0BFF\n", "0X4a0BfF"])("reads %j", (text) => {
    expect(normalSerial(text)).toBe("4A0BFF");
  });

  it("writes whole bytes, as OpenSSL does", () => {
    expect([normalSerial("0"), normalSerial("1"), normalSerial("abc")]).toEqual(["00", "01", "0ABC"]);
  });

  it.each(["", "0x", "office@ecs.example", "4A0G", "4A;0B"])("takes %j for no serial", (text) => {
    expect(normalSerial(text)).toBeUndefined();
  });
});

describe("randomSerial", () => {
  it("is positive, never the same, and always as long", () => {
    const serials = new Set(Array.from({ length: 1000 }, randomSerial));
    expect(serials.size).toBe(1000);
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/);
  });
});
