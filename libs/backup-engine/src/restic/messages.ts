import * as z from "zod";

/** What restic writes with `--json`, as far as it is read here. Times are RFC 3339. */
export const Status = z.object({
  message_type: z.literal("status"),
  total_files: z.number().optional(),
  files_done: z.number().optional(),
  files_restored: z.number().optional(),
  total_bytes: z.number().optional(),
  bytes_done: z.number().optional(),
  bytes_restored: z.number().optional(),
  seconds_remaining: z.number().optional(),
});

export const BackupSummary = z.object({
  message_type: z.literal("summary"),
  total_files_processed: z.number(),
  total_bytes_processed: z.number(),
  data_added_packed: z.number().optional(),
  snapshot_id: z.string(),
});

export const RestoreSummary = z.object({
  message_type: z.literal("summary"),
  files_restored: z.number().optional(),
  bytes_restored: z.number().optional(),
});

export const ErrorMessage = z.object({
  message_type: z.literal("error"),
  error: z.object({ message: z.string() }).optional(),
  item: z.string().optional(),
});

/** The last words of restic. */
export const ExitError = z.object({ message_type: z.literal("exit_error"), message: z.string() });

export const Snapshot = z.object({ id: z.string(), time: z.string() });

export const Node = z.object({
  struct_type: z.literal("node"),
  path: z.string(),
  type: z.string(),
  size: z.number().optional(),
  mtime: z.string(),
});

export const Stats = z.object({
  total_size: z.number(),
  total_blob_count: z.number().optional(),
  snapshots_count: z.number(),
});

export const Lock = z.object({ time: z.string(), hostname: z.string(), pid: z.number().optional() });

export const ForgetGroup = z.object({ remove: z.array(z.object({ id: z.string() })).nullable() });
