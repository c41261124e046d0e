import { expect, it } from "vitest";
import { createProgram } from "./program.ts";
import { createTerminal } from "./terminal.ts";

it("names a default in the help where there is something to know, and not of each switch", () => {
  const program = createProgram(createTerminal(process.stdout, process.stderr), () => {});
  const helpOf = (name: string) => program.commands.find((command) => command.name() === name)!.helpInformation();
  expect(helpOf("logs")).toContain('(default: "100")');
  expect(helpOf("logs") + helpOf("apply")).not.toMatch(/default: (false|\[\])/);
});
