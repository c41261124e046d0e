import type { Command } from "commander";
import type { PackageOptions } from "./commands/env-package.ts";
import type { UnpackageOptions } from "./commands/env-unpackage.ts";
import type { Context } from "./context.ts";

/** `env package` and `env unpackage`: out of the machine, and back. They need no service, and no root. */
export function addEscrow(env: Command, context: Pick<Context, "backupAgent" | "installation" | "terminal">): void {
  env
    .command("package")
    .argument(
      "[file]",
      "an env.yml, with gpgkeys.txt, emailto.txt, meta-data.custom and vendor-data beside it if need be",
    )
    .description("make paper, a seed image and an encrypted archive of an env.yml")
    .option("--out <folder>", "for the results; the folder of the file without it")
    .option("--gpgkeys <file>", "public keys that the archive is encrypted to")
    .option("--emailto <file>", "addresses that the archive is mailed to, one on each line")
    .option("--smtp-url-file <file>", "with the one line smtps://USER:PASSWORD@HOST; - is standard input")
    .option("--requirements", "of old scripts; nothing needs to be installed", false)
    .addHelpText("after", "\nExample:\n  appliance env package /app/env.yml --out /root/escrow")
    .action(async (file: string | undefined, options: PackageOptions) => {
      const { packageEnvFile } = await import("./commands/env-package.ts");
      await packageEnvFile(file, options, context);
    });
  env
    .command("unpackage")
    .argument(
      "<source>",
      "the PDF, an image or a folder of images of its pages, the ISO, the archive; - is standard input",
    )
    .description("make an env.yml again from any part of its package")
    .option("--out <file>", "where to write it", "env.yml")
    .option("--id <digits>", "which file, when the pages of several are there")
    .option("--force", "overwrite a file that is there", false)
    .addHelpText("after", "\nExample:\n  appliance env unpackage scans/ --out env.yml")
    .action(async (source: string, options: UnpackageOptions) => {
      const { unpackageEnvFile } = await import("./commands/env-unpackage.ts");
      await unpackageEnvFile(source, options, context);
    });
}
