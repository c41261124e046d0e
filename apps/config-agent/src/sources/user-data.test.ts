import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { judgeUserData, LONGEST } from "./user-data.ts";

const ENV = "#cloud-config\nappliance:\n  domain: clinic.example.org\n";
const judge = (text: string | Uint8Array) => judgeUserData(Buffer.from(text));

describe("user-data that means to be an env.yml", () => {
  it.each([
    ["as it is printed", ENV],
    ["without its first line", "appliance:\n  domain: a.example\n"],
    ["with line ends of Windows and a byte order mark", `\uFEFF${ENV.replaceAll("\n", "\r\n")}`],
    ["in flow style", "#cloud-config\n{appliance: {domain: a.example}}\n"],
    ["with the key misspelt", "#cloud-config\naplliance:\n  domain: a.example\n"],
    ["with the application's settings alone", "#cloud-config\necs:\n  settings: x\n"],
    ["that is no YAML, so that its line is told", "#cloud-config\nappliance:\n\tdomain: a\n"],
  ])("is one %s, right or wrong", async (_what, text) => {
    expect(await judge(text)).toEqual({ kind: "env", text: Buffer.from(text) });
  });

  it("is unpacked when it was packed", async () => {
    expect(await judge(gzipSync(ENV))).toEqual({ kind: "env", text: Buffer.from(ENV) });
  });
});

describe("user-data that is not one", () => {
  it.each([
    ["#!/bin/sh\ncat > /app/env.yml <<EOF\nappliance:\nEOF\n", "script"],
    ["#include\nhttps://example.org/x\n", "for cloud-init"],
    ["#cloud-boothook\nappliance:\n", "for cloud-init"],
    ["## template: jinja\n#cloud-config\nappliance:\n", "template"],
    ["Content-Type: multipart/mixed; boundary=x\n\n--x\nappliance:\n", "MIME"],
    ["MIME-Version: 1.0\n", "MIME"],
    ["#cloud-config\nusers: [default]\npackages: [vim]\n", "without the key appliance"],
    ["#cloud-config\n", "without the key appliance"],
  ])("is cloud-init's own: %j", async (text, why) => {
    expect(await judge(text)).toEqual({ kind: "foreign", why: expect.stringContaining(why) });
  });

  it.each(["", "\n \n", gzipSync("")])("is empty: %j", async (text) => {
    expect((await judge(text)).kind).toBe("empty");
  });

  it.each([
    ["words", "hello"],
    ["settings of something else", "version: 2\nethernets: {}\n"],
    ["bytes", Buffer.from([0, 1, 2, 0xff, 0xfe])],
    ["packed data that was cut off", gzipSync(ENV).subarray(0, 30)],
    ["packed data that is damaged", Buffer.from([0x1f, 0x8b, 1, 2, 3])],
  ])("is broken when it is %s", async (_what, text) => {
    expect((await judge(text)).kind).toBe("broken");
  });

  it("is too long, packed or not, and a bomb is not unpacked to its end", async () => {
    const bomb = gzipSync(Buffer.alloc(200 * LONGEST));
    expect(bomb.length).toBeLessThan(LONGEST);
    expect(await judge(bomb)).toEqual({ kind: "broken", why: "is longer than 256 KiB once unpacked" });
    expect(await judge(`${ENV}#${"x".repeat(LONGEST)}`)).toEqual({ kind: "broken", why: "is longer than 256 KiB" });
  });
});
