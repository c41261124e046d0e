import { DOCUMENTS, fillDatabase, ROWS, writeDocuments } from "../backup/data.ts";
import { setUpOldSystem } from "../backup/old-system.ts";
import { startSite, type Site } from "../backup/site.ts";
import type { Bench } from "../bench.ts";
import { plain, type Figure } from "../figure.ts";

/** From one full of the old system to its next. */
const NIGHTS = 60;
const FIRST_NIGHT = Date.UTC(2026, 0, 1, 0, 30);
const DAY_MS = 86_400_000;
const LIMIT = 0.55;

/** What comes to the data in a night has the same proportion to it as at 97 GB after five years. */
const NEW_SHARE = 0.00054;

/** An eleventh of the other figures' data, or with `--full` all of it. */
const PART = 1 / 11;

/**
 * What is at the target after two months of runs, one each night. Ours removes each night what its default retention does not keep; the
 * old system keeps everything for four months.
 */
export async function backupSpace({ full }: Bench): Promise<Figure[]> {
  const site = startSite();
  try {
    const part = full ? 1 : PART;
    const { files, megabytes } = DOCUMENTS;
    writeDocuments(site, { files: Math.round(files * part), megabytes: megabytes * part });
    fillDatabase(site, Math.round(ROWS * part));
    const old = setUpOldSystem(site, "space", "file:///r/old");
    const newBytes = Math.round(megabytes * part * 1e6 * NEW_SHARE);
    for (let night = 0; night <= NIGHTS; night += 1) {
      if (night > 0) pass(site, night, newBytes);
      if (night % NIGHTS === 0) old.full();
      else old.increment();
      ours(site, night);
    }
    return figuresOf(sizeOf(site, "/r/old"), sizeOf(site, "/r/restic"), sizeOf(site, "/data"), pointsAt(site));
  } finally {
    site.remove();
  }
}

function ours(site: Site, night: number): void {
  site.runOnce({
    action: "backup",
    engine: "restic",
    target: { url: "file:///r/restic" },
    state: "/r/restic-state",
    night: new Date(FIRST_NIGHT + night * DAY_MS).toISOString(),
  });
}

const pointsAt = (site: Site) => Number(site.script("ls /r/restic/snapshots | wc -l"));

/** A day: a document more, and one of a hundred rows changed, all over the table: the worst for deduplication. */
function pass(site: Site, night: number, newBytes: number) {
  site.script(`head -c ${newBytes} /dev/urandom > /data/ecs-storage-vault/new-${night}.gpg
    psql -qU postgres ecs -c "UPDATE submission SET changed = changed + 1 WHERE id % 100 = ${night % 100}"`);
}

const sizeOf = (site: Site, folder: string) => Number(site.script(`du -sb ${folder} | cut -f 1`)) / 1e6;

function figuresOf(old: number, ours: number, data: number, points: number): Figure[] {
  const share = ours / old;
  return [
    plain(`the data after ${NIGHTS} nights, dump and index among it`, `${data.toFixed(1)} MB`),
    plain("duply, the old options: two fulls and the increments between them", `${old.toFixed(1)} MB`, "the peer"),
    plain(`restic: ${points} points that the default retention keeps of ${NIGHTS + 1}`, `${ours.toFixed(1)} MB`),
    {
      name: "space, the old options are 1",
      measured: share.toFixed(2),
      beside: `at most ${LIMIT}`,
      met: share <= LIMIT,
    },
  ];
}
