import { changeData, DOCUMENTS, writeData } from "../backup/data.ts";
import { setUpOldSystem } from "../backup/old-system.ts";
import type { RunReport } from "../backup/run-order.ts";
import { startSite, type Site, type Taken } from "../backup/site.ts";
import type { Bench } from "../bench.ts";
import { median, plain, spread, type Figure } from "../figure.ts";
import { sum } from "../usage.ts";

const ENGINES = ["duplicity", "restic"] as const;
type Engine = (typeof ENGINES)[number];
type Place = "local" | "sftp";

/** What one program did in one round. */
interface Work {
  full: Taken;
  increment: Taken;
  restore: Taken;
  /** Bytes at the target after both. */
  stored: number;
}

interface Round {
  old: Work;
  ours: Record<Engine, Work>;
  /** Of `ours.full` the engine alone, beside the same program called by hand. */
  alone: Record<Engine, { engine: Taken; byHand: Taken }>;
}

/** At most so much of the CPU time of the old system's run. */
const GOALS = { duplicity: { full: 0.4 }, restic: { full: 0.3, restore: 0.5 } } as const;
const BY_HAND = 1.1;

/** Whole runs, dump included, of both engines beside duply with the old system's options, to a folder of the same disk. */
export async function backup(bench: Bench): Promise<Figure[]> {
  const rounds = takeRounds(bench, "local");
  return [...figuresOf("local", rounds), ...projectionOf(rounds)];
}

/** The same over sftp. What the server takes does not count. */
export async function backupOverSftp(bench: Bench): Promise<Figure[]> {
  return figuresOf("sftp", takeRounds(bench, "sftp"));
}

function takeRounds({ full }: Bench, place: Place): Round[] {
  const site = startSite();
  try {
    writeData(site);
    return Array.from({ length: full ? 3 : 1 }, (_, n) => takeRound(site, place, `${place}${n}`));
  } finally {
    site.remove();
  }
}

function takeRound(site: Site, place: Place, name: string): Round {
  const url = (who: string) => (place === "local" ? `file:///r/${name}-${who}` : site.sftp.url(`${name}-${who}`));
  const old = setUpOldSystem(site, name, url("old"));
  const run = (engine: Engine, action: "backup" | "restore") => ourRun(site, engine, action, url(engine), name);
  /** With sums of every file. */
  const first = (engine: Engine) => {
    site.script("rm -f /data/ecs-pgdump/backup-*");
    return run(engine, "backup");
  };

  const fulls = { old: old.full(), duplicity: first("duplicity"), restic: first("restic") };
  const byHand = { duplicity: duplicityByHand(site, url("hand")), restic: resticByHand(site, url("hand-restic")) };
  changeData(site);
  const increments = { old: old.increment(), duplicity: run("duplicity", "backup"), restic: run("restic", "backup") };
  const restores = {
    old: checked(site, () => old.restore()),
    duplicity: checked(site, () => run("duplicity", "restore")),
    restic: checked(site, () => run("restic", "restore")),
  };
  const stored = (who: string) => (place === "local" ? Number(site.script(`du -sb /r/${name}-${who} | cut -f 1`)) : 0);
  const work = (engine: Engine): Work => ({
    full: whole(fulls[engine]),
    increment: whole(increments[engine]),
    restore: whole(restores[engine]),
    stored: stored(engine),
  });
  const alone = (engine: Engine) => ({ engine: engineOf(fulls[engine]), byHand: byHand[engine] });
  const round = {
    old: { full: fulls.old, increment: increments.old, restore: restores.old, stored: stored("old") },
    ours: { duplicity: work("duplicity"), restic: work("restic") },
    alone: { duplicity: alone("duplicity"), restic: alone("restic") },
  };
  site.script(`rm -rf /r/${name}-* /r/out`);
  return round;
}

function ourRun(site: Site, engine: Engine, action: "backup" | "restore", url: string, name: string): RunReport {
  const target = {
    url,
    ...(url.startsWith("sftp") ? { knownHosts: site.sftp.knownHosts, sshKey: site.sftp.key } : {}),
  };
  if (action === "restore") site.script("rm -rf /r/out");
  return site.runOnce({ action, engine, target, state: `/r/${name}-${engine}-state` });
}

/** The documents must be back, or the time that it took says nothing. */
function checked<T>(site: Site, restore: () => T): T {
  const taken = restore();
  site.script("diff --recursive --brief /data/ecs-storage-vault /r/out/ecs-storage-vault");
  return taken;
}

function whole({ phases, engineMb }: RunReport): Taken {
  return {
    wall: sum(phases.map(({ wall }) => wall)),
    cpu: sum(phases.map(({ cpu }) => cpu)),
    megabytes: engineMb,
  };
}

const engineOf = ({ phases, engineMb }: RunReport): Taken =>
  whole({ phases: phases.filter(({ name }) => name === "engine"), engineMb, nodeMb: 0 });

