/** Writes docs/env.md, the reference of all settings, from the table in libs/env. A unit test there holds them equal. */
import { writeFileSync } from "node:fs";
import { referencePage } from "@appliance/env";

const page = new URL("../docs/env.md", import.meta.url);
writeFileSync(page, referencePage());
