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
  /** systemd goes on with the unit as it was when its file is written anew. */
  const readAnew = async (unit: string) => {
    const asked = ["show", "--property=NeedDaemonReload", "--value", "--", unit];
    if ((await power.observe("systemctl", asked)).stdout.trim() !== "yes") return;
    await power.run("units", "systemctl", ["daemon-reload"], { timeoutMs: UNIT_MS });
  };
  const start = async (action: "start" | "restart", unit: string) => {
    await readAnew(unit);
    return tell(action, unit);
  };
  return {
    observe,
    start: async (unit) => !(await observe(unit)).active && start("start", unit),
    stop: async (unit) => (await observe(unit)).active && tell("stop", unit),
    enable: async (unit) => !(await observe(unit)).enabled && tell("enable", unit),
    disable: async (unit) => (await observe(unit)).enabled && tell("disable", unit),
    restart: async (unit) => {
      assertUnit(unit);
      await start("restart", unit);
    },
  };
}
