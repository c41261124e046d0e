import type { Host } from "@appliance/host";
import { step, type Capability } from "../capability.ts";

/** The host is called what its users call it. */
export function hostnameCapability(host: Host): Capability {
  return {
    name: "hostname",
    title: "Naming the host",
    async plan({ env }) {
      const { domain } = env.appliance;
      // `localhost` is every host's name already, and the name of none.
      if (domain === "localhost") return [];
      const { hostname: from } = await host.facts();
      if (from === domain) return [];
      const changes = [{ what: "hostname", from, to: domain }];
      const unavailable = host.whyUnavailable("hostname");
      return [step({ capability: "hostname", summary: `Set the name of the host to ${domain}`, changes, unavailable })];
    },
    async apply(_step, { env }) {
      await host.hostname.set(env.appliance.domain);
    },
  };
}
