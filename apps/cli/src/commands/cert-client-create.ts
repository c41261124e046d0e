import { basename } from "node:path";
import { text } from "node:stream/consumers";
import { OperatorError } from "@appliance/errors";
import { CertificatesAnswer, ClientPackage, IssueResult, type ClientCertificate } from "../cert-shapes.ts";
import type { Context } from "../context.ts";
import type { MailServer } from "../escrow/mail-settings.ts";
import { EXIT } from "../exit-codes.ts";
import { followJob } from "../follow-job.ts";
import { makePrivateFile } from "../new-private-file.ts";
import { readInput } from "../read-input.ts";
import { formatTime } from "../terminal.ts";
import { runOperation } from "./operation.ts";

/** What is asked for, as the command line has it. */
export interface ClientOrder {
  email: string;
  name: string;
  days: string;
}

export interface CreateClientOptions {
  /** With the older encryption that old systems read. */
  compat: boolean;
  /** Where the file goes; NAME.p12 in the working folder without it. */
  out?: string;
  /** Mails the file to its owner. */
  mail: boolean;
  smtpUrlFile?: string;
  json: boolean;
}

type CreateContext = Pick<Context, "certAgent" | "updateAgent" | "terminal">;

/**
 * `appliance cert client create`: key and certificate of a user as a PKCS#12 file, and the password that opens it, shown once.
 * Where the application signs certificates itself, it is asked to make one. @returns the exit code
 */
export async function createClientCertificate(
  order: ClientOrder,
  options: CreateClientOptions,
  context: CreateContext,
): Promise<number> {
  const days = parseDays(order.days);
  if (order.name.trim() === "") throw usage("The certificate has no name.", "Give one such as office-pc.");
  const mailServer = await readMailServer(options);
  const { host, clients } = CertificatesAnswer.parse(await context.certAgent.get("/certificates"));
  if (clients.owner === "application") return await createByApplication(order, options, context);
  const file = options.out ?? fileNameOf(order);
  const made = await issueInto(file, { ...order, days, compat: options.compat }, context);
  show(made, options.json, context.terminal);
  if (mailServer) await mail(made, host.domain, mailServer, context.terminal.say);
  return EXIT.ok;
}

/** The contract refuses other numbers too; here it is said in the words of the command. */
function parseDays(given: string): number {
  const days = Number(given);
  if (/^\d+$/.test(given) && days >= 1 && days <= 3650) return days;
  throw new OperatorError("USAGE", `${given} is no number of days.`, {
    remedy: "Give a whole number from 1 to 3650, such as 365.",
  });
}

/** Everything that could be wrong about the mail is found before a certificate is made. */
async function readMailServer({ mail: wanted, smtpUrlFile }: CreateClientOptions): Promise<MailServer | undefined> {
  if (!wanted && smtpUrlFile === undefined) return undefined;
  if (!wanted) throw usage("A mail server was named, and nothing is to be mailed.", "Add --mail.");
  if (smtpUrlFile === undefined)
    throw usage("There is no mail server.", "Name a file with its URL with --smtp-url-file.");
  const { parseSmtpUrl } = await import("../escrow/mail-settings.ts");
  return parseSmtpUrl(smtpUrlFile === "-" ? await text(process.stdin) : readInput(smtpUrlFile).toString("utf8"));
}

/** The application makes the file, brings it to its owner and prints the password; it knows no options. */
async function createByApplication(
  { email, name, days }: ClientOrder,
  { compat, out, mail: mailed, json }: CreateClientOptions,
  context: CreateContext,
): Promise<number> {
  if (compat || out !== undefined || mailed || json)
    throw usage(
      "The application signs certificates of users itself, and brings the file to its owner.",
      "Leave out --compat, --out, --mail and --json.",
    );
  return await runOperation("create-client-certificate", [email, name, days], context);
}

function usage(what: string, remedy: string): OperatorError {
  return new OperatorError("USAGE", what, { remedy });
}

/** The name without what a shell or a file system takes for something else, or the address where nothing of it is left. */
function fileNameOf({ email, name }: ClientOrder): string {
  const safe = (label: string) => label.replace(/[^A-Za-z0-9@._-]+/g, "-").replace(/^[.-]+|-+$/g, "");
  return `${safe(name) || safe(email) || "certificate"}.p12`;
}

interface Made {
  file: string;
  bytes: Buffer;
  password: string;
  certificate: ClientCertificate;
}

async function issueInto(
  file: string,
  order: { email: string; name: string; days: number; compat: boolean },
  { certAgent, terminal }: CreateContext,
): Promise<Made> {
  let certificate: ClientCertificate | undefined;
  let password = "";
  const bytes = await makePrivateFile(file, async () => {
    const request = { queue: "cert", name: "client.issue", data: { requestedBy: "cli", ...order } };
    certificate = IssueResult.parse(await followJob(certAgent, request, terminal.say)).certificate;
    const fetched = ClientPackage.parse(await certAgent.get(`/client-certificates/${certificate.serial}/package`));
    password = fetched.password;
    return Buffer.from(fetched.pkcs12, "base64");
  }).catch((cause: unknown) => {
    throw certificate ? lost(certificate, file, cause) : cause;
  });
  return { file, bytes, password, certificate: certificate! };
}

/** The agent hands a package out once, so that it cannot be had again. */
function lost({ serial }: ClientCertificate, file: string, cause: unknown): OperatorError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new OperatorError("PACKAGE_LOST", `A certificate was made, but ${file} was not written: ${why}`, {
    remedy: `Run \`appliance cert client revoke ${serial}\`, see to the cause, then create another one.`,
    cause,
  });
}

function show({ file, password, certificate }: Made, json: boolean, { print, say, json: asJson }: Context["terminal"]) {
  if (json) return asJson({ file, password, ...certificate });
  print(`Certificate:         ${file}`);
  print(`Transport password:  ${password}`);
  say(`Serial ${certificate.serial}, valid until ${formatTime(certificate.validUntil)}.`);
  say("The password is shown this once. Tell it to the owner by another way than the file.");
}

async function mail(
  { file, bytes, certificate: { email, validUntil } }: Made,
  domain: string,
  server: MailServer,
  say: (line: string) => void,
): Promise<void> {
  const { sendLetter } = await import("../escrow/mail.ts");
  const name = basename(file);
  const lines = [
    `Attached is ${name}, your certificate for https://${domain}/.`,
    `It is valid until ${formatTime(validUntil)}. You will be told its password in another way.`,
    "",
    "Import the file into your browser, then open the page and choose this certificate.",
  ];
  await sendLetter(
    {
      from: server.user?.includes("@") ? server.user : `root@${domain}`,
      to: [email],
      subject: `Your certificate for ${domain}`,
      text: `${lines.join("\n")}\n`,
      attachment: { name, data: bytes },
    },
    server,
  );
  say(`Mailed to ${email} by ${server.host}.`);
}
