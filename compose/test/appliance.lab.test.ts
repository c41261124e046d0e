import { afterAll, beforeAll, vi } from "vitest";
import { agentFaults } from "./sections/agents.ts";
import { changes } from "./sections/changes.ts";
import { databaseFaults } from "./sections/database.ts";
import { fullDisk } from "./sections/disk.ts";
import { firstStart } from "./sections/first-start.ts";
import { hardening } from "./sections/hardening.ts";
import { queueFaults } from "./sections/queue.ts";
import { reachability } from "./sections/reachability.ts";
import { secrets } from "./sections/secrets.ts";
import { stopping } from "./sections/stopping.ts";
import { Appliance } from "./support/appliance.ts";

vi.setConfig({ testTimeout: 600_000, hookTimeout: 300_000 });

// One appliance for all tests, in this order: from the gentle to the brutal, each leaving it in service for the next.
const appliance = new Appliance();
beforeAll(() => appliance.prepare());
afterAll(() => appliance.remove());

firstStart(appliance);
changes(appliance);
hardening(appliance);
reachability(appliance);
stopping(appliance);
fullDisk(appliance);
databaseFaults(appliance);
queueFaults(appliance);
agentFaults(appliance);
secrets(appliance);
