import type { Adviser } from "./advice.ts";

/** A new file leaves open what the server is for; nothing starts then. */
export const adviseOnApplication: Adviser = ({ appliance: { standby }, ecs }) => {
  if (ecs.git.source !== undefined || standby) return [];
  return [
    {
      path: ["ecs", "git", "source"],
      message: "is not set, so that there is no application to start",
      remedy: "Name the repository of the application, or builtin:sample.",
    },
  ];
};
