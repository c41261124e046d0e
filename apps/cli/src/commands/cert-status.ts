import { CertificatesAnswer, type ClientStatus, type HostStatus } from "../cert-shapes.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { formatFailure, formatTime } from "../terminal.ts";

/** `appliance cert status`: what is served, until when, and what comes next. Exit code 1 when something needs a hand. */
export async function certStatus(
  { json }: { json: boolean },
  { certAgent, terminal }: Pick<Context, "certAgent" | "terminal">,
): Promise<number> {
  const answer = await certAgent.get("/certificates");
  const status = CertificatesAnswer.parse(answer);
  if (json) terminal.json(answer);
  else terminal.print(describe(status));
  return whatNeedsAHand(status).length === 0 ? EXIT.ok : EXIT.failed;
}

function describe(status: CertificatesAnswer): string {
  const troubles = whatNeedsAHand(status);
  const help = troubles.length === 0 ? ["Nothing needs a hand."] : ["Needs a hand:", ...troubles];
  return [...describeHost(status.host), "", ...describeClients(status.clients), "", ...help].join("\n");
}

const SOURCE: Record<string, string> = {
  "env.yml": "given in env.yml",
  acme: "obtained from an authority",
  disk: "found on disk",
  "self-signed": "self-signed, so that browsers warn",
};

function describeHost({ served, passedOver, renewal, notObtained }: HostStatus): string[] {
  const lines = served
    ? [
        `Certificate of ${served.names.join(", ")}`,
        `  ${SOURCE[served.source] ?? served.source}; issued by ${served.issuer}`,
        `  serial ${served.serial}, valid until ${formatTime(served.validUntil)}`,
      ]
    : ["No certificate is served yet."];
  lines.push(...passedOver.map(({ place, reason }) => `  passed over: ${place}: ${reason}`));
  if (notObtained !== null) lines.push(`  none is obtained: ${notObtained}`);
  return renewal ? [...lines, ...describeRenewal(renewal)] : lines;
}

function describeRenewal({ directoryUrl, next, notAsked, dns }: NonNullable<HostStatus["renewal"]>): string[] {
  return [
    `  next renewal: ${formatTime(next.at)} (${next.reason}), by ${directoryUrl}`,
    ...notAsked.map(({ name, reason }) => `  not asked for: ${name}: it ${reason}`),
    ...dns.filter(({ verdict }) => verdict !== "fine").map(({ detail }) => `  DNS: ${detail}`),
  ];
}

/** The lines about the authority of users' certificates. */
export function describeClients({ owner, validUntil, crlNextUpdate, authorities }: ClientStatus): string[] {
  const lines = [
    `Certificates of users are signed by the ${owner ?? "appliance, or by the application once there is one"}`,
  ];
  if (validUntil === null) return [...lines, "  there is no authority yet"];
  if (authorities.length === 0) lines.push(`  authority valid until ${formatTime(validUntil)}`);
  for (const { serial, issuing, validUntil: end, validCertificates: valid } of authorities) {
    const name = issuing ? `authority ${serial}` : `former authority ${serial}, still accepted`;
    lines.push(`  ${name}, valid until ${formatTime(end)}; certificates that are valid: ${valid}`);
  }
  if (crlNextUpdate !== null) lines.push(`  revocation list valid until ${formatTime(crlNextUpdate)}`);
  return lines;
}

function whatNeedsAHand({ host, problems }: CertificatesAnswer): string[] {
  const { problem, clockTrusted, renewal } = host;
  const failures = [problem, renewal?.lastError, ...problems].filter((one) => one !== null && one !== undefined);
  const byCode = new Map(failures.map((one) => [one.code, formatFailure(one)])); // two parts may tell of the same
  const names = (renewal?.nameFailures ?? []).map(({ name, detail }) => `${name} could not be validated: ${detail}`);
  return [...byCode.values(), ...names, ...(clockTrusted ? [] : [WRONG_CLOCK])];
}

const WRONG_CLOCK = "The clock of this host is wrong.\n  → Set it (`timedatectl`), and see that it stays right.";
