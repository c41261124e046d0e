import type { JobContract, JobOutcome } from "@appliance/jobs";
import { Counter, Gauge, Registry } from "prom-client";

/** The figures that every agent shows. The library's default ones cost 1 % of a core for little insight. */
export interface AgentMetrics {
  registry: Registry;
  jobFinished: (contract: JobContract, outcome: JobOutcome, seconds: number) => void;
}

interface Sources {
  agent: string;
  version: string;
  isQueueConnected: () => boolean;
  activeJobs: () => number;
}

export function createMetrics({ agent, version, isQueueConnected, activeJobs }: Sources): AgentMetrics {
  const registry = new Registry();
  registry.setDefaultLabels({ agent });
  const labelNames = ["job", "outcome"] as const;
  const jobs = new Counter({
    name: "appliance_jobs_total",
    help: "Jobs that ended, by outcome.",
    labelNames,
    registers: [registry],
  });
  const seconds = new Counter({
    name: "appliance_job_seconds_total",
    help: "Time spent on jobs.",
    labelNames,
    registers: [registry],
  });
  const info = gauge(registry, "appliance_agent_info", "The version that runs.", undefined, ["version"]);
  info.labels({ version }).set(1);
  gauge(registry, "appliance_queue_connected", "1 while the queue can be reached.", () => Number(isQueueConnected()));
  gauge(registry, "appliance_jobs_active", "Jobs being worked on now.", activeJobs);
  gauge(registry, "process_resident_memory_bytes", "Resident memory.", () => process.memoryUsage.rss());
  const startedAt = Date.now() / 1000 - process.uptime();
  gauge(registry, "process_start_time_seconds", "Start of the process since the epoch.", () => startedAt);
  return {
    registry,
    jobFinished({ name }, outcome, took) {
      jobs.inc({ job: name, outcome });
      seconds.inc({ job: name, outcome }, took);
    },
  };
}

function gauge(registry: Registry, name: string, help: string, read?: () => number, labelNames: string[] = []) {
  const registers = [registry];
  if (!read) return new Gauge({ name, help, labelNames, registers });
  return new Gauge({
    name,
    help,
    labelNames,
    registers,
    collect() {
      this.set(read());
    },
  });
}
