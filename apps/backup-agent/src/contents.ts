/** What a backup holds, relative to `/data`, in the words of the manual. */
export const FOLDERS = ["ecs-storage-vault", "ecs-pgdump", "ecs-ca", "etc"] as const;

export const VAULT = "ecs-storage-vault";
export const DUMPS = "ecs-pgdump";

/** The database and the role that may read all of it and change nothing (config-agent makes it). */
export const DATABASE = "ecs";
export const BACKUP_ROLE = "backup";
