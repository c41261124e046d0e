/** What scripts may rely on; documented in docs/cli.md and promised to grow only. */
export const EXIT = {
  ok: 0,
  /** The work was tried and failed; the message says why. */
  failed: 1,
  /** The command was written wrongly. */
  usage: 2,
  /** `status`: the appliance is not ready (starting, stopped, in standby, unconfigured). */
  notReady: 3,
  /** No agent answers. */
  unreachable: 4,
} as const;

const BY_CODE: Record<string, number> = {
  AGENT_UNREACHABLE: EXIT.unreachable,
  NOT_PREPARED: EXIT.unreachable,
  USAGE: EXIT.usage,
};

export function exitCodeOf(failureCode: string): number {
  return BY_CODE[failureCode] ?? EXIT.failed;
}
