/**
 * Bundles apps as the images ship them: `node tools/bundle.ts config-agent update-agent cli` writes `dist/config-agent.mjs`
 * and so on. One file starts faster and takes less memory than a tree of modules. The command becomes `dist/cli/main.mjs`
 * and a file for each part that it imports when it needs it: it starts anew for every call, and reading what a call does not
 * use would take most of its time. A path to a TypeScript file is bundled as well.
 */
import { copyFile, readFile, rm } from "node:fs/promises";
import { basename } from "node:path";
import { build, type BuildOptions, type Plugin } from "esbuild";

/** Packages in CommonJS use `require`, `__filename` and `__dirname`, which an ES module does not have. */
const COMMON_JS =
  'import{createRequire as createRequire_}from"node:module";' +
  "const require=createRequire_(import.meta.url),__filename=import.meta.filename,__dirname=import.meta.dirname;";

/** BullMQ's other databases and clients, which it could use instead of ioredis. */
const OTHER_CLIENTS =
  /node_modules\/bullmq\/dist\/esm\/(postgres\/.+|classes\/(valkey-glide|bun-redis|node-redis)-client)\.js$/;

/** What packages load at their start for a feature that no agent uses, and who loads it. */
const UNUSED: [loaded: RegExp, by: RegExp][] = [
  [/^cron-parser$/, /\/bullmq\//], // schedules are OnCalendar expressions
  [/^yaml$/, /\/@fastify\/swagger\//], // the description is served as JSON
  [/^\.\/lib\/defaultMetrics$/, /\/(prom-client|@prometheus-io\/client)\//], // agents have figures of their own
];

/** Leaves unused modules out: empty ones stand in their place, so that imports of them still resolve. */
const leaveOutUnused: Plugin = {
  name: "leave-out-unused",
  setup(builder) {
    builder.onLoad({ filter: OTHER_CLIENTS }, async ({ path }) => {
      const names = exportedNames(await readFile(path, "utf8"));
      return { contents: names.map((name) => `export class ${name} {}`).join("\n") || "export {}", loader: "js" };
    });
    for (const [loaded, by] of UNUSED)
      builder.onResolve({ filter: loaded }, ({ path, importer }) =>
        by.test(importer) ? { path, namespace: "unused" } : undefined,
      );
    builder.onLoad({ filter: /./, namespace: "unused" }, () => ({ contents: "module.exports = {}", loader: "js" }));
  },
};

function exportedNames(source: string): string[] {
  const declared = [...source.matchAll(/^export (?:async )?(?:const|let|class|function) (\w+)/gm)].map(
    ([, name]) => name,
  );
  const listed = [...source.matchAll(/^export \{([^}]*)\}/gm)]
    .flatMap(([, names]) => names?.split(",") ?? [])
    .map((name) =>
      name
        .trim()
        .split(/\s+as\s+/)
        .at(-1),
    );
  return [...new Set([...declared, ...listed].filter((name): name is string => Boolean(name)))];
}

const OPTIONS: BuildOptions = {
  bundle: true,
  platform: "node",
  target: "node24",
  format: "esm",
  minify: true,
  keepNames: true, // names of errors and in stacks stay readable
  mainFields: ["module", "main"], // the ES modules of a package, of which unused parts can be left out
  legalComments: "none",
  banner: { js: COMMON_JS },
  plugins: [leaveOutUnused],
  // ssh2, below dockerode, tries these compiled helpers and goes on without them; no package is compiled here.
  external: ["cpu-features", "*.node"],
};

const SPLIT: BuildOptions = { splitting: true, outExtension: { ".js": ".mjs" } };

/** What the command reads beside its program text (apps/cli/src/escrow/assets.ts). */
const ASSETS = [
  "apps/cli/src/escrow/fonts/DejaVuSansMono.ttf",
  "apps/cli/src/escrow/fonts/DejaVuSansMono.LICENSE",
  "node_modules/zxing-wasm/dist/reader/zxing_reader.wasm",
];

async function bundle(app: string): Promise<void> {
  const entry = app.endsWith(".ts") ? app : `apps/${app}/src/main.ts`;
  const out = app === "cli" ? { ...SPLIT, outdir: "dist/cli" } : { outfile: `dist/${basename(app, ".ts")}.mjs` };
  if (app === "cli") await rm("dist/cli", { recursive: true, force: true }); // parts of other versions have other names
  const { metafile } = await build({ ...OPTIONS, ...out, entryPoints: [entry], metafile: true });
  if (app === "cli") for (const asset of ASSETS) await copyFile(asset, `dist/cli/${basename(asset)}`);
  for (const [file, { bytes }] of Object.entries(metafile.outputs))
    console.log(`${file} ${(bytes / 1e6).toFixed(2)} MB`);
}

const apps = process.argv.slice(2);
if (apps.length === 0) {
  console.error("usage: node tools/bundle.ts APP…, for example: node tools/bundle.ts config-agent cli");
  process.exitCode = 2;
}
for (const app of apps) await bundle(app);
