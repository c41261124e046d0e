import { parseLine } from "../json-line.ts";
import { Status } from "./messages.ts";

/** True for a line that differs from the one before in what is done. The time in it alone is no progress. */
export function createMovementSensor(): (line: string) => boolean {
  let last = "";
  return (line) => {
    const status = parseLine(Status, line);
    if (!status) return true;
    const now = [status.bytes_done, status.files_done, status.total_files, status.bytes_restored].join();
    const moved = now !== last;
    last = now;
    return moved;
  };
}
