import type { Command } from "commander";
import type { CreateOptions } from "./env-create/create-env.ts";
import type { Context } from "./context.ts";

type Terminal = Pick<Context, "terminal">;

/** Commands on env.yml files that need no service: `env create`, `check`, `diff` and `sample`. */
export function addEnvFiles(env: Command, context: Terminal, exit: (code: number) => void): void {
  env
    .command("create")
    .argument("<domain>", "the name under which the server is reached")
    .argument("<file>", "where the new file goes, such as /app/env.yml")
    .description("make an env.yml with fresh secrets, every setting explained")
    .option("--extra <file>", "own values, as YAML, that go over those of the template")
    .option("--template <file>", "another template; docs/cli.md has its notation")
    .option("--sample", "for the built-in application, to try the appliance", false)
    .option("--force", "write over a file that is there, with all its secrets", false)
    .addHelpText("after", "\nExample:\n  appliance env create ecs.example.org /app/env.yml")
    .action(async (domain: string, file: string, options: CreateOptions) => {
      const { createEnvFile } = await import("./commands/env-create.ts");
      await createEnvFile(domain, file, options, context);
    });
  env
    .command("check")
    .argument("<file>")
    .description("say everything that is wrong with an env.yml, and what could be better")
    .option("--json", "for machines", false)
    .addHelpText("after", "\nExample:\n  appliance env check /app/env.yml")
    .action(async (file: string, options: { json: boolean }) => {
      const { checkEnv } = await import("./commands/env.ts");
      exit(checkEnv(file, options, context));
    });
  env
    .command("diff")
    .argument("<before>")
    .argument("<after>")
    .description("show the settings that differ between two env.yml, without secrets")
    .option("--json", "for machines", false)
    .addHelpText(
      "after",
      "\nExit codes: 0 nothing differs, 1 something does, 2 a file cannot be read.\n\nExample:\n  appliance env diff /run/active-env.yml /app/env.yml",
    )
    .action(async (before: string, after: string, options: { json: boolean }) => {
      const { diffEnv } = await import("./commands/env-diff.ts");
      exit(diffEnv(before, after, options, context));
    });
  env
    .command("sample")
    .description("print an env.yml with fresh secrets for the built-in application")
    .option("--domain <name>", "the public name of the host", "localhost")
    .action(async ({ domain }: { domain: string }) => {
      const { printSampleEnv } = await import("./commands/env-create.ts");
      await printSampleEnv(domain, context);
    });
}

/** `appliance commissions`. */
export function addCommissions(program: Command, context: Terminal, exit: (code: number) => void): void {
  program
    .command("commissions")
    .argument("[search...]", "words of its name, or its UUID; all without one")
    .description("list the ethics commissions and their UUIDs")
    .option("--json", "for machines", false)
    .addHelpText("after", "\nExample:\n  appliance commissions graz")
    .action(async (search: string[], options: { json: boolean }) => {
      const { listCommissions } = await import("./commands/commissions.ts");
      exit(listCommissions(search.join(" "), options, context));
    });
}
