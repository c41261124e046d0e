import { OperatorError, suggest } from "@appliance/errors";
import type { ContainerLine } from "../compose.ts";
import type { Context } from "../context.ts";

interface LogOptions {
  follow: boolean;
  tail: string;
  since?: string;
}

/** `appliance logs [SERVICE…]`: straight from the engine, so it works when every agent is dead. */
export async function logs(services: readonly string[], options: LogOptions, context: Context): Promise<void> {
  const { compose, installation, terminal } = context;
  const all = [
    ...(await compose.list(installation.coreProject)),
    ...(await compose.list(installation.applicationProject)),
  ];
  const chosen = services.length === 0 ? all : services.map((name) => find(name, all));
  const width = Math.max(0, ...chosen.map(({ service }) => service.length));
  const show = ({ name, service }: ContainerLine) =>
    compose.logs(name, options, (line) =>
      terminal.print(chosen.length > 1 ? `${service.padEnd(width)} | ${line}` : line),
    );
  if (options.follow) await Promise.all(chosen.map(show));
  else for (const container of chosen) await show(container);
}

function find(name: string, all: readonly ContainerLine[]): ContainerLine {
  const found = all.find(({ name: container, service }) => service === name || container === name);
  if (found) return found;
  const services = all.map(({ service }) => service);
  const near = suggest(name, services);
  throw new OperatorError("USAGE", `There is no service ${name}${near ? `, did you mean ${near}?` : "."}`, {
    remedy:
      services.length > 0 ? `Name one of: ${services.join(", ")}.` : "Nothing was started yet; run `appliance start`.",
  });
}
