import { hostNameFault, toHostName } from "@appliance/env";
import { OperatorError } from "@appliance/errors";

/** A domain of the command line as DNS has it; a dot at its end, as in a zone file, is left out. @throws OperatorError `USAGE` */
export function asHostName(domain: string): string {
  const name = domain.replace(/\.$/, "");
  const fault = hostNameFault(name);
  if (fault === undefined) return toHostName(name);
  throw new OperatorError("USAGE", `${fault}.`, {
    remedy: "Write a name as DNS has it, such as ecs.example.org.",
  });
}
