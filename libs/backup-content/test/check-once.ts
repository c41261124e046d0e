/** One proof in a process of its own, to be killed or to have rights of its own: `check-once.ts JSON`. Prints the report. */
import { runCommand } from "@appliance/command";
import { checkRestored, type Manifest } from "../src/index.ts";

const { restored, manifest, scratch, temporary } = JSON.parse(process.argv[2]!) as {
  restored: string;
  manifest: Manifest;
  scratch: string;
  temporary: string;
};
const deps = { run: runCommand, scratch, temporary, now: () => new Date() };
const options = { vault: "ecs-storage-vault", dumpFolder: "ecs-pgdump" };
console.log(JSON.stringify(await checkRestored(restored, manifest, deps, options)));
