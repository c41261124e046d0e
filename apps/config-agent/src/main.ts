import { createLog, parseAgentConfig, runAgent, startAgent } from "@appliance/agent";
import { runCommand } from "@appliance/command";
import { secretsOf, type Env } from "@appliance/env";
import { toFailure } from "@appliance/errors";
import {
  BackupRun,
  ConfigApply,
  ConfigCheck,
  ConfigRecover,
  ConfigStop,
  DatabaseCreate,
  EnvUpdate,
  createProducer,
  handle,
} from "@appliance/jobs";
import { openLease } from "@appliance/lease";
import { createActiveEnv } from "./active-env.ts";
import { allCapabilities } from "./capabilities/index.ts";
import { HEALTH_PATH } from "./capabilities/open.ts";
import { createCertAgent } from "./cert-agent.ts";
import { Variables } from "./config.ts";
import { createContainers } from "./containers.ts";
import { connectDatabase } from "./database/database.ts";
import { checkEnv, createEnvFinder } from "./env-source.ts";
import { createFailureFile } from "./status/failure.ts";
import { createHost } from "./host.ts";
import { hostJobs } from "./host-jobs.ts";
import { createLifecycle } from "./lifecycle.ts";
import { PATHS } from "./paths.ts";
import { prepareControl } from "./prepare-control.ts";
import { answers } from "./probe.ts";
import { nextPull } from "./recovery/plan-pull.ts";
import { createPulledData } from "./recovery/pulled-data.ts";
import { createRecoveryRecords } from "./recovery/recovery-record.ts";
import { createRootFiles } from "./root-files.ts";
import { routes } from "./routes.ts";
import { createStatus } from "./status/status.ts";
import { isMetadataOpen } from "./metadata-open.ts";
import { lookEverywhere } from "./sources/index.ts";
import { supervise } from "./supervise.ts";
import type { TlsTexts } from "./tls-texts.ts";

if (process.argv[2] === "prepare") await prepare();
else await runAgent(start);

/** The one-shot service `prepare` is this program too, since it needs the same libraries and rights. */
async function prepare() {
  const { CONTROL_DIR: controlDir = PATHS.control, RUN_DIR: runDir = "/run/appliance" } = process.env;
  try {
    await prepareControl({ controlDir, runDir, run: runCommand, log: (message) => console.log(message) });
  } catch (err) {
    console.error({ ...toFailure(err), err });
    process.exitCode = 1;
  }
}

async function start() {
  const config = parseAgentConfig("config-agent", process.env, Variables);
  const {
    HOST_ROOT,
    HOST_POWERS,
    APPLIANCE_VERSION: version,
    PROBE_TARGET,
    PROBE_IN_HOST_NETWORK,
    HTTPS_PORT,
    PACKAGE_CACHE_PORT,
    ENV_YML: envYml,
    METADATA_URL: metadataUrl,
  } = config.variables;
  let secrets: string[] = [];
  const log = createLog({ config, secrets: () => secrets });
  const producer = createProducer({ connection: config.queue, agent: "config-agent", log });
  const host = createHost(HOST_POWERS, HOST_ROOT, runCommand);
  const files = createRootFiles(HOST_ROOT);
  const now = () => new Date();
  const status = await createStatus(files, now);
  const failure = createFailureFile(files, now);
  const activeEnv = createActiveEnv(files);
  const finder = createEnvFinder(() => lookEverywhere({ host, run: runCommand, envYml, metadataUrl }));
  const containers = createContainers(producer);
  const recoveries = createRecoveryRecords(files, now);
  const pulled = createPulledData(files);
  const database = connectDatabase(`${HOST_ROOT}${PATHS.databaseSocket}`);
  const probe = { run: runCommand, target: PROBE_TARGET, inHostNetwork: PROBE_IN_HOST_NETWORK };
  const capabilities = allCapabilities({
    host,
    files,
    containers,
    certAgent: createCertAgent(producer),
    database,
    version,
    httpsPort: HTTPS_PORT,
    packageCachePort: PACKAGE_CACHE_PORT,
    probe,
    log,
    open: () => status.show(false),
  });
  const lease = openLease({
    folder: `${HOST_ROOT}${PATHS.lease}`,
    runsFolder: `${HOST_ROOT}${PATHS.runs}`,
    agent: "config-agent",
    hostBoot: (await host.facts()).bootId,
  });
  const onEnv = (env: Env, tls?: TlsTexts) => {
    secrets = [...secretsOf(env), ...(tls?.given ? [tls.given.key] : [])];
  };
  const lifecycle = createLifecycle({
    host,
    files,
    finder,
    activeEnv,
    capabilities,
    containers,
    database,
    failure,
    status,
    lease,
    log,
    answers: (domain, signal) => answers(domain, HEALTH_PATH, probe, signal),
    onEnv,
    recoveries,
    pulled,
    orderFirstBackup: async (runId) => {
      await producer.enqueue(BackupRun, { requestedBy: "config-agent" }, { id: `${runId}-first-backup` });
    },
  });
  const stopping = new AbortController();
  const agent = await startAgent({
    config,
    version,
    log,
    producer,
    jobs: [
      handle(ConfigApply, lifecycle.apply),
      handle(ConfigCheck, lifecycle.check),
      handle(ConfigRecover, lifecycle.recover),
      handle(ConfigStop, lifecycle.stop),
      handle(EnvUpdate, lifecycle.updateEnv),
      handle(DatabaseCreate, lifecycle.createDatabase),
      ...hostJobs({ host, files }),
    ],
    routes: routes({ status, failure, activeEnv, finder }),
    onClose: () => stopping.abort(),
  });
  const metadataIsOpen = () => isMetadataOpen(host);
  const pullDue = async () => {
    const [source, { timeZone }] = [await activeEnv.read(), await host.facts()];
    return source && nextPull(checkEnv(source).env, await recoveries.read(), timeZone);
  };
  const watched = { producer, containers, failure, status, lease, recoveries, pullDue, metadataIsOpen, log };
  void supervise(watched, stopping.signal);
  return agent;
}
