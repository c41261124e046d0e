import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Files that are no program text. The bundle has them beside itself (tools/bundle.ts); in a checkout they lie where they come from. */
const IN_CHECKOUT = {
  "DejaVuSansMono.ttf": () => join(import.meta.dirname, "fonts/DejaVuSansMono.ttf"),
  "zxing_reader.wasm": () => fileURLToPath(import.meta.resolve("zxing-wasm/reader/zxing_reader.wasm")),
} as const;

export async function readAsset(name: keyof typeof IN_CHECKOUT): Promise<Buffer> {
  const bundled = join(import.meta.dirname, name);
  return await readFile(existsSync(bundled) ? bundled : IN_CHECKOUT[name]());
}
