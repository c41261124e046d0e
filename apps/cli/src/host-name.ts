import { hostNameFault, toHostName } from "@appliance/env";
import { OperatorError } from "@appliance/errors";

/** A domain of the command line as DNS has it. @throws OperatorError `USAGE` */
export function asHostName(domain: string): string {
  const fault = hostNameFault(domain);
  if (fault === undefined) return toHostName(domain);
  throw new OperatorError("USAGE", `${fault}.`, {
    remedy: "Write a name as DNS has it, such as ecs.example.org.",
  });
}
