import * as z from "zod";
import { listOf, mappingOf, text } from "./compose-shapes.ts";

/** A named one-off operation. */
export interface Operation {
  service: string;
  /** The whole command line. */
  command: readonly string[];
  /** A pattern for each argument that a caller adds. */
  arguments: readonly string[];
  /** Whether what it prints is to be read once, by who asked for it, and to be found nowhere else. */
  secretOutput: boolean;
}

/** Hands out certificates for users, and prints the password that opens what it made. */
const ISSUES_CERTIFICATES = "create-client-certificate";

/** A misspelt key is an error: `secret_output` would put a password where everybody reads it. */
const OperationDeclaration = z
  .strictObject({
    service: z.string(),
    command: z.array(text).min(1),
    arguments: listOf(text.refine(isPattern, "is no regular expression")),
    "secret-output": z.boolean().default(false),
  })
  .transform(({ "secret-output": secretOutput, ...operation }): Operation => ({ ...operation, secretOutput }));

/** The block x-appliance of a group's compose file: what the group can be asked for, and what it does by itself. */
export const Declaration = z
  .strictObject({
    /** Who signs the certificates of users: the application, with its own pages for that, or the appliance. */
    "client-authority": z.enum(["application", "appliance"]).default("appliance"),
    operations: mappingOf(OperationDeclaration),
  })
  .check(({ value, issues }) => {
    const issuing = value.operations[ISSUES_CERTIFICATES];
    if (!issuing) return;
    const refuse = (message: string) =>
      issues.push({ code: "custom", message, input: value, path: ["operations", ISSUES_CERTIFICATES] });
    if (value["client-authority"] === "appliance") refuse("is for an application with client-authority: application");
    if (!issuing.secretOutput) refuse("prints a password and has to declare secret-output: true");
  });

function isPattern(pattern: string): boolean {
  try {
    return Boolean(new RegExp(pattern, "u"));
  } catch {
    return false;
  }
}