/** With the options that our engine gives it. */
function duplicityByHand(site: Site, url: string): Taken {
  const key = `$(gpg --list-keys --with-colons | sed -n 's/^fpr:*\\([0-9A-F]*\\):/\\1/p' | head -n 1)`;
  const gpg = "--trust-model=always --compress-algo=none --digest-algo=SHA256";
  return site.measure(`export PASSPHRASE=
    duplicity full --encrypt-key ${key} --sign-key ${key} --gpg-options "${gpg}" --volsize 25 --archive-dir /r/hand-archive \\
      --include /data/ecs-storage-vault --include /data/ecs-pgdump --exclude '**' /data ${url}
    rm -rf /r/hand-archive`);
}

function resticByHand(site: Site, url: string): Taken {
  const [, address] = /^sftp:\/\/(.*)$/.exec(url) ?? [];
  const repository = address === undefined ? url.slice("file://".length) : `sftp://${address}`;
  return site.measure(`export RESTIC_PASSWORD=bench
    restic --repo ${repository} --cache-dir /r/hand-cache init --quiet
    cd /data && restic --repo ${repository} --cache-dir /r/hand-cache backup --quiet --compression off ecs-storage-vault ecs-pgdump
    rm -rf /r/hand-cache`);
}

function figuresOf(place: Place, rounds: readonly Round[]): Figure[] {
  const where = place === "local" ? "on a disk" : "over sftp";
  return [
    ...kindsOf(
      "duply, the old options",
      where,
      rounds.map(({ old }) => old),
    ),
    ...ENGINES.flatMap((engine) => [
      ...kindsOf(
        `ours with ${engine}`,
        where,
        rounds.map(({ ours }) => ours[engine]),
      ),
      ratio(
        `${engine}, full, ${where}: CPU, the old options are 1`,
        rounds,
        (round) => [round.ours[engine].full.cpu, round.old.full.cpu],
        GOALS[engine].full,
      ),
      ratio(
        `${engine}, restore of everything, ${where}: CPU, the old options are 1`,
        rounds,
        (round) => [round.ours[engine].restore.cpu, round.old.restore.cpu],
        engine === "restic" ? GOALS.restic.restore : undefined,
      ),
      ratio(
        `${engine}, full, ${where}: the engine alone, the same program by hand is 1`,
        rounds,
        ({ alone }) => [alone[engine].engine.cpu, alone[engine].byHand.cpu],
        BY_HAND,
      ),
    ]),
  ];
}

function kindsOf(who: string, where: string, works: readonly Work[]): Figure[] {
  const stored = median(works.map((work) => work.stored));
  const described = (kind: "full" | "increment" | "restore") =>
    `CPU ${spread(
      works.map((work) => work[kind].cpu),
      "s",
      1,
    )}, by the clock ${median(works.map((work) => work[kind].wall)).toFixed(1)} s`;
  return (["full", "increment", "restore"] as const).map((kind) =>
    plain(
      `${who}, ${where}: ${kind}${kind === "restore" && stored > 0 ? ` of ${(stored / 1e6).toFixed(0)} MB` : ""}`,
      described(kind),
    ),
  );
}

function ratio(
  name: string,
  rounds: readonly Round[],
  of: (round: Round) => [ours: number, theirs: number],
  limit?: number,
): Figure {
  const ratios = rounds.map((round) => {
    const [ours, theirs] = of(round);
    return ours / theirs;
  });
  const measured = spread(ratios, "", 2).replace("  ", " ");
  if (limit === undefined) return plain(name, measured);
  return { name, measured, beside: `at most ${limit}`, met: median(ratios) <= limit };
}

/** An appliance after five years, and one of the size that the manual names. Their documents have the same mean size as those measured. */
const SIZES = [
  { name: "97 GB in 296 000 files", gigabytes: 97 },
  { name: "500 GB in 1.5 million files", gigabytes: 500 },
];
const MANUAL_HOURS = 8;

function projectionOf(rounds: readonly Round[]): Figure[] {
  const hours = (taken: (round: Round) => Taken, of: keyof Pick<Taken, "cpu" | "wall">, gigabytes: number) =>
    (median(rounds.map((round) => taken(round)[of])) * gigabytes * 1000) / DOCUMENTS.megabytes / 3600;
  return SIZES.flatMap(({ name, gigabytes }) =>
    (["full", "restore"] as const).map((kind): Figure => {
      const by = (of: "cpu" | "wall") =>
        ENGINES.map((engine) => `${engine} ${hours(({ ours }) => ours[engine][kind], of, gigabytes).toFixed(2)}`).join(
          ", ",
        );
      const old = hours((round) => round.old[kind], "cpu", gigabytes).toFixed(2);
      return plain(
        `projected, ${name}: ${kind === "full" ? "full backup" : "restore, in a drill or a recovery"}`,
        `CPU hours: ${by("cpu")}; by the clock of this run: ${by("wall")}`,
        `old options ${old} CPU hours${kind === "full" && gigabytes === 500 ? `; the manual ${MANUAL_HOURS} h` : ""}`,
      );
    }),
  );
}
