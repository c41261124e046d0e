import type { Host } from "@appliance/host";
import type { Step } from "@appliance/jobs";
import { step, type Capability } from "../capability.ts";

/** The host is called what its users call it. */
export function hostnameCapability({ hostname, whyUnavailable }: Host): Capability {
  return {
    name: "hostname",
    title: "Naming the host",
    async plan({ env }) {
      const { domain } = env.appliance;
      // `localhost` is every host's name already, and the name of none.
      if (domain === "localhost" || whyUnavailable("hostname")) return [];
      const from = await hostname.observe();
      if (from === domain) return [];
      const changes = [{ what: "hostname", from, to: domain }];
      return [
        step<Pick<Step, never>>({ capability: "hostname", summary: `Set the name of the host to ${domain}`, changes }),
      ];
    },
    async apply(_step, { env }) {
      await hostname.set(env.appliance.domain);
    },
  };
}
