import { CertificatesAnswer } from "../cert-shapes.ts";
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
  await followJob(certAgent, request, terminal.say);
  terminal.print(
    finish
      ? "Certificates of the old authority are refused from now on."
      : "New certificates come from a new authority; those of the old one stay valid.\n" +
          "Once every user has a new one: appliance cert ca rollover --finish",
  );
}
