import { expect, it } from "vitest";
import { nothingSaved } from "./nothing-saved.ts";

const FULL = { code: "BACKUP_TARGET_FULL", message: "The disk is full.", remedy: "Free space there." };
const AWAY = { code: "BACKUP_TARGET_UNREACHABLE", message: "The server is away.", remedy: "Check the network." };

it("is the failure of the only target, and a line for each of several", () => {
  expect(nothingSaved([{ target: "near", failure: FULL }])).toMatchObject(FULL);
  const several = [
    { target: "near", failure: FULL },
    { target: "vault", failure: AWAY },
  ];
  expect(nothingSaved(several)).toMatchObject({
    code: "BACKUP_NOTHING_SAVED",
    message: [
      "No target could take the backup.",
      "near: The disk is full. (BACKUP_TARGET_FULL)",
      "vault: The server is away. (BACKUP_TARGET_UNREACHABLE)",
    ].join("\n"),
    remedy: "near: Free space there.\nvault: Check the network.",
  });
});
