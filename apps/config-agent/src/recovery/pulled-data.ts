import { OperatorError } from "@appliance/errors";
import { ConfigRecover, type Recovered } from "@appliance/jobs";
import * as z from "zod";
import { PATHS } from "../paths.ts";
import type { RootFiles } from "../root-files.ts";

/**
 * What the nightly pull of a standby host put below /data. The file is there as long as the data is that of a backup and of nobody
 * else: only then may the next pull replace it, and it goes before anything is started on the data.
 */
export interface PulledData {
  read(): Promise<Recovered | undefined>;
  write(restored: Recovered): Promise<void>;
  /** @throws OperatorError `PULL_UNFINISHED` where a pull was cut off while the new data took the place of the old */
  goLive(): Promise<void>;
}

const Journal = z.object({ begunFolders: z.array(z.string()) });

export function createPulledData(files: RootFiles): PulledData {
  const read = async () => {
    const text = await files.read(PATHS.pulled);
    return text && ConfigRecover.result.parse(JSON.parse(text.toString("utf8")));
  };
  return {
    read,
    write: (restored) => files.write(PATHS.pulled, `${JSON.stringify(restored)}\n`, { mode: 0o600, uid: 0, gid: 0 }),
    async goLive() {
      if ((await read()) === undefined) return;
      if (await isMovingIn(files)) throw unfinished();
      await files.remove(PATHS.pulled);
    },
  };
}

/** The journal of the recovery names the folders that it has begun to move into their places. */
async function isMovingIn(files: RootFiles): Promise<boolean> {
  const folders = (await files.names(PATHS.data)).filter((name) => name.startsWith(".restore-"));
  for (const folder of folders) {
    const text = await files.read(`${PATHS.data}/${folder}/journal.json`);
    if (text && Journal.parse(JSON.parse(text.toString("utf8"))).begunFolders.length > 0) return true;
  }
  return false;
}

function unfinished(): OperatorError {
  return new OperatorError(
    "PULL_UNFINISHED",
    "The last pull was cut off while its data took the place of the data of the night before.",
    {
      remedy:
        "Set appliance:standby to true again, run `appliance recover --yes-i-am-sure`, which finishes it, then `appliance activate`.",
    },
  );
}
