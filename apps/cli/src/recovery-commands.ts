import type { Command } from "commander";
import type { RecoverOptions } from "./commands/recover.ts";
import type { Context } from "./context.ts";

type Exit = (code: number) => void;

/** What makes another host the live one: from a backup, or out of standby. */
export function addRecovery(program: Command, context: Context, exit: Exit): void {
  program
    .command("recover")
    .description("bring documents and database of a backup back onto this bare host, and start it")
    .option("--yes-i-am-sure", "do it; without this, only say what would be done", false)
    .option("--only-restore", "start no application afterwards", false)
    .option("--at <time>", "the last backup until then: 2026-11-20, '2026-11-20 12:30' or a time as it is listed")
    .option("--target <name>", "from this target; the first that answers and holds a backup without it")
    .option("--json", "for machines", false)
    .addHelpText(
      "after",
      "\nInterrupted by whatever, it goes on by itself; failed, the same command goes on. See docs/recovery.md.",
    )
    .action(async (options: RecoverOptions) => {
      const { recover } = await import("./commands/recover.ts");
      exit(await recover(options, context));
    });
  program
    .command("activate")
    .description("make this host in standby the live one: standby: false in its env.yml, and start")
    .option("--json", "for machines", false)
    .action(async (options: { json: boolean }) => {
      const { activate } = await import("./commands/activate.ts");
      await activate(options, context);
    });
}
