import { fillDatabase, writeDocuments } from "../backup/data.ts";
import { setUpOldSystem } from "../backup/old-system.ts";
import { startSite, type Site } from "../backup/site.ts";
import { plain, type Figure } from "../figure.ts";

/** From one full of the old system to its next. */
const NIGHTS = 60;
const LIMIT = 0.55;

/** An eleventh of the other figures' data, with what comes to it in a night in the same proportion to 97 GB after five years. */
const DOCUMENTS = { files: 137, megabytes: 50 };
const DUMP_ROWS = 6_500;
const NEW_BYTES = 27_000;

/** What is at the target after two months of runs, one each night. restic removes nothing of it meanwhile. */
export async function backupSpace(): Promise<Figure[]> {
  const site = startSite();
  try {
    writeDocuments(site, DOCUMENTS);
    fillDatabase(site, DUMP_ROWS);
    const old = setUpOldSystem(site, "space", "file:///r/old");
    const ours = () =>
      site.runOnce({
        action: "backup",
        engine: "restic",
        target: { url: "file:///r/restic" },
        state: "/r/restic-state",
      });
    old.full();
    ours();
    for (let night = 1; night < NIGHTS; night += 1) {
      pass(site, night);
      old.increment();
      ours();
    }
    pass(site, NIGHTS);
    old.full();
    ours();
    return figuresOf(sizeOf(site, "/r/old"), sizeOf(site, "/r/restic"), sizeOf(site, "/data"));
  } finally {
    site.remove();
  }
}

/** A day: a document more, and one of a hundred rows changed. */
function pass(site: Site, night: number) {
  site.script(`head -c ${NEW_BYTES} /dev/urandom > /data/ecs-storage-vault/new-${night}.gpg
    psql -qU postgres ecs -c "UPDATE submission SET changed = changed + 1 WHERE id % 100 = ${night % 100}"`);
}

const sizeOf = (site: Site, folder: string) => Number(site.script(`du -sb ${folder} | cut -f 1`)) / 1e6;

function figuresOf(old: number, ours: number, data: number): Figure[] {
  const share = ours / old;
  return [
    plain(`the data after ${NIGHTS} nights, dump and index among it`, `${data.toFixed(1)} MB`),
    plain("duply, the old options: two fulls and the increments between them", `${old.toFixed(1)} MB`, "the peer"),
    plain(`restic: ${NIGHTS + 1} points, nothing pruned`, `${ours.toFixed(1)} MB`),
    {
      name: "space, the old options are 1",
      measured: share.toFixed(2),
      beside: `at most ${LIMIT}`,
      met: share <= LIMIT,
    },
  ];
}
