/** One proof in a process of its own, to be killed: `check-once.ts JSON`. */
import { runCommand } from "@appliance/command";
import { checkRestored, type Manifest } from "../src/index.ts";

const { restored, manifest, scratch, temporary } = JSON.parse(process.argv[2]!) as {
  restored: string;
  manifest: Manifest;
  scratch: string;
  temporary: string;
};
const deps = { run: runCommand, scratch, temporary, now: () => new Date() };
console.log(await checkRestored(restored, manifest, deps, { vault: "ecs-storage-vault", dumpFolder: "ecs-pgdump" }));
