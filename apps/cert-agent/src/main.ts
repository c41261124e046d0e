import { join } from "node:path";
import { createLog, parseAgentConfig, runAgent, startAgent, watchFile, watchSlice } from "@appliance/agent";
import { createProducer } from "@appliance/jobs";
import { toConfig, Variables } from "./config.ts";
import { certificateJobs } from "./jobs.ts";
import { startLoop } from "./loop.ts";
import { certificateMetrics } from "./metrics.ts";
import { createParts } from "./parts.ts";
import { certificateRoutes } from "./routes.ts";
import { CertAgentSlice, readSlice, secretsIn } from "./slice.ts";

await runAgent(async () => {
  const { variables, ...shared } = parseAgentConfig("cert-agent", process.env, Variables);
  const config = toConfig(variables);
  let secrets = (): string[] => [];
  const log = createLog({ config: shared, secrets: () => secrets() });
  const slice = await watchSlice({ dir: shared.sliceDir, schema: CertAgentSlice, log });
  secrets = () => secretsIn(slice.current());

  const producer = createProducer({ connection: shared.queue, agent: shared.name, log });
  const parts = await createParts({
    config,
    slice: async () => (await readSlice(shared.sliceDir)) ?? slice.current(),
    domain: () => slice.current()?.domain ?? "",
    producer,
    log,
  });
  // Without the queue too: what is served, and the end of what was revoked, hang on nothing but files.
  const loop = startLoop({ ...parts, isTold: () => slice.current() !== undefined });
  slice.onChange(() => loop.wake());
  const watches = await Promise.all(
    ["ca.cert.pem", "crl.pem"].map((file) => watchFile(join(config.applicationCaDir, file), async () => loop.wake())),
  );
  return startAgent({
    config: shared,
    version: config.version,
    log,
    producer,
    jobs: certificateJobs(parts),
    // An authority may take minutes to give a certificate; a revocation does not wait for it.
    concurrency: { cert: 4 },
    routes: certificateRoutes(parts),
    metrics: certificateMetrics(parts),
    ready: () => slice.ready(),
    async onClose() {
      slice.close();
      for (const watch of watches) watch.close();
      await loop.close();
    },
  });
});
