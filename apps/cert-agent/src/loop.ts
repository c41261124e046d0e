import { setTimeout as sleep } from "node:timers/promises";
import type { Packages } from "./packages.ts";
import type { MountRenewal } from "./renew-mounts.ts";
import type { Service } from "./service.ts";
import type { Status } from "./status.ts";

export interface LoopDeps {
  service: Service;
  status: Status;
  mounts: MountRenewal;
  packages: Packages;
  /** False until env.yml was handed out: there is nothing to do before. */
  isTold: () => boolean;
  /** Between two looks while all is well; a minute unless said. */
  everyMs?: number;
}

/** What keeps certificates right without being asked, with the queue away too. */
export interface Loop {
  /** Something has changed: looks at once. */
  wake(): void;
  /** Ends with what is under way; a renewal that is cut off goes on in the next process. */
  close(): Promise<void>;
}

const EVERY_MS = 60_000;
/** A set that nginx takes and does not serve costs two reloads with each look. */
const SELDOMEST = 10;

export function startLoop({ service, status, mounts, packages, isTold, everyMs = EVERY_MS }: LoopDeps): Loop {
  const stopping = new AbortController();
  const { signal } = stopping;
  let wakened = new AbortController();
  let failures = 0;
  /** What takes minutes, and must not hold up what is served. */
  const aside = { renewal: undefined as Promise<unknown> | undefined, mounts: undefined as Promise<void> | undefined };

  const wake = (): void => wakened.abort();

  const look = async (): Promise<void> => {
    failures = await service.serve(signal).then(
      () => 0,
      () => failures + 1, // kept as a problem
    );
    aside.renewal ??= service
      .renew("by nobody", signal)
      .then(({ outcome }) => outcome === "renewed" && wake(), noted) // so is this
      .finally(() => (aside.renewal = undefined));
    aside.mounts ??= mounts.run(signal).finally(() => (aside.mounts = undefined));
    await status.read(signal).catch(noted); // for the figures; what is wrong is a problem already
    await packages.tidy().catch(noted); // they go with this process at the latest
  };

  const rest = async (): Promise<void> => {
    const ms = everyMs * Math.min(2 ** failures, SELDOMEST);
    await sleep(ms, undefined, { signal: AbortSignal.any([signal, wakened.signal]) }).catch(noted);
  };

  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      wakened = new AbortController();
      if (isTold()) await look();
      await rest();
    }
  };

  const running = run();
  return {
    wake,
    async close() {
      stopping.abort("the agent is stopping");
      await Promise.allSettled([running, aside.renewal, aside.mounts]);
    },
  };
}

const noted = (): void => {};
