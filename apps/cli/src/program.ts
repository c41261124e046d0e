import { Command, Help, type Option } from "commander";
import { createApi } from "./api.ts";
import { createCompose } from "./compose.ts";
import type { DnsOptions } from "./commands/dns.ts";
import type { Context } from "./context.ts";
import { addBackup } from "./backup-commands.ts";
import { addCert } from "./cert-commands.ts";
import { addCommissions, addEnvFiles } from "./env-commands.ts";
import { addEscrow } from "./escrow-commands.ts";
import { findInstallation, readToken, type Agent } from "./installation.ts";
import { addRecovery } from "./recovery-commands.ts";
import type { Terminal } from "./terminal.ts";
import { addUser } from "./user-commands.ts";

/**
 * The whole command line. `exit` is told the exit code of a command that has more to say than that it ended well. Each command
 * imports its own part when it is called: reading the parts of all others would take longer than most commands.
 */
export function createProgram(terminal: Terminal, exit: (code: number) => void): Command {
  const context = createContext(terminal);
  const program = new Command("appliance")
    .description("Configures, starts and watches this server from its env.yml.")
    .exitOverride()
    .showHelpAfterError("(see: appliance help)")
    .configureHelp({ optionDescription })
    .addHelpText("after", GENERAL_HELP);
  addLifecycle(program, context, exit);
  addEnv(program, context, exit);
  addCert(program, context, exit);
  addBackup(program, context, exit);
  addRecovery(program, context, exit);
  addUser(program, context, exit);
  addInsight(program, context, exit);
  addPlanning(program, context, exit);
  addCommissions(program, context, exit);
  return program;
}

/** That a switch is off and a list empty until they are given needs no words. */
function optionDescription(option: Option): string {
  return typeof option.defaultValue === "string" ? new Help().optionDescription(option) : option.description;
}

const GENERAL_HELP = `
Examples:
  appliance status --watch       watch it start
  appliance apply --dry-run      what would a changed env.yml do?
  appliance apply                do it

Exit codes: 0 well, 1 failed, 2 wrongly written, 3 not ready (status), 4 no agent answers.`;

function createContext(terminal: Terminal): Context {
  const installation = findInstallation(process.env);
  const apiOf = (agent: Agent) => createApi(agent, installation.agents[agent], () => readToken(installation, agent));
  return {
    installation,
    api: apiOf("config-agent"),
    updateAgent: apiOf("update-agent"),
    certAgent: apiOf("cert-agent"),
    backupAgent: apiOf("backup-agent"),
    compose: createCompose(installation),
    terminal,
  };
}

function addLifecycle(program: Command, context: Context, exit: (code: number) => void): void {
  program
    .command("status")
    .description("what the appliance is doing, and each container")
    .option("--watch", "again at each change, until the application is in service", false)
    .option("--json", "for machines", false)
    .action(async (options: { watch: boolean; json: boolean }) => {
      const { status } = await import("./commands/status.ts");
      exit(await status(options, context));
    });
  program
    .command("apply")
    .description("make the running appliance what env.yml says")
    .option("--dry-run", "only show what would change, restart and be down", false)
    .option("--force-storage <device...>", "let the storage setup destroy what these devices carry", [])
    .option("--json", "for machines", false)
    .action(async (options: { dryRun: boolean; json: boolean; forceStorage: string[] }) => {
      const { apply } = await import("./commands/apply.ts");
      await apply({ ...options, start: false }, context);
    });
  program
    .command("start")
    .description("start everything that is not running, from nothing if need be")
    .option("--boot", "as the host starts: what was stopped stays stopped, what failed stays failed", false)
    .option("--json", "for machines", false)
    .action(async (options: { json: boolean; boot: boolean }) => {
      const { start } = await import("./commands/start-stop.ts");
      await start(options, context);
    });
  program
    .command("stop")
    .description("stop the application; a page says so, also after a reboot")
    .option("--all", "the agents and the page too", false)
    .action(async (options: { all: boolean }) => {
      const { stop } = await import("./commands/start-stop.ts");
      await stop(options, context);
    });
  program
    .command("restart")
    .description("stop the application and start it with the present env.yml")
    .action(async () => {
      const { start, stop } = await import("./commands/start-stop.ts");
      await stop({ all: false }, context);
      await start({ json: false, boot: false }, context);
    });
  const database = program.command("database").description("the application's database");
  database
    .command("create")
    .description("create the empty database of a new appliance")
    .action(async () => {
      const { createDatabase } = await import("./commands/database.ts");
      await createDatabase(context);
    });
}

