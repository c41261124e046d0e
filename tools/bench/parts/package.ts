import { randomBytes } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { plain, spread, type Figure } from "../figure.ts";
import { run } from "../../lab/index.ts";

const ROUNDS = 100;
const BYTES = 12_000;
/** Degrees, to the left and to the right in turns and never twice the same. */
const LARGEST_ANGLE = 2;

interface Round {
  identical: boolean;
  packageSeconds: number;
  unpackageSeconds: number;
  codes: number;
}

/** env.yml to paper, its pages scanned askew, and back: each time another file and another angle. */
export async function packageAndBack(): Promise<Figure[]> {
  await run(process.execPath, ["tools/bundle.ts", "cli"]);
  const folder = mkdtempSync(join(tmpdir(), "appliance-bench-"));
  try {
    // A bundle made meanwhile by another bench must not take files away from this one.
    const command = join(folder, "command/main.mjs");
    cpSync("dist/cli", dirname(command), { recursive: true });
    const rounds: Round[] = [];
    for (let number = 0; number < ROUNDS; number += 1)
      rounds.push(await takeRound(command, join(folder, String(number)), number));
    return figuresOf(rounds);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function takeRound(command: string, folder: string, number: number): Promise<Round> {
  mkdirSync(folder);
  const [file, scans, result] = ["env.yml", "scans", "result.yml"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(file, randomEnv());
  const begun = performance.now();
  await run(process.execPath, [command, "env", "package", file]);
  const packageSeconds = (performance.now() - begun) / 1000;
  const angle = LARGEST_ANGLE * (1 - number / (2 * ROUNDS)) * (number % 2 === 0 ? 1 : -1);
  await scan(`${file}.pdf`, scans, angle);
  const started = performance.now();
  const unpackage = [command, "env", "unpackage", scans, "--out", result];
  // A file that cannot be read back is a figure, and does not end the bench.
  const { stderr } = await run(process.execPath, unpackage, { allowFailure: true });
  const unpackageSeconds = (performance.now() - started) / 1000;
  const identical = existsSync(result) && readFileSync(file).equals(readFileSync(result));
  rmSync(folder, { recursive: true });
  return { identical, packageSeconds, unpackageSeconds, codes: Number(/ of (\d+)/.exec(stderr)?.[1]) };
}

/** Random text, which compresses as badly as the keys that an env.yml mostly is. */
function randomEnv(): string {
  const head = "#cloud-config\nappliance:\n  domain: ecs.example\n";
  const lines = Array.from(
    { length: Math.ceil((BYTES - head.length) / 67) },
    () => `# ${randomBytes(48).toString("base64")}`,
  );
  return `${head}${lines.join("\n")}`.slice(0, BYTES - 1) + "\n";
}

/** The pages with codes as a scanner makes them: 150 dpi, grey, a little askew. Spare codes are left out, so that each must be read. */
async function scan(pdf: string, folder: string, angle: number): Promise<void> {
  mkdirSync(folder);
  const [first, last] = [2, 4];
  await run("pdftoppm", ["-gray", "-r", "150", "-f", String(first), "-l", String(last), pdf, join(folder, "page")]);
  for (const name of readdirSync(folder)) {
    const options = ["-background", "white", "-rotate", angle.toFixed(2), "-define", "png:compression-level=1"];
    await run("convert", [join(folder, name), ...options, join(folder, name.replace(/pgm$/, "png"))]);
    rmSync(join(folder, name));
  }
}

function figuresOf(rounds: readonly Round[]): Figure[] {
  const identical = rounds.filter((round) => round.identical).length;
  const codes = [...new Set(rounds.map((round) => round.codes))].join(", ");
  return [
    {
      name: `identical after paper, ${BYTES / 1000} KB in ${codes} codes, 150 dpi, grey, up to ${LARGEST_ANGLE}° askew, no spare code`,
      measured: `${identical} of ${ROUNDS}`,
      beside: `${ROUNDS} of ${ROUNDS}`,
      met: identical === ROUNDS,
    },
    plain(
      "`env package`, paper and seed image",
      spread(
        rounds.map((round) => round.packageSeconds),
        "s",
      ),
    ),
    plain(
      "`env unpackage` of three scanned pages",
      spread(
        rounds.map((round) => round.unpackageSeconds),
        "s",
      ),
    ),
  ];
}
