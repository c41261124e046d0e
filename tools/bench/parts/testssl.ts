import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { issuedFor } from "../certificates.ts";
import { plain, type Figure } from "../figure.ts";
import { startNginxAlone } from "../nginx-container.ts";
import { run } from "../../lab/index.ts";

const IMAGE = "appliance/testssl:bench";
const FOLDER = join(import.meta.dirname, "../testssl");
/** The name in FOLDER/site.conf, which config-agent's unit test writes. */
const DOMAIN = "ecs.example.org";
const LIMIT_MS = 1_200_000;
const GRAVE = ["MEDIUM", "HIGH", "CRITICAL"];

interface Finding {
  id: string;
  severity: string;
  finding: string;
}

/** The whole of testssl.sh against nginx, its grade and its graver findings. */
export async function testssl(): Promise<Figure[]> {
  await run("docker", ["build", "--quiet", "--tag", IMAGE, FOLDER]);
  const folder = mkdtempSync(join(tmpdir(), "testssl-"));
  const nginx = await startNginxAlone();
  try {
    const { authority, server } = await issuedFor(folder, DOMAIN);
    await nginx.publish("tls", { "server.key": server.key, "server.crt": server.cert });
    await nginx.publish("site", { "site.conf": readFileSync(join(FOLDER, "site.conf"), "utf8") });
    return figuresOf(await judge(folder, authority, nginx.address));
  } finally {
    await nginx.remove();
    rmSync(folder, { recursive: true });
  }
}

/** @throws Error when testssl.sh did not get to its end */
async function judge(folder: string, authority: string, address: string): Promise<Finding[]> {
  const shared = join(folder, "shared");
  mkdirSync(shared);
  chmodSync(folder, 0o755);
  writeFileSync(join(shared, "ca.pem"), authority);
  const container = ["run", "--rm", `--volume=${shared}:/shared`, IMAGE];
  const quiet = ["--quiet", "--color=0", "--warnings=batch", "--nodns=none"];
  const target = [`--ip=${address}`, "--add-ca=/shared/ca.pem", `https://${DOMAIN}:8443/`];
  const args = [...container, ...quiet, "--jsonfile=/shared/findings.json", ...target];
  // Its exit code counts findings.
  await run("docker", args, { timeoutMs: LIMIT_MS, allowFailure: true });
  const findings = JSON.parse(readFileSync(join(shared, "findings.json"), "utf8")) as Finding[];
  if (!findings.some(({ id }) => id === "overall_grade")) throw new Error("testssl.sh gave no grade");
  return findings;
}

function figuresOf(findings: readonly Finding[]): Figure[] {
  const valueOf = (id: string) => findings.find((finding) => finding.id === id)?.finding ?? "none";
  const grave = findings.filter(({ severity }) => GRAVE.includes(severity));
  const low = findings.filter(({ severity }) => severity === "LOW");
  const names = (some: readonly Finding[]) => some.map(({ id, finding }) => `${id}: ${finding}`).join("; ");
  const grade = valueOf("overall_grade");
  return [
    { name: "the grade", measured: grade, beside: "A+", met: grade === "A+" },
    plain("the score", `${valueOf("final_score")} of 100`),
    {
      name: "findings of MEDIUM or above",
      measured: `${grave.length}${grave.length > 0 ? ` (${names(grave)})` : ""}`,
      beside: "0",
      met: grave.length === 0,
    },
    plain("findings below that", `${low.length}${low.length > 0 ? ` (${names(low)})` : ""}`),
  ];
}
