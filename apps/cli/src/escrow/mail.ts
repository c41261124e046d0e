import { getCACertificates } from "node:tls";
import { OperatorError } from "@appliance/errors";
import { createTransport } from "nodemailer";
import type { MailServer } from "./mail-settings.ts";

export interface Letter {
  from: string;
  to: readonly string[];
  subject: string;
  text: string;
  attachment: { name: string; data: Buffer };
}

const TIMEOUT_MS = 30_000;

/**
 * Hands in one letter for all receivers, over TLS with a checked certificate; only to this machine itself also without.
 * @throws OperatorError `MAIL_NOT_SENT`, `MAIL_PARTLY_SENT`
 */
export async function sendLetter(letter: Letter, server: MailServer): Promise<void> {
  const { host, port, implicitTls, user, password } = server;
  const transport = createTransport({
    host,
    port,
    secure: implicitTls,
    requireTLS: !implicitTls && !isThisMachine(host),
    tls: { ca: [...getCACertificates("default"), ...getCACertificates("system")] },
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: 2 * TIMEOUT_MS,
    ...(user === undefined ? {} : { auth: { user, pass: password ?? "" } }),
  });
  const { from, subject, text, attachment } = letter;
  try {
    const attachments = [
      { filename: attachment.name, content: attachment.data, contentType: "application/octet-stream" },
    ];
    const { rejected } = await transport.sendMail({ from, to: [...letter.to], subject, text, attachments });
    if (rejected.length > 0) throw partlySent(rejected.map(String), host);
  } catch (cause) {
    throw cause instanceof OperatorError ? cause : notSent(cause, server);
  } finally {
    transport.close();
  }
}

function isThisMachine(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function partlySent(rejected: readonly string[], host: string): OperatorError {
  return new OperatorError(
    "MAIL_PARTLY_SENT",
    `${host} does not take mail for ${rejected.join(", ")}; the others have it.`,
    {
      remedy: "Correct these addresses in emailto.txt, or send the encrypted file to them yourself.",
    },
  );
}

function notSent(cause: unknown, server: MailServer): OperatorError {
  const { why, remedy } = explain(cause, server);
  return new OperatorError("MAIL_NOT_SENT", `The mail was not sent: ${why}.`, {
    remedy: `${remedy} The encrypted file is there and can be sent by hand.`,
    cause,
  });
}

/** nodemailer's codes in words. The server's own words are left out where they may repeat a password. */
function explain(cause: unknown, { host, port, implicitTls }: MailServer): { why: string; remedy: string } {
  const { code = "", message = "", response = "" } = cause as { code?: string; message?: string; response?: string };
  const place = `${host}:${port}`;
  if (code === "EAUTH")
    return { why: `${place} does not take this user and password`, remedy: "Correct the SMTP URL." };
  if (code === "EDNS") return { why: `there is no host ${host}`, remedy: "Correct the SMTP URL." };
  if (code === "EENVELOPE" || code === "EMESSAGE")
    return { why: `${place} refused it: ${response.slice(0, 200)}`, remedy: "Ask who runs that server." };
  if (/certificate|self.signed|altnames|unable to verify/i.test(message))
    return {
      why: `the certificate of ${place} is not valid: ${message}`,
      remedy: "Use the name that is in it, or have its authority trusted by this machine.",
    };
  if (code === "ETLS" || /STARTTLS|wrong version number|ssl/i.test(message))
    return {
      why: `${place} offers no ${implicitTls ? "TLS from the start" : "STARTTLS"}`,
      remedy: `Use ${implicitTls ? "smtp" : "smtps"}:// or another port.`,
    };
  return {
    why: `${place} does not answer (${code || message})`,
    remedy: "Correct the SMTP URL, or try again when that server is there.",
  };
}
