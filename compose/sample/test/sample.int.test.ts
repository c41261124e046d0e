import { afterAll, beforeAll, vi } from "vitest";
import { Application } from "./application.ts";
import { containers } from "./sections/containers.ts";
import { documents } from "./sections/documents.ts";
import { firstStart } from "./sections/first-start.ts";
import { mail } from "./sections/mail.ts";
import { surroundings } from "./sections/surroundings.ts";
import { users } from "./sections/users.ts";

// Every operation starts a container and a Python in it; beside other work that takes its time.
vi.setConfig({ testTimeout: 180_000 });

// One group for all tests, in this order: a later section uses what an earlier one has handed in.
const application = new Application();
beforeAll(() => application.start(), 600_000);
afterAll(() => application.group.remove(), 120_000);

firstStart(application);
containers(application);
users(application);
documents(application);
mail(application);
surroundings(application);
