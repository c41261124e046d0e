export type * from "./engine.ts";
export { newestPoint, pointAt } from "./point-at.ts";
export type { Target } from "./target.ts";
export { openDuplicityEngine, type DuplicitySettings } from "./duplicity/duplicity-engine.ts";
export { openResticEngine, type ResticPolicy, type ResticSettings } from "./restic/restic-engine.ts";
