import { OLD_DUMP, setUpOldSystem } from "../backup/old-system.ts";
import type { RunReport } from "../backup/run-order.ts";
import { startSite, type Site, type Taken } from "../backup/site.ts";
import type { Bench } from "../bench.ts";
import { median, plain, spread, type Figure } from "../figure.ts";
import { sum } from "../usage.ts";

const FILES = 300_000;
const TIME_LIMIT = 0.5;
const ENGINE_LIMIT_MB = 300;
const NODE_LIMIT_MB = 60;
const ENGINES = ["duplicity", "restic"] as const;

/** Nights on which nothing has changed, with as many files as an appliance has after five years: empty, since no content is read. */
export async function backupUnchanged({ full }: Bench): Promise<Figure[]> {
  const site = startSite();
  try {
    writeEmptyFiles(site);
    const old = setUpOldSystem(site, "unchanged", "file:///r/old");
    old.full();
    for (const engine of ENGINES) run(site, engine);
    const nights = Array.from({ length: full ? 3 : 1 }, () => ({
      old: site.measure(`${OLD_DUMP}\nduply unchanged incr`),
      duplicity: run(site, "duplicity"),
      restic: run(site, "restic"),
    }));
    return figuresOf(nights);
  } finally {
    site.remove();
  }
}

function writeEmptyFiles(site: Site) {
  site.script(`cd /data/ecs-storage-vault && seq -f '%06.0f' 0 ${FILES - 1} | awk '{ print substr($1, 1, 3) "/" $1 }' > /tmp/names
    cut -d / -f 1 /tmp/names | uniq | xargs mkdir && xargs touch < /tmp/names
    psql -qU postgres ecs -c 'CREATE TABLE submission AS SELECT generate_series(1, 1000) AS id'`);
}

const run = (site: Site, engine: (typeof ENGINES)[number]): RunReport =>
  site.runOnce({ action: "backup", engine, target: { url: `file:///r/${engine}` }, state: `/r/${engine}-state` });

interface Night {
  old: Taken;
  duplicity: RunReport;
  restic: RunReport;
}

function figuresOf(nights: readonly Night[]): Figure[] {
  const old = nights.map((night) => night.old);
  return [
    plain(
      "duply, the old options: CPU",
      spread(
        old.map(({ cpu }) => cpu),
        "s",
        1,
      ),
      "the peer",
    ),
    plain("duply: memory", `${Math.max(...old.map(({ megabytes }) => megabytes)).toFixed(0)} MB`),
    ...ENGINES.flatMap((engine) => figuresOfEngine(engine, nights)),
  ];
}

function figuresOfEngine(engine: (typeof ENGINES)[number], nights: readonly Night[]): Figure[] {
  const reports = nights.map((night) => night[engine]);
  const cpu = (report: RunReport) => sum(report.phases.map((phase) => phase.cpu));
  const ofPhase = (name: string) =>
    median(reports.map(({ phases }) => phases.find((phase) => phase.name === name)?.cpu ?? 0)).toFixed(1);
  const share = median(nights.map((night) => cpu(night[engine]) / night.old.cpu));
  const clock = median(nights.map((night) => sum(night[engine].phases.map(({ wall }) => wall)) / night.old.wall));
  const most = (of: (report: RunReport) => number) => Math.max(...reports.map(of));
  return [
    plain(
      `${engine}: CPU`,
      `${spread(reports.map(cpu), "s", 1)}; dump ${ofPhase("dump")}, index ${ofPhase("index")}, engine ${ofPhase("engine")}`,
    ),
    {
      name: `${engine}: CPU, the old options are 1`,
      measured: share.toFixed(2),
      beside: `at most ${TIME_LIMIT}`,
      met: share <= TIME_LIMIT,
    },
    {
      name: `${engine}: time by the clock, the old options are 1`,
      measured: clock.toFixed(2),
      beside: `at most ${TIME_LIMIT}`,
      met: clock <= TIME_LIMIT,
    },
    limited(
      `${engine}: memory of the engine`,
      most(({ engineMb }) => engineMb),
      ENGINE_LIMIT_MB,
    ),
    limited(
      `${engine}: anonymous memory of Node`,
      most(({ nodeMb }) => nodeMb),
      NODE_LIMIT_MB,
    ),
    plain(
      `${engine}, projected to a night with 1.5 million files and no change`,
      `CPU ${((median(reports.map(cpu)) * 1_500_000) / FILES / 60).toFixed(1)} min`,
    ),
  ];
}

const limited = (name: string, megabytes: number, limit: number): Figure => ({
  name,
  measured: `${megabytes.toFixed(0)} MB`,
  beside: `below ${limit} MB`,
  met: megabytes < limit,
});
