/** Whether the agent can do its work now, and if not, what it waits for, as sentences. */
export interface ReadyState {
  ready: boolean;
  reasons: string[];
}

export type ReadyCheck = () => ReadyState | Promise<ReadyState>;

export const READY: ReadyState = { ready: true, reasons: [] };

export function notReady(...reasons: string[]): ReadyState {
  return { ready: false, reasons };
}

/** All checks as one: ready when each is, else with every reason. */
export async function combineReady(checks: readonly ReadyCheck[]): Promise<ReadyState> {
  const states = await Promise.all(checks.map(async (check) => check()));
  return { ready: states.every(({ ready }) => ready), reasons: states.flatMap(({ reasons }) => reasons) };
}
