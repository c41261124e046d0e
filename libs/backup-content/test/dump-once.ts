/** One dump in a process of its own, to be killed or measured: `dump-once.ts JSON`. Prints what it used, or the code of its error. */
import { runCommand } from "@appliance/command";
import { toFailure } from "@appliance/errors";
import { dumpDatabase, type DatabaseAddress } from "../src/index.ts";

const { address, folder, scratch } = JSON.parse(process.argv[2]!) as {
  address: DatabaseAddress;
  folder: string;
  scratch: string;
};
try {
  const { dump } = await dumpDatabase(address, folder, { run: runCommand, scratch });
  console.log(JSON.stringify({ ...dump, peakMb: process.resourceUsage().maxRSS / 1024 }));
} catch (error) {
  console.log(toFailure(error).code);
  process.exitCode = 1;
}
