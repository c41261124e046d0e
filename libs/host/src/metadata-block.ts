import { CommandError } from "@appliance/command";
import type { HostMetadataBlock, MetadataBlockState } from "./host.ts";
import type { HostPower } from "./power.ts";

const FIREWALL_MS = 30_000;

/** Docker leaves this chain to its operator and passes all traffic of containers through it. */
const CHAIN = "DOCKER-USER";
const RULE = [CHAIN, "--destination", "169.254.169.254/32", "--jump", "REJECT"];

/** As `iptables --list-rules` writes it: it names the default kind of answer, too. */
const LISTED = /^-A DOCKER-USER -d 169\.254\.169\.254\/32 -j (REJECT|DROP)\b/m;

/** Another program may be changing the rules, such as the engine as it starts. */
const iptables = (...args: string[]) => ["--wait", "10", ...args];

/** Containers kept from the cloud's metadata service by the host's firewall. The rule is never removed. */
export function createHostMetadataBlock(power: HostPower): HostMetadataBlock {
  const run = (...args: string[]) =>
    power.run("metadataBlock", "iptables", iptables(...args), { timeoutMs: FIREWALL_MS });
  const observe = async (): Promise<MetadataBlockState> => {
    try {
      const { stdout } = await run("--list-rules", CHAIN);
      return { blocked: LISTED.test(stdout) };
    } catch (error) {
      return { blocked: false, unavailable: whyNot(error) };
    }
  };
  return {
    observe,
    async ensure() {
      if ((await observe()).blocked) return false;
      await run("--insert", ...RULE);
      return true;
    },
  };
}

/** A host without iptables, or one whose engine does not filter by it. Anything else is a fault and thrown on. */
function whyNot(error: unknown): string {
  if (!(error instanceof CommandError) || error.code !== "COMMAND_FAILED") throw error;
  const said = error.stderrTail.split("\n").findLast((line) => line.trim() !== "") ?? error.message;
  return `iptables does not show the chain ${CHAIN} of the Docker engine (${said.trim()})`;
}
