export { flatten, flattenToRecord, type Flattened, type FlattenOptions } from "./flatten.ts";
export { runFlatten, type FlattenIo, type FlattenOutcome } from "./run-flatten.ts";
