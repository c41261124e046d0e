import type { Site, Taken } from "./site.ts";

/** The old system's way: a dump by pg_dump and gzip before duply, 25 MB volumes, gpg as it comes, signed. */
export interface OldSystem {
  full(): Taken;
  increment(): Taken;
  restore(): Taken;
}

/** What it does of a dump before duply begins. */
export const OLD_DUMP =
  "pg_dump --username=postgres --format=custom --compress=0 ecs | gzip --rsyncable > /data/ecs-pgdump/ecs.pgdump.gz";

export function setUpOldSystem(site: Site, profile: string, target: string): OldSystem {
  site.script(`mkdir -p /root/.duply/${profile}
    key=$(gpg --list-keys --with-colons | sed -n 's/^fpr:*\\([0-9A-F]*\\):/\\1/p' | head -n 1)
    cat > /root/.duply/${profile}/conf <<END
GPG_KEY='$key'
GPG_KEY_SIGN='$key'
GPG_PW=''
GPG_TEST='disabled'
GPG_OPTS='--trust-model=always'
TARGET='${target}'
SOURCE='/data'
MAX_AGE=4M
VOLSIZE=25
MAX_FULLBKP_AGE=2M
DUPL_PARAMS="\\$DUPL_PARAMS --full-if-older-than 2M --volsize 25"
END
    printf -- '+ /data/ecs-storage-vault\\n+ /data/ecs-pgdump/ecs.pgdump.gz\\n- **\\n' > /root/.duply/${profile}/exclude`);
  return {
    full: () => site.measure(`${OLD_DUMP}\nduply ${profile} full`),
    increment: () => site.measure(`${OLD_DUMP}\nduply ${profile} incr`),
    restore: () => site.measure(`rm -rf /r/out\nduply ${profile} restore /r/out`),
  };
}
