import { OperatorError } from "@appliance/errors";
import { Argument, type Command } from "commander";
import type { Context } from "./context.ts";

/** `appliance user`: what the manual has for users, done by the application, which knows them. */
export function addUser(program: Command, context: Context, exit: (code: number) => void): void {
  const user = program.command("user").description("the users of the application");
  user
    .command("create-internal")
    .argument("<email>", "", parseEmail)
    .argument("<first>", "first name")
    .argument("<last>", "last name")
    .addArgument(new Argument("<f|m>", "f for female, m for male").choices(["f", "m"]))
    .description("make a user of the office; a mail tells how to choose a password")
    .addHelpText("after", '\nExample:\n  appliance user create-internal ada@example.org "Ada" "Lovelace" f')
    .action(async (email: string, first: string, last: string, gender: string) => {
      const { runOperation } = await import("./commands/operation.ts");
      exit(await runOperation("create-internal-user", [email, first, last, gender], context));
    });
  user
    .command("disable-test")
    .description("close the accounts of all test users")
    .action(async () => {
      const { runOperation } = await import("./commands/operation.ts");
      exit(await runOperation("disable-test-user", [], context));
    });
}

/** The application decides what it takes for an address; what is none at all is told here, by its name. */
function parseEmail(given: string): string {
  if (/^[^@\s]+@[^@\s]+$/.test(given)) return given;
  throw new OperatorError("USAGE", `${given} is no e-mail address.`, {
    remedy: "Give one such as ada@example.org.",
  });
}
