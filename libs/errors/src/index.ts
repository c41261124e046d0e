export { OperatorError, isInterrupted, isSystemError, toFailure, type Failure } from "./operator-error.ts";
export { redact } from "./redact.ts";
export { suggest } from "./suggest.ts";
