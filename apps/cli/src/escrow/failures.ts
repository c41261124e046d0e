import { OperatorError } from "@appliance/errors";

/** A source that cannot give back the file. */
export function unreadable(message: string, { remedy, cause }: { remedy?: string; cause?: unknown } = {}) {
  return new OperatorError("SOURCE_UNREADABLE", message, {
    remedy: remedy ?? "Take another copy of the package: the paper, the image or the encrypted archive.",
    cause,
  });
}
