import type { Site } from "./site.ts";

/** As measured at an appliance after five years: 1508 documents, log-normal around 339 KB, which nothing can compress. */
export const DOCUMENTS = { files: 1508, megabytes: 551 };
const MEDIAN_BYTES = 339_000;
const SIGMA = 0.44;

/** Rows that compress to a dump of about 40 MB. */
const ROWS = 72_000;

/** Writes the documents and fills the database, the same number of bytes each time. */
export function writeData(site: Site): void {
  site.script(`python3 - <<'END'
import os, random
random.seed(1)
sizes = [int(random.lognormvariate(0, ${SIGMA}) * ${MEDIAN_BYTES}) for _ in range(${DOCUMENTS.files})]
scale = ${DOCUMENTS.megabytes}e6 / sum(sizes)
for n, size in enumerate(sizes):
    folder = f"/data/ecs-storage-vault/{n % 97:04d}"
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/{n:06d}.gpg", "wb") as file:
        file.write(os.urandom(int(size * scale)))
END
psql -qU postgres ecs <<'END'
CREATE TABLE submission (id int PRIMARY KEY, changed int, content bytea);
INSERT INTO submission SELECT n, 0, decode((SELECT string_agg(md5(random()::text || n), '') FROM generate_series(1, 32)), 'hex')
  FROM generate_series(1, ${ROWS}) n;
END`);
}

/** One percent of the documents, and of the rows, changes. */
export function changeData(site: Site): void {
  site.script(`find /data/ecs-storage-vault -type f | sort | awk 'NR % 100 == 50' | while read -r file; do
    head -c "$(stat -c %s "$file")" /dev/urandom > "$file"; done
    psql -qU postgres ecs -c "UPDATE submission SET changed = changed + 1, content = decode(md5(random()::text), 'hex') || substr(content, 17) WHERE id % 100 = 50"`);
}
