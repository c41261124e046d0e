import { OperatorError } from "@appliance/errors";

/** Where and as whom mail is handed in; `password` goes to that server alone. */
export interface MailServer {
  host: string;
  port: number;
  /** TLS from the first byte (`smtps`); otherwise STARTTLS is asked for, and refused is refused. */
  implicitTls: boolean;
  user?: string;
  password?: string;
}

const DEFAULT_PORT = { "smtp:": 587, "smtps:": 465 } as const;

/** `smtp://user:password@host:port` or `smtps://…`, from a file of one line. @throws OperatorError `SMTP_URL_INVALID`, without the URL */
export function parseSmtpUrl(text: string): MailServer {
  const url = URL.parse(text.trim());
  const scheme = url?.protocol;
  if (!url?.hostname || (scheme !== "smtp:" && scheme !== "smtps:")) throw invalidUrl();
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port) || DEFAULT_PORT[scheme],
    implicitTls: scheme === "smtps:",
    ...(url.username ? { user: decode(url.username), password: decode(url.password) } : {}),
  };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw invalidUrl();
  }
}

function invalidUrl(): OperatorError {
  return new OperatorError("SMTP_URL_INVALID", "The file with the SMTP URL holds no such URL.", {
    remedy: "Write one line: smtps://USER:PASSWORD@HOST, or smtp:// for STARTTLS; special characters as %40 and so on.",
  });
}

/** Addresses of an emailto.txt, one on each line; empty lines and lines with # do not count. @throws OperatorError `EMAILTO_INVALID` */
export function parseAddresses(name: string, text: string): string[] {
  const lines = text.split("\n").map((line, at) => ({ address: line.trim(), number: at + 1 }));
  const named = lines.filter(({ address }) => address !== "" && !address.startsWith("#"));
  const wrong = named.find(({ address }) => !/^[^\s@<>,;:"]+@[^\s@<>,;:"]+$/.test(address));
  if (!wrong && named.length > 0) return named.map(({ address }) => address);
  const why = wrong ? `line ${wrong.number} is no mail address: ${wrong.address}` : "it holds no address";
  throw new OperatorError("EMAILTO_INVALID", `${name} cannot be used: ${why}.`, {
    remedy: "Write one address on each line, such as ada@example.org.",
  });
}
