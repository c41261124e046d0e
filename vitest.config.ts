import { defineConfig } from "vitest/config";

const everywhere = (ending: string) => `{apps,libs,tools,compose,deploy}/**/*${ending}`;
const never = ["**/node_modules/**", "**/appliance-root/**"];

/** `*.test.ts` beside a source are unit tests, `*.int.test.ts` talk to real programs, `*.lab.test.ts` to virtual hosts. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: [everywhere(".test.ts")],
          exclude: [...never, everywhere(".int.test.ts"), everywhere(".lab.test.ts")],
        },
      },
      {
        test: {
          name: "int",
          include: [everywhere(".int.test.ts")],
          exclude: never,
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // Most of them wait for other programs, so two at once are done in little more than half the time.
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: "lab",
          include: [everywhere(".lab.test.ts")],
          exclude: never,
          testTimeout: 900_000,
          hookTimeout: 900_000,
          maxWorkers: 3,
        },
      },
    ],
  },
});
