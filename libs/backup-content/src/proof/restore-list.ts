/** An extension that every appliance may have, made by its superuser and so refused to a role without rights. */
const PREPARED = ["plpgsql", "pg_stat_statements"];

export interface RestoreList {
  /** For `pg_restore --use-list`. */
  text: string;
  /** Extensions that the superuser makes before the rest is loaded. */
  extensions: string[];
}

/** A line is `ID; CATALOG OID KIND SCHEMA NAME OWNER`, where the schema of an extension is `-`. */
const EXTENSION = /^\d+; \d+ \d+ (?:COMMENT - EXTENSION|EXTENSION -) (\S+)/;

/** What every database has from its template; dumps of PostgreSQL 10 and older make it. */
const PUBLIC_SCHEMA = /^\d+; \d+ \d+ (?:SCHEMA - public|COMMENT - SCHEMA public)(?: |$)/;

/** Takes from the table of contents of a dump what is prepared otherwise. */
export function planRestoreList(contents: string): RestoreList {
  const extensions = new Set<string>();
  const kept = contents.split("\n").filter((line) => {
    const extension = EXTENSION.exec(line)?.[1];
    if (extension === undefined || !PREPARED.includes(extension)) return !PUBLIC_SCHEMA.test(line);
    extensions.add(extension);
    return false;
  });
  return { text: kept.join("\n"), extensions: [...extensions] };
}
