import { OperatorError, suggest } from "@appliance/errors";
import type { Project } from "@appliance/jobs";
import type { GroupModel } from "./compose-model.ts";

/** Of the core's control stage this one alone can go away for a moment without taking queue, asker or worker with it. */
const CONTROL_SERVICES_TO_TOUCH = ["nginx"];
/** The core's services that are started by this agent alone, after the storage step. */
const DATA_PROFILE = "data";
/** Those among them that env.yml may do without, and that only run where they are named. */
const OPTIONAL_PROFILE = "optional";

/**
 * The services that a job means; no names mean all that may be touched.
 * @throws OperatorError `SERVICE_UNKNOWN`, or `SERVICE_PROTECTED` for a part of the core that keeps the appliance under control.
 */
export function planServices(project: Project, names: readonly string[], model: GroupModel): string[] {
  const known = [...model.services.keys()];
  const allowed = project === "application" ? known : known.filter((name) => mayTouchInCore(name, model));
  for (const name of names) {
    if (!known.includes(name)) throw unknownService(project, name, known);
    if (!allowed.includes(name)) throw protectedService(name);
  }
  if (names.length > 0) return [...names];
  return allowed.filter((name) => (project === "core" ? isAlwaysMeantInCore(name, model) : isAlwaysMeant(name, model)));
}

/** Compose starts a service with profiles only when it is named. */
function isAlwaysMeant(name: string, model: GroupModel): boolean {
  return model.services.get(name)?.profiles.length === 0;
}

function isAlwaysMeantInCore(name: string, model: GroupModel): boolean {
  return isDataStage(name, model) && !model.services.get(name)?.profiles.includes(OPTIONAL_PROFILE);
}

function mayTouchInCore(name: string, model: GroupModel): boolean {
  return CONTROL_SERVICES_TO_TOUCH.includes(name) || isDataStage(name, model);
}

function isDataStage(name: string, model: GroupModel): boolean {
  return model.services.get(name)?.profiles.includes(DATA_PROFILE) ?? false;
}

function unknownService(project: Project, name: string, known: readonly string[]): OperatorError {
  const meant = suggest(name, known);
  return new OperatorError("SERVICE_UNKNOWN", `The project ${project} has no service '${name}'`, {
    remedy: meant ? `Did you mean '${meant}'?` : `It has ${known.join(", ")}.`,
  });
}

function protectedService(name: string): OperatorError {
  return new OperatorError(
    "SERVICE_PROTECTED",
    `The service ${name} keeps the appliance under control and is not touched by jobs`,
    {
      remedy:
        "Use `appliance stop --all` and `appliance start` on the host, which replace the control services as a whole.",
    },
  );
}
