import type { ServiceContainer } from "./docker.ts";

interface Replaced {
  files: readonly string[];
  replacedAt: Date;
}

/** The services with a running container that still shows what one of the files held before it was replaced. Pure. */
export function planRenewMounts(
  { files, replacedAt }: Replaced,
  observed: readonly ServiceContainer[],
  now: Date,
): string[] {
  const outdated = observed.filter(
    ({ state, bindSources, startedAt }) =>
      state === "running" && bindSources.some((source) => files.includes(source)) && !hasSeen(startedAt),
  );
  return [...new Set(outdated.map(({ service }) => service))];

  /** A start in the future was noted by a clock that has been set right since, and says nothing. */
  function hasSeen(startedAt: string | null): boolean {
    const started = startedAt === null ? 0 : Date.parse(startedAt);
    return started > replacedAt.getTime() && started <= now.getTime();
  }
}
