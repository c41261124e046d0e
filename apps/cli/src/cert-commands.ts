import type { Command } from "commander";
import type { CreateClientOptions } from "./commands/cert-client-create.ts";
import type { Context } from "./context.ts";

/** `appliance cert`: the certificate of the host, those of its users, and the authority that signs these. */
export function addCert(program: Command, context: Context, exit: (code: number) => void): void {
  const cert = program.command("cert").description("certificates of the host and of its users");
  cert
    .command("status")
    .description("which certificate is served, until when, and what needs a hand")
    .option("--json", "for machines", false)
    .addHelpText("after", "\nExit code 1: something needs a hand.")
    .action(async (options: { json: boolean }) => {
      const { certStatus } = await import("./commands/cert-status.ts");
      exit(await certStatus(options, context));
    });
  cert
    .command("renew")
    .description("obtain a new certificate now, if one is due")
    .option("--force", "also when none is due; authorities limit how many they give in a week", false)
    .option("--json", "for machines", false)
    .action(async (options: { force: boolean; json: boolean }) => {
      const { renewCertificate } = await import("./commands/cert-renew.ts");
      exit(await renewCertificate(options, context));
    });
  addClient(cert, context, exit);
  addAuthority(cert, context);
}

function addClient(cert: Command, context: Context, exit: (code: number) => void): void {
  const client = cert.command("client").description("certificates that users import into their browsers");
  client
    .command("create")
    .argument("<email>", "whose it is")
    .argument("<name>", "what the browser shows, such as office-pc")
    .argument("[days]", "how long it is valid", "7")
    .description("make a key and a certificate in one file, with a password that is shown once")
    .option("--compat", "with the older encryption that old systems read", false)
    .option("--out <file>", "where the file goes; NAME.p12 in this folder without it")
    .option("--mail", "mail the file, without the password, to EMAIL", false)
    .option("--smtp-url-file <file>", "with the one line smtps://USER:PASSWORD@HOST; - is standard input")
    .option("--json", "for machines", false)
    .addHelpText("after", "\nExample:\n  appliance cert client create ada@example.org office-pc 365")
    .action(async (email: string, name: string, days: string, options: CreateClientOptions) => {
      const { createClientCertificate } = await import("./commands/cert-client-create.ts");
      exit(await createClientCertificate({ email, name, days }, options, context));
    });
  client
    .command("list")
    .description("every certificate that was made for a user")
    .option("--json", "for machines", false)
    .action(async (options: { json: boolean }) => {
      const { listClientCertificates } = await import("./commands/cert-client.ts");
      await listClientCertificates(options, context);
    });
  client
    .command("revoke")
    .argument("<serial|email>", "one certificate, or all of a user")
    .description("refuse a certificate from now on")
    .option("--json", "for machines", false)
    .addHelpText("after", "\nExample:\n  appliance cert client revoke ada@example.org")
    .action(async (which: string, options: { json: boolean }) => {
      const { revokeClientCertificates } = await import("./commands/cert-client.ts");
      await revokeClientCertificates(which, options, context);
    });
  client
    .command("crl")
    .description("publish a fresh list of what was revoked")
    .option("--json", "for machines", false)
    .action(async (options: { json: boolean }) => {
      const { publishRevocations } = await import("./commands/cert-client.ts");
      await publishRevocations(options, context);
    });
}

function addAuthority(cert: Command, context: Context): void {
  const authority = cert.command("ca").description("the authority that signs certificates of users");
  authority
    .command("show", { isDefault: true })
    .description("who signs certificates of users, and until when")
    .option("--json", "for machines", false)
    .action(async (options: { json: boolean }) => {
      const { showAuthority } = await import("./commands/cert-ca.ts");
      await showAuthority(options, context);
    });
  authority
    .command("rollover")
    .description("begin with a new authority; certificates of the old one stay valid until --finish")
    .option("--finish", "refuse the certificates of the old one from now on", false)
    .action(async (options: { finish: boolean }) => {
      const { rollOver } = await import("./commands/cert-ca.ts");
      await rollOver(options, context);
    });
}
