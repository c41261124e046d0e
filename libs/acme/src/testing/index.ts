export { startChallengeServer, type ChallengeServer } from "./challenge-server.ts";
export { createCsr } from "./csr.ts";
export { faultMatrix, issueUnder, type MatrixCase } from "./fault-matrix.ts";
export { startFaultProxy, type Fault, type FaultProxy, type SeenRequest } from "./fault-proxy.ts";
export { startPebble, type Pebble, type PebbleOptions } from "./pebble.ts";
export { freePorts } from "./ports.ts";
