import * as z from "zod";

/** The texts of env.yml whose owner may read its backups: the first seals manifests and reports, and what any of them sealed is read. */
export const SealSecrets = z.tuple([z.string().min(1)], z.string().min(1)).readonly();
