import type { Figure } from "../figure.ts";
import { run } from "../../lab/index.ts";

/** One line of what the program prints. */
interface Year {
  lifetimeDays: number;
  suggests: boolean;
  renewals: number;
  outside: number;
  invalidMinutes: number;
}

/** Years of renewals under a simulated clock and authority, by the plans of cert-agent. */
export async function renewals(): Promise<Figure[]> {
  const { stdout } = await run(process.execPath, ["apps/cert-agent/test/fake-years.ts"]);
  const years = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Year);
  return years.flatMap(({ lifetimeDays, suggests, renewals, outside, invalidMinutes }): Figure[] => {
    const what = `a year with certificates of ${lifetimeDays} days, ${suggests ? "suggested windows" : "by date"}`;
    return [
      {
        name: `${what}: renewals within their window`,
        measured: `${renewals - outside} of ${renewals}`,
        beside: "all",
        met: renewals > 0 && outside === 0,
      },
      {
        name: `${what}: minutes without a valid certificate`,
        measured: String(invalidMinutes),
        beside: "0",
        met: invalidMinutes === 0,
      },
    ];
  });
}
