import { OperatorError } from "@appliance/errors";
import type { Host } from "@appliance/host";
import { step, type Capability, type Wanted } from "../capability.ts";
import { isMetadataService } from "../sources/metadata.ts";

/** Containers are kept from the cloud's metadata service before the application is one of them. */
export function metadataBlockCapability(host: Pick<Host, "whyUnavailable" | "metadataBlock">): Capability {
  return {
    name: "metadata-block",
    title: "Keeping containers from the metadata service",
    async plan(wanted) {
      const why = host.whyUnavailable("metadataBlock");
      const { blocked, unavailable } = why ? { blocked: false, unavailable: why } : await host.metadataBlock.observe();
      if (blocked) return [];
      if (unavailable !== undefined) refuseIfReadable(wanted, unavailable);
      const summary = "Keep containers from the metadata service 169.254.169.254";
      return [step({ capability: "metadata-block", summary, unavailable })];
    },
    async apply() {
      await host.metadataBlock.ensure();
    },
  };
}

/** The service that gave env.yml gives it to whoever asks, the application too. */
function refuseIfReadable({ source }: Wanted, why: string): void {
  if (!isMetadataService(source)) return;
  throw new OperatorError("METADATA_UNPROTECTED", `Containers cannot be kept from env.yml in the ${source}: ${why}.`, {
    remedy:
      "Let the Docker engine use iptables (`apt install iptables`, then `systemctl restart docker`), then run `appliance apply`.",
  });
}
