import type { Job } from "bullmq";

/**
 * Keeps work from running beside itself in this process. BullMQ delivers a job again when its lock ran out or when Redis was
 * emptied and the job was added anew: a second delivery shares the outcome of the first. A schedule's next run waits for the
 * one before it.
 */
export function createTurns() {
  const running = new Map<string, Promise<unknown>>();
  const lastOfSchedule = new Map<string, Promise<unknown>>();

  async function afterPreviousRun(schedule: string, work: () => Promise<unknown>): Promise<unknown> {
    const mine = settled(lastOfSchedule.get(schedule)).then(work);
    lastOfSchedule.set(schedule, mine);
    try {
      return await mine;
    } finally {
      if (lastOfSchedule.get(schedule) === mine) lastOfSchedule.delete(schedule);
    }
  }

  return {
    active: () => running.size,
    take({ id = "", repeatJobKey }: Pick<Job, "id" | "repeatJobKey">, work: () => Promise<unknown>): Promise<unknown> {
      const same = running.get(id);
      if (same) return same;
      const mine = (repeatJobKey ? afterPreviousRun(repeatJobKey, work) : work()).finally(() => running.delete(id));
      running.set(id, mine);
      return mine;
    },
  };
}

async function settled(work: Promise<unknown> | undefined): Promise<void> {
  await work?.catch(() => {}); // its own delivery reports the failure
}
