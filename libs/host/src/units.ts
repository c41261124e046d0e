import type { HostUnits } from "./host.ts";
import type { HostPower } from "./power.ts";
import { assertUnit } from "./refuse.ts";

const UNIT_MS = 300_000;

/** Units of the host's systemd. */
export function createHostUnits(power: HostPower): HostUnits {
  /** is-active and is-enabled end with another code than 0 for "no". */
  const asks = async (question: string, unit: string) =>
    (await power.observe("systemctl", ["--quiet", question, "--", unit], { okExitCodes: [0, 1, 3, 4] })).exitCode === 0;
  const observe = async (unit: string) => {
    assertUnit(unit);
    return { active: await asks("is-active", unit), enabled: await asks("is-enabled", unit) };
  };
  const tell = async (action: string, unit: string) => {
    await power.run("units", "systemctl", [action, "--", unit], { timeoutMs: UNIT_MS });
    return true;
  };
  return {
    observe,
    start: async (unit) => !(await observe(unit)).active && tell("start", unit),
    stop: async (unit) => (await observe(unit)).active && tell("stop", unit),
    enable: async (unit) => !(await observe(unit)).enabled && tell("enable", unit),
    disable: async (unit) => (await observe(unit)).enabled && tell("disable", unit),
    restart: async (unit) => {
      assertUnit(unit);
      await tell("restart", unit);
    },
  };
}
