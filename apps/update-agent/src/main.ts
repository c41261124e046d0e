import { createLog, parseAgentConfig, runAgent, startAgent, watchSlice } from "@appliance/agent";
import { runCommand } from "@appliance/command";
import { createProducer } from "@appliance/jobs";
import { createCompose } from "./compose.ts";
import { toConfig, Variables } from "./config.ts";
import { containerJobs } from "./container-jobs.ts";
import { createDocker } from "./docker.ts";
import { createGroups } from "./groups.ts";
import { createOutputs } from "./outputs.ts";
import { containerRoutes } from "./routes.ts";
import { secretsIn, Slice } from "./slice.ts";

await runAgent(async () => {
  const { variables, ...shared } = parseAgentConfig("update-agent", process.env, Variables);
  const config = { ...toConfig(variables), sliceDir: shared.sliceDir };
  let secrets = (): string[] => [];
  const log = createLog({ config: shared, secrets: () => secrets() });
  // Jobs read the slice by themselves: one that was replaced a moment ago may not have been noticed here.
  const slice = await watchSlice({ dir: config.sliceDir, schema: Slice, log });
  secrets = () => secretsIn(slice.current());

  const docker = createDocker({ socketPath: config.dockerSocket });
  const compose = createCompose({ run: runCommand, dockerSocket: config.dockerSocket });
  const groups = createGroups(config, docker);
  const outputs = createOutputs();
  return startAgent({
    config: shared,
    version: config.version,
    log,
    producer: createProducer({ connection: shared.queue, agent: shared.name, log }),
    jobs: containerJobs({ compose, docker, groups, outputs, workDir: config.workDir }),
    // Looking is not held up by a start that takes minutes; changes of one project wait for its lock.
    concurrency: { containers: 4 },
    routes: containerRoutes({ docker, groups, outputs }),
    ready: () => slice.ready(),
    onClose: () => slice.close(),
  });
});
