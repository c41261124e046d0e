import type { Site } from "./site.ts";

/** As measured at an appliance after five years: 1508 documents, log-normal around 339 KB, which nothing can compress. */
export const DOCUMENTS = { files: 1508, megabytes: 551 };
const SIGMA = 0.44;

/** Rows that compress to a dump of about 40 MB. */
export const ROWS = 72_000;

export function writeData(site: Site): void {
  writeDocuments(site, DOCUMENTS);
  fillDatabase(site, ROWS);
}

/** Writes documents into the vault: their sizes are the same each time. */
export function writeDocuments(site: Site, { files, megabytes }: typeof DOCUMENTS): void {
  site.script(`python3 - <<'END'
import os, random
random.seed(1)
sizes = [random.lognormvariate(0, ${SIGMA}) for _ in range(${files})]
scale = ${megabytes}e6 / sum(sizes)
for n, size in enumerate(sizes):
    folder = f"/data/ecs-storage-vault/{n % 97:04d}"
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/{n:06d}.gpg", "wb") as file:
        file.write(os.urandom(int(size * scale)))
END`);
}

/** Fills the database with rows of half a kilobyte. */
export function fillDatabase(site: Site, rows: number): void {
  site.script(`psql -qU postgres -v ON_ERROR_STOP=1 ecs <<'END'
CREATE TABLE submission (id int PRIMARY KEY, changed int, content bytea);
INSERT INTO submission SELECT n, 0, decode((SELECT string_agg(md5(random()::text || n || part), '') FROM generate_series(1, 32) part), 'hex')
  FROM generate_series(1, ${rows}) n;
END`);
}

/** One percent of the documents, and of the rows, changes. */
export function changeData(site: Site): void {
  site.script(`find /data/ecs-storage-vault -type f | sort | awk 'NR % 100 == 50' | while read -r file; do
    head -c "$(stat -c %s "$file")" /dev/urandom > "$file"; done
    psql -qU postgres ecs -c "UPDATE submission SET changed = changed + 1, content = decode(md5(random()::text), 'hex') || substr(content, 17) WHERE id % 100 = 50"`);
}
