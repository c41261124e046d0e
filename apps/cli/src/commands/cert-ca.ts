import { CertificatesAnswer, RolloverResult } from "../cert-shapes.ts";
import type { Context } from "../context.ts";
import { followJob } from "../follow-job.ts";
import { describeClients } from "./cert-status.ts";

type CertContext = Pick<Context, "certAgent" | "terminal">;

/** `appliance cert ca [show]`: who signs certificates of users, and until when. */
export async function showAuthority({ json }: { json: boolean }, { certAgent, terminal }: CertContext): Promise<void> {
  const { clients } = CertificatesAnswer.parse(await certAgent.get("/certificates"));
  if (json) terminal.json(clients);
  else terminal.print(describeClients(clients).join("\n"));
}

/** `appliance cert ca rollover`: a new authority beside the old one; with `finish` the new one alone. */
export async function rollOver({ finish }: { finish: boolean }, { certAgent, terminal }: CertContext): Promise<void> {
  const request = { queue: "cert", name: "ca.rollover", data: { requestedBy: "cli", finish } };
  terminal.print(describe(RolloverResult.parse(await followJob(certAgent, request, terminal.say))));
}

const NEXT = "Once every user has a new one: appliance cert ca rollover --finish";

function describe({ outcome, stopped }: RolloverResult): string {
  if (outcome === "begun")
    return `New certificates come from a new authority; those of the old one stay valid.\n${NEXT}`;
  if (outcome === "under way") return `The authority is being changed already, and stays so.\n${NEXT}`;
  const ended = stopped === 1 ? "1 that was valid has" : `${stopped} that were valid have`;
  return `Certificates of the old authority are refused from now on; ${ended} ended by it.`;
}
