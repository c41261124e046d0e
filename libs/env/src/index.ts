export { hostNameFault, toHostName } from "./checks/host-name.ts";
export { redactedChanges, secretsOf, type Change } from "./changes.ts";
export { parseEnv, parseEnvPart, type EnvPart, type ParsedEnv } from "./parse-env.ts";
export { formatProblem, type Problem } from "./problem.ts";
export { referencePage } from "./reference.ts";
export { settings, type Env } from "./settings.ts";
export type { AnySetting, Documentation, Setting } from "./setting.ts";
