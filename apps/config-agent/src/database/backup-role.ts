import type { Client } from "pg";

/** As backup-agent names itself to PostgreSQL; pg_ident.conf lets its uid in as this role and nobody else. */
export const BACKUP_ROLE = "backup";

/** Rows that a policy hides from others belong to a backup too. */
const ATTRIBUTES = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION INHERIT BYPASSRLS PASSWORD NULL";

/** Whether the role is as `makeBackupRole` makes it. */
export async function isBackupRoleReady(client: Client, database: string): Promise<boolean> {
  const { rowCount } = await client.query(
    `SELECT FROM pg_authid
     WHERE rolname = $1 AND rolcanlogin AND rolbypassrls AND rolinherit AND rolpassword IS NULL
       AND NOT (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication)
       AND (SELECT array_agg(granted.rolname::text) FROM pg_auth_members JOIN pg_authid granted ON granted.oid = roleid
            WHERE member = pg_authid.oid) = '{pg_read_all_data}'
       AND (SELECT rolconfig FROM pg_roles WHERE pg_roles.oid = pg_authid.oid) = '{default_transaction_read_only=on}'
       AND NOT EXISTS (SELECT FROM pg_database WHERE datname = $2
                       AND NOT has_database_privilege(pg_authid.oid, pg_database.oid, 'CONNECT'))`,
    [BACKUP_ROLE, database],
  );
  return rowCount === 1;
}

/** Makes the role, or takes from one that is there what it should not have; all or nothing of it. */
export async function makeBackupRole(client: Client, database: string): Promise<void> {
  const there = await client.query("SELECT FROM pg_roles WHERE rolname = $1", [BACKUP_ROLE]);
  const exists = await client.query("SELECT FROM pg_database WHERE datname = $1", [database]);
  const statements = [
    `${there.rowCount ? "ALTER" : "CREATE"} ROLE ${BACKUP_ROLE} ${ATTRIBUTES}`,
    ...(await strangeMemberships(client)).map((role) => `REVOKE ${role} FROM ${BACKUP_ROLE}`),
    `GRANT pg_read_all_data TO ${BACKUP_ROLE}`,
    `ALTER ROLE ${BACKUP_ROLE} RESET ALL`,
    `ALTER ROLE ${BACKUP_ROLE} SET default_transaction_read_only = on`,
    ...(exists.rowCount ? [`GRANT CONNECT ON DATABASE ${database} TO ${BACKUP_ROLE}`] : []),
  ];
  await client.query(["BEGIN", ...statements, "COMMIT"].join(";\n"));
}

async function strangeMemberships(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ role: string }>(
    `SELECT quote_ident(granted.rolname) AS role FROM pg_auth_members JOIN pg_roles granted ON granted.oid = roleid
     JOIN pg_roles held ON held.oid = member WHERE held.rolname = $1 AND granted.rolname <> 'pg_read_all_data'`,
    [BACKUP_ROLE],
  );
  return rows.map(({ role }) => role);
}
