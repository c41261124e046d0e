import { parseYaml } from "@appliance/yaml11";
import { checkSetup } from "./check.ts";
import { readCrypt, readMdadm, readParted } from "./read-disks.ts";
import { readFormat, readMount, readSwap } from "./read-file-systems.ts";
import { readLvm } from "./read-lvm.ts";
import type { StorageSetup } from "./setup.ts";
import { Spot, type SetupProblem } from "./spot.ts";

export type { SetupProblem } from "./spot.ts";

export interface ParsedSetup {
  /** Undefined when a problem is an error, so that half a setup is never carried out. */
  setup: StorageSetup | undefined;
  problems: SetupProblem[];
}

const SECTIONS = ["parted", "mdadm", "crypt", "lvm", "format", "mount", "swap"];

/** Reads the text of `appliance:storage:setup`. Lines and columns count from 1 inside of the text. Throws nothing. */
export function parseStorageSetup(text: string): ParsedSetup {
  if (/\{[{%#]/.test(text)) return { setup: undefined, problems: [template(text)] };
  const document = parseYaml(text, { file: "setup" });
  const problems: SetupProblem[] = document.problems.map(({ line, column, message }) => ({
    severity: "error",
    line,
    column,
    path: "",
    message,
  }));
  if (!document.root) return { setup: undefined, problems };
  const top = new Spot(problems, [], document.root, document.root.position);
  const setup = readSetup(top);
  if (!hasError(problems)) checkSetup(setup, top);
  return { setup: hasError(problems) ? undefined : setup, problems };
}

const hasError = (problems: SetupProblem[]) => problems.some(({ severity }) => severity === "error");

function readSetup(top: Spot): StorageSetup {
  const sections = top.entries(`the sections ${SECTIONS.join(", ")}`);
  for (const [name, section] of sections) {
    if (SECTIONS.includes(name)) continue;
    // The manual's example, 3.2, shows this key inside of the text.
    if (name === "proxy_cache") section.warning("has no effect here; it belongs beside setup");
    else section.error(`unknown section, known are ${SECTIONS.join(", ")}`, SECTIONS, name);
  }
  const { pv, vg, lv } = readLvm(sections.get("lvm"));
  return {
    parted: readParted(sections.get("parted")),
    mdadm: readMdadm(sections.get("mdadm")),
    crypt: readCrypt(sections.get("crypt")),
    pv,
    vg,
    lv,
    format: readFormat(sections.get("format")),
    mount: readMount(sections.get("mount")),
    swap: readSwap(sections.get("swap")),
  };
}

/** Salt rendered such a text before it read it; nobody does so here. */
function template(text: string): SetupProblem {
  const before = text.slice(0, text.search(/\{[{%#]/)).split("\n");
  const message = "templates ({{, {% and {#) are not carried out; write each entry out";
  return { severity: "error", line: before.length, column: (before.at(-1)?.length ?? 0) + 1, path: "", message };
}
