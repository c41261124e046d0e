import { resolveInRoot } from "@appliance/files";
import type { Drive, HostDrives } from "./host.ts";
import type { HostPower } from "./power.ts";
import { withPrivateFile } from "./private-file.ts";
import { refuseArgument } from "./refuse.ts";

/** An optical drive spins up first. */
const LOOK_MS = 60_000;
const COPY_MS = 120_000;

/** What the largest drive holds that a cloud makes for its user-data. */
const LONGEST_MIB = 64;

const DEVICE = /^\/dev\/[A-Za-z0-9][A-Za-z0-9_:-]*(\/[A-Za-z0-9][A-Za-z0-9_:-]*)*$/;

/** blkid(8): 2 is "nothing found". */
const FOUND_OR_NOT = [0, 2];

/** Labelled drives, read by programs of the host: this container may open no device, and nothing is mounted. */
export function createHostDrives(power: HostPower, root: string): HostDrives {
  return {
    async observe() {
      // No cache, since a drive may have been attached or exchanged since.
      const scan = ["-c", "/dev/null", "-o", "export"];
      const { stdout } = await power.run("drives", "blkid", scan, { timeoutMs: LOOK_MS, okExitCodes: FOUND_OR_NOT });
      return parseBlkid(stdout);
    },
    async withCopy({ device }, work) {
      if (!DEVICE.test(device)) throw refuseArgument(`'${device}' is no drive`, "Name one as /dev has it.");
      return withPrivateFile(root, "", async (path) => {
        const part = ["bs=1M", `count=${LONGEST_MIB}`, "iflag=fullblock", "conv=sparse", "status=none"];
        await power.run("drives", "dd", [`if=${device}`, `of=${path}`, ...part], { timeoutMs: COPY_MS });
        return work(await resolveInRoot(root, path));
      });
    },
  };
}

/** The drives that have a label. blkid(8), `-o export`: a block of `KEY=value` lines each, unusual characters after a backslash. */
export function parseBlkid(text: string): Drive[] {
  return text.split(/\n\n+/).flatMap((block) => {
    const fields = new Map(block.split("\n").map(toField));
    // The name in the boot sector of vfat counts where the folder of the drive has none.
    const label = fields.get("LABEL") ?? fields.get("LABEL_FATBOOT");
    const [device, type] = [fields.get("DEVNAME"), fields.get("TYPE")];
    return device && label && type ? [{ device, label, type }] : [];
  });
}

function toField(line: string): [name: string, value: string] {
  const [name = "", ...value] = line.split("=");
  return [name, value.join("=").replaceAll(/\\(.)/g, "$1")];
}
