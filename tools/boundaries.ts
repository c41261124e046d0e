/**
 * The import rules of the house, as errors: apps import libs, libs import no app, nothing undeclared, no relative
 * import that leaves its package, no cycle between files or packages. Run by `npm run check`.
 *
 * It reads the imports with a parser and runs none of the code. Reasons are in docs/architecture.md, "The house".
 */
import { existsSync, globSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, relative, resolve, sep } from "node:path";
import { parseSync } from "oxc-parser";

interface Manifest {
  name: string;
  workspaces?: string[];
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  nx?: { tags?: string[] };
}
interface Package {
  dir: string;
  manifest: Manifest;
}

const MAY_IMPORT: Record<string, readonly string[]> = {
  "type:app": ["type:lib"],
  "type:lib": ["type:lib"],
};

const readManifest = (file: string) => JSON.parse(readFileSync(file, "utf8")) as Manifest;
const root = readManifest("package.json");
const packages = (root.workspaces ?? [])
  .flatMap((pattern) => globSync(`${pattern}/package.json`))
  .map((file): Package => ({ dir: dirname(file), manifest: readManifest(file) }));
const byName = new Map(packages.map((p) => [p.manifest.name, p]));
const toolPackages = new Set(Object.keys({ ...root.dependencies, ...root.devDependencies }));

const problems: string[] = [];
const importsOfFile = new Map<string, string[]>();

for (const pkg of packages) for (const file of sourceFiles(pkg.dir)) checkFile(pkg, file);
for (const file of globSync("tools/**/*.ts")) for (const spec of importsOf(file)) checkTool(file, spec);
checkCycles(importsOfFile, "files");
checkCycles(
  new Map(
    packages.map((p) => [p.manifest.name, Object.keys(p.manifest.dependencies ?? {}).filter((d) => byName.has(d))]),
  ),
  "packages",
);

for (const problem of problems) console.error(problem);
console.log(problems.length === 0 ? "boundaries ok" : `${problems.length} boundary errors`);
process.exitCode = problems.length === 0 ? 0 : 1;

function sourceFiles(dir: string): string[] {
  return globSync(`${dir}/**/*.ts`, { exclude: (name) => name.includes("node_modules") });
}

function importsOf(file: string): string[] {
  const { module, errors } = parseSync(file, readFileSync(file, "utf8"));
  if (errors[0]) problems.push(`${file}: cannot be parsed: ${errors[0].message}`);
  for (const { moduleRequest, entries } of module.staticImports)
    if (moduleRequest.value === "zod" && entries.some(({ importName }) => importName.name !== null))
      problems.push(`${file}: write import * as z from "zod"; the named import bundles every locale`);
  return [
    ...module.staticImports.map((i) => i.moduleRequest.value),
    ...module.staticExports.flatMap((e) => e.entries.flatMap((x) => (x.moduleRequest ? [x.moduleRequest.value] : []))),
    ...module.dynamicImports.flatMap((i) => literalSpecifier(file, i.moduleRequest)),
  ];
}

/** The text of `import("x")`; an import of a computed name cannot be checked and is an error of its own. */
function literalSpecifier(file: string, range: { start: number; end: number }): string[] {
  const text = readFileSync(file, "utf8").slice(range.start, range.end);
  const literal = /^["'`]([^"'`$]+)["'`]$/.exec(text)?.[1];
  if (literal) return [literal];
  problems.push(`${file}: import(${text}) names no fixed module`);
  return [];
}

function checkFile(pkg: Package, file: string) {
  const isTest = !file.includes(`${sep}src${sep}`) || file.endsWith(".test.ts");
  const local: string[] = [];
  for (const spec of importsOf(file)) {
    if (spec.startsWith("node:")) continue;
    if (spec.startsWith(".")) {
      const target = resolve(dirname(file), spec);
      if (!target.startsWith(resolve(pkg.dir) + sep))
        problems.push(`${file}: relative import leaves its package: ${spec}`);
      else if (existsSync(target)) local.push(relative(".", target));
    } else checkBareImport(pkg, file, spec, isTest);
  }
  importsOfFile.set(file, local);
}

function checkBareImport(pkg: Package, file: string, spec: string, isTest: boolean) {
  if (builtinModules.includes(spec)) {
    problems.push(`${file}: write node:${spec}`);
    return;
  }
  const name = packageName(spec);
  if (name === pkg.manifest.name) return;
  const declared = { ...pkg.manifest.dependencies, ...(isTest ? pkg.manifest.devDependencies : {}) };
  if (!(name in declared) && !(isTest && toolPackages.has(name)))
    problems.push(`${file}: undeclared dependency: ${name}`);
  checkLayer(pkg, file, byName.get(name));
}

function checkLayer(pkg: Package, file: string, target: Package | undefined) {
  if (!target) return;
  const targetTags = target.manifest.nx?.tags ?? [];
  for (const tag of pkg.manifest.nx?.tags ?? []) {
    const allowed = MAY_IMPORT[tag];
    if (allowed && !targetTags.some((t) => allowed.includes(t)))
      problems.push(`${file}: ${tag} may not import ${target.manifest.name} (${targetTags.join(", ")})`);
  }
}

/** Tools may use libs and the development packages, never an app. */
function checkTool(file: string, spec: string) {
  if (spec.startsWith("node:") || spec.startsWith(".")) return;
  const name = packageName(spec);
  if (byName.get(name)?.manifest.nx?.tags?.includes("type:app"))
    problems.push(`${file}: a tool may not import the app ${name}`);
  if (!byName.has(name) && !toolPackages.has(name)) problems.push(`${file}: undeclared dependency: ${name}`);
}

function packageName(spec: string): string {
  return spec
    .split("/")
    .slice(0, spec.startsWith("@") ? 2 : 1)
    .join("/");
}

function checkCycles(graph: Map<string, string[]>, what: string) {
  const done = new Set<string>();
  const visit = (node: string, path: string[]): void => {
    const at = path.indexOf(node);
    if (at >= 0) return void problems.push(`cycle between ${what}: ${[...path.slice(at), node].join(" > ")}`);
    if (done.has(node)) return;
    for (const next of graph.get(node) ?? []) visit(next, [...path, node]);
    done.add(node);
  };
  for (const node of graph.keys()) visit(node, []);
}
