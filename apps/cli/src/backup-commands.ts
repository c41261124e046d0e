import type { Command } from "commander";
import type { RunOptions } from "./commands/backup-run.ts";
import type { Context } from "./context.ts";

type Exit = (code: number) => void;

const ONE_TARGET = [
  "--target <name>",
  "at this target alone; the name as in env.yml, main for appliance:backup:url",
] as const;
const FROM_TARGET = ["--target <name>", "from this target; the first that answers without it"] as const;
const AT = [
  "--at <time>",
  "the last backup until then: 2026-11-20, '2026-11-20 12:30' or a time as it is listed",
] as const;
const JSON_OUTPUT = ["--json", "for machines", false] as const;

/** `appliance backup`: making, proving and reading backups. */
export function addBackup(program: Command, context: Context, exit: Exit): void {
  const backup = program.command("backup").description("backups: make, prove, list and restore them");
  addMaking(backup, context, exit);
  addInsight(backup, context, exit);
  addRestore(backup, context);
  addEscrow(backup, context, exit);
}

function addMaking(backup: Command, context: Context, exit: Exit): void {
  backup
    .command("run")
    .description("back up now")
    .option("--full", "everything anew, independent of what is stored; also where a target lost all it held", false)
    .option("--accept-loss", "what is gone since the last backup is meant to be gone", false)
    .option(...ONE_TARGET)
    .option(...JSON_OUTPUT)
    .addHelpText("after", "\nExit code 1: at a target nothing was saved, or not everything.")
    .action(async (options: RunOptions) => {
      const { runBackup } = await import("./commands/backup-run.ts");
      exit(await runBackup(options, context));
    });
  backup
    .command("verify")
    .description("look whether everything stored is there, and read the part that is due")
    .option("--everything", "read all that is stored now", false)
    .option(...ONE_TARGET)
    .option(...JSON_OUTPUT)
    .addHelpText("after", "\nExit code 1: something is missing or damaged, or a target does not answer.")
    .action(async (options: { everything: boolean; target?: string; json: boolean }) => {
      const { verifyBackup } = await import("./commands/backup-proof.ts");
      exit(await verifyBackup(options, context));
    });
  backup
    .command("drill")
    .description("restore the last backup into a scratch place, compare all of it, and throw it away")
    .option(...ONE_TARGET)
    .option(...JSON_OUTPUT)
    .addHelpText("after", "\nExit code 1: what was restored is not what was saved, or could not be restored.")
    .action(async (options: { target?: string; json: boolean }) => {
      const { drillBackup } = await import("./commands/backup-proof.ts");
      exit(await drillBackup(options, context));
    });
  backup
    .command("unlock")
    .description("break locks that dead runs of this host left at a target")
    .option(...ONE_TARGET)
    .option(...JSON_OUTPUT)
    .action(async (options: { target?: string; json: boolean }) => {
      const { unlockBackup } = await import("./commands/backup-unlock.ts");
      exit(await unlockBackup(options, context));
    });
}

function addInsight(backup: Command, context: Context, exit: Exit): void {
  backup
    .command("status")
    .description("what is saved where, how old it is, and what was proven; asks no target")
    .option(...JSON_OUTPUT)
    .addHelpText("after", "\nExit code 1: something needs a hand.")
    .action(async (options: { json: boolean }) => {
      const { backupStatus } = await import("./commands/backup-status.ts");
      exit(await backupStatus(options, context));
    });
  backup
    .command("list")
    .description("the backups that can be restored")
    .option(...ONE_TARGET)
    .option(...JSON_OUTPUT)
    .action(async (options: { target?: string; json: boolean }) => {
      const { listBackups } = await import("./commands/backup-list.ts");
      exit(await listBackups(options, context));
    });
  backup
    .command("show")
    .argument("[path]", "only what is below it, such as ecs-storage-vault/2026")
    .description("the files in a backup")
    .option(...AT)
    .option(...FROM_TARGET)
    .option("--json", "one line of JSON for each file", false)
    .action(async (path: string | undefined, options: { at?: string; target?: string; json: boolean }) => {
      const { showBackup } = await import("./commands/backup-list.ts");
      await showBackup(path, options, context);
    });
}

function addRestore(backup: Command, context: Context): void {
  backup
    .command("restore")
    .argument("<path...>", "as `appliance backup show` lists them, such as ecs-storage-vault/2026")
    .description("put files of a backup into a folder; nothing that runs is changed")
    .requiredOption("--to <folder>", "a folder that is empty or not there yet")
    .option(...AT)
    .option(...FROM_TARGET)
    .option(...JSON_OUTPUT)
    .addHelpText("after", "\nExample:\n  appliance backup restore etc/hooks --to /root/hooks --at 2026-11-20")
    .action(async (paths: string[], options: { to: string; at?: string; target?: string; json: boolean }) => {
      const { restoreFromBackup } = await import("./commands/backup-restore.ts");
      await restoreFromBackup(paths, options, context);
    });
  backup
    .command("latest-dump")
    .argument("<file>", "where it goes, such as /root/ecs.pgdump.gz")
    .description("get the database dump of the last backup, for gunzip and pg_restore")
    .option(...AT)
    .option(...FROM_TARGET)
    .option(...JSON_OUTPUT)
    .action(async (file: string, options: { at?: string; target?: string; json: boolean }) => {
      const { latestDump } = await import("./commands/backup-restore.ts");
      await latestDump(file, options, context);
    });
}

function addEscrow(backup: Command, context: Context, exit: Exit): void {
  backup
    .command("prove")
    .argument("<envfile>", "an env.yml, such as the copy from the safe; - is standard input")
    .description("does this env.yml open the backups, and is it the one that they were made with?")
    .option(...JSON_OUTPUT)
    .addHelpText("after", "\nExit code 1: a target does not open with it, or was saved to with another env.yml.")
    .action(async (file: string, options: { json: boolean }) => {
      const { proveEnv } = await import("./commands/backup-prove.ts");
      exit(await proveEnv(file, options, context));
    });
}
