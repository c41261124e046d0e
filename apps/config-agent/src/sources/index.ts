import type { RunCommand } from "@appliance/command";
import type { Host } from "@appliance/host";
import { PATHS } from "../paths.ts";
import { lookOnDrives } from "./drives.ts";
import { lookAtFile } from "./file.ts";
import type { Look } from "./look.ts";
import { askMetadata, passOverMetadata } from "./metadata.ts";

export interface SourceDeps {
  host: Pick<Host, "root" | "kind" | "whyUnavailable" | "drives">;
  run: RunCommand;
  /** A path on the host that is looked at before /app/env.yml. */
  envYml?: string | undefined;
  /** Where the metadata services of clouds answer; of another address only tests know. */
  metadataUrl: string;
}

/** Every place where env.yml may be, in the order of the manual, 3. A place is looked at when those before it had none. */
export async function* lookEverywhere({ host, run, envYml, metadataUrl }: SourceDeps): AsyncGenerator<Look> {
  for (const path of [...(envYml === undefined ? [] : [envYml]), PATHS.envYml]) yield await lookAtFile(host.root, path);
  yield* lookOnDrives({ host, run });
  if (host.kind === "folder") yield* passOverMetadata("it would be asked for this machine, not for this root");
  else yield* askMetadata({ run, baseUrl: metadataUrl, inHostNetwork: true });
}
