import type { Host } from "../../../tools/lab/index.ts";

const DATABASE = "appliance-database-1";

/** Every row of every table, in an order that does not depend on where it lies. Sessions and heartbeats go on by themselves. */
const ROWS = `
SELECT format('SELECT %L, count(*), md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM %I.%I t', tablename, schemaname, tablename)
FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN ('django_session', 'heartbeat') ORDER BY tablename \\gexec`;

/** What an appliance holds, in a text that is equal for equal data: each document by its sum, each table by that of its rows. */
export async function ledgerOf(host: Host): Promise<string> {
  const documents = "cd /data/ecs-storage-vault && find . -type f -print0 | sort -z | xargs -0r sha256sum";
  const { stdout: files } = await host.exec(["sh", "-c", documents]);
  const psql = ["psql", "--host=/run/postgresql", "--username=postgres", "--no-psqlrc", "--tuples-only", "ecs"];
  const { stdout: tables } = await host.exec(["docker", "exec", "-i", DATABASE, ...psql], { input: ROWS });
  return files + tables;
}
