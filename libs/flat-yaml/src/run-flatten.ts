import { parseArgs } from "node:util";
import { parseYaml, type Problem } from "@appliance/yaml11";
import { flatten, type Flattened } from "./flatten.ts";

export interface FlattenIo {
  readonly stdin: () => Promise<Uint8Array>;
  readonly readFile: (path: string) => Promise<Uint8Array>;
}

export interface FlattenOutcome {
  readonly stdout: string;
  readonly stderr: string;
  /** 0 written, also when a tree is missing; 1 the file cannot be read or is not good YAML; 2 wrong arguments. */
  readonly exitCode: 0 | 1 | 2;
}

const usage = `usage: appliance env flatten [--prefix P] [--postfix P] [--combine C] [--assign A] [--file F] KEYS

Writes the values below KEYS as sorted KEY=value lines for a shell.

  KEYS         top-level keys with a comma between, or . for all
  --prefix P   before each line, for instance 'export '
  --postfix P  behind each line
  --combine C  between the keys of a path (_)
  --assign A   between key and value (=)
  --file F     the YAML file; without it, or for -, standard input
`;

/** The command: arguments and input in, both outputs and the exit code back. Throws nothing for wrong input. */
export async function runFlatten(argv: readonly string[], io: FlattenIo): Promise<FlattenOutcome> {
  const request = parseArguments(argv);
  if ("wrong" in request) return failed(2, `Error: ${request.wrong}\n${usage}`);
  if (request.help) return { stdout: usage, stderr: "", exitCode: 0 };
  const input = await readInput(request.file, io);
  if ("unreadable" in input) return failed(1, `Error: cannot read ${request.file}: ${input.unreadable}\n`);
  const document = parseYaml(input.bytes, { file: request.file ?? "standard input", top: "map" });
  if (!document.root) return failed(1, document.problems.map(toLine).join(""));
  const flattened = flatten(document, request.trees, request.options);
  return { stdout: flattened.lines.map((line) => `${line}\n`).join(""), stderr: complaints(flattened), exitCode: 0 };
}

const failed = (exitCode: 1 | 2, stderr: string): FlattenOutcome => ({ stdout: "", stderr, exitCode });

const text = { type: "string" } as const;
const optionTypes = {
  prefix: text,
  postfix: text,
  combine: text,
  assign: text,
  file: text,
  help: { type: "boolean", short: "h" },
} as const;

function parseArguments(argv: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options: optionTypes, allowPositionals: true });
    const { help = false, file, ...options } = values;
    const [keys, ...more] = positionals;
    if (keys === undefined && !help) return { wrong: "no KEYS given" };
    if (more.length > 0) return { wrong: `KEYS must be one word with commas, found also '${more.join("' '")}'` };
    return { help, file: file === "-" ? undefined : file, options, trees: keys?.split(",") ?? [] };
  } catch (error) {
    if (error instanceof TypeError && "code" in error) return { wrong: error.message };
    throw error;
  }
}

async function readInput(file: string | undefined, io: FlattenIo) {
  try {
    return { bytes: await (file === undefined ? io.stdin() : io.readFile(file)) };
  } catch (error) {
    return { unreadable: error instanceof Error ? error.message : String(error) };
  }
}

function toLine({ file, line, column, message, remedy }: Problem): string {
  return `Error: ${file}:${line}:${column}: ${message}. ${remedy}\n`;
}

/** The first form is one that scripts look for. */
function complaints({ missing, unsafe }: Flattened): string {
  const lines = [
    ...missing.map((tree) => `Error: key "${tree}" not found in data\n`),
    ...unsafe.map((key) => `Error: key ${JSON.stringify(key)} left out, it cannot be the name of a variable\n`),
  ];
  return lines.join("");
}
