export { exampleEnv, exampleNames } from "./example.ts";
export { envWith, everyLeaf, hostileValues, parseWith, valueAt, type SettingLeaf } from "./hostile-values.ts";