function addEnv(program: Command, context: Context, exit: (code: number) => void): void {
  const env = program.command("env").description("the file env.yml");
  addEnvFiles(env, context, exit);
  addEscrow(env, context);
  env
    .command("update")
    .description("find env.yml, check it and make it the active one, /run/active-env.yml; needs config-agent")
    .option("--json", "for machines", false)
    .addHelpText("after", "\nNothing is started or changed by it: `appliance apply` carries out what the file says.")
    .action(async (options: { json: boolean }) => {
      const { updateEnv } = await import("./commands/env-update.ts");
      await updateEnv(options, context);
    });
  env
    .command("flatten")
    .argument("[keys]", "trees to print, separated by commas; . is all of it")
    .description("print env.yml from standard input as KEY=value lines for a shell")
    .option("--prefix <text>")
    .option("--postfix <text>")
    .option("--combine <text>")
    .option("--assign <text>")
    .option("--file <path>")
    .addHelpText("after", "\nExample:\n  appliance env flatten appliance,ecs < /app/env.yml");
}

function addInsight(program: Command, context: Context, exit: (code: number) => void): void {
  program
    .command("logs")
    .argument("[services...]", "such as config-agent, nginx, ecs.web; all without one")
    .description("what the containers wrote; needs no agent")
    .option("-f, --follow", "go on as more is written", false)
    .option("--tail <lines>", "how many lines of each", "100")
    .option("--since <time>", "only what is newer, such as 10m")
    .action(async (services: string[], options: { follow: boolean; tail: string; since?: string }) => {
      const { logs } = await import("./commands/logs.ts");
      await logs(services, options, context);
    });
  const failed = program.command("failed").description("why the appliance failed, and taking that back");
  failed
    .command("show", { isDefault: true })
    .description("show the failure")
    .action(async () => {
      const { showFailed } = await import("./commands/failed.ts");
      exit(showFailed(context));
    });
  failed
    .command("clear")
    .description("let the appliance start again")
    .action(async () => {
      const { clearFailed } = await import("./commands/failed.ts");
      clearFailed(context);
    });
  program
    .command("jobs")
    .description("the last work that was asked for")
    .option("--json", "for machines", false)
    .action(async (options: { json: boolean }) => {
      const { listJobs } = await import("./commands/jobs.ts");
      await listJobs(options, context);
    });
}

function addPlanning(program: Command, context: Context, exit: (code: number) => void): void {
  program
    .command("dns")
    .argument("[file]", "an env.yml; the one of this host without it")
    .description("print the DNS records that env.yml's domain needs; needs no service")
    .option("--check", "ask DNS for each of them, and say what is missing or different", false)
    .option("--resolver <address[:port]>", "ask this one instead of the system's")
    .option("--address <ip>", "the public IPv4 address of the server")
    .option("--zone <name>", "write names as seen from this zone")
    .option("--json", "for machines", false)
    .addHelpText(
      "after",
      "\nExit code 1: a record is missing or different, or DNS did not answer.\n\nExample:\n  appliance dns env.yml --check --address 1.2.3.4",
    )
    .action(async (file: string | undefined, options: DnsOptions) => {
      const { dns } = await import("./commands/dns.ts");
      exit(await dns(file, options, context));
    });
  program
    .command("assess")
    .description("say how many cores and how much memory and disk the server needs")
    .requiredOption("--studies-per-month <number>", "studies that are handed in each month")
    .option("--years <number>", "for how long", "10")
    .option("--json", "for machines", false)
    .addHelpText("after", "\nExample:\n  appliance assess --studies-per-month 40")
    .action(async (options: { studiesPerMonth: string; years: string; json: boolean }) => {
      const { assessCommand } = await import("./commands/assess.ts");
      assessCommand(options, context);
    });
}
