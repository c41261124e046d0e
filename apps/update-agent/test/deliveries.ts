import type { Container } from "@appliance/jobs";
import { docker, type Delivered } from "./throw-away-group.ts";

/** What a delivery failed with; undefined when it did not. */
export const failureOf = (delivery: Promise<Delivered>): Promise<unknown> =>
  delivery.then(
    () => undefined,
    (error: unknown) => error,
  );

export const containersOf = ({ result }: Delivered): Container[] => (result as { containers: Container[] }).containers;

export const idOf = (container: string): string => docker("inspect", "--format={{.Id}}", container);

/** @throws Error when it has not become so within 20 s. */
export async function waitFor(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error("it did not happen within 20 s");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
