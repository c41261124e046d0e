import type { FailureCode } from "./failures.ts";

/**
 * What servers, ssh, lftp, rclone, boto, paramiko and the kernel write when they refuse, by what it means. The order decides:
 * a changed host key also says "verification failed", and a refused login also says "permission denied".
 */
const SIGNS: readonly [FailureCode, RegExp][] = [
  [
    "BACKUP_HOST_KEY_CHANGED",
    /host identification has changed|host key for server .* does not match|knownhosts: key mismatch/i,
  ],
  [
    "BACKUP_HOST_KEY_UNKNOWN",
    // Paramiko asks the operator, and finds standard input closed.
    /host key verification failed|EOF when reading a line|host key is known|knownhosts: key is unknown/i,
  ],
  [
    "BACKUP_LOGIN_REFUSED",
    /authentication failed|permission denied \(|permission denied, please|login incorrect|login failed|: 530 |401 unauthorized|status code 401|no authentication methods|unable to authenticate|not allowed at this time|InvalidAccessKeyId|SignatureDoesNotMatch|logon failure/i,
  ],
  [
    "BACKUP_TARGET_FULL",
    /no space left|disk quota|quota exceeded|507 insufficient|status code 507|: 552 |: 452 |insufficient storage|not enough space/i,
  ],
  [
    "BACKUP_TARGET_UNREACHABLE",
    /connection refused|no route to host|timed? ?out|name or service not known|could not resolve|no such host|network is unreachable|connection reset|connection closed|unable to connect|name resolution|no address associated|broken pipe/i,
  ],
  [
    "BACKUP_TARGET_READ_ONLY",
    /read-only file system|permission denied|operation not permitted|403 forbidden|status code 403|: 550 |access ?denied/i,
  ],
];

/** The failure that `text` of a program speaks of, or undefined when it speaks of none of those. */
export function classify(text: string): FailureCode | undefined {
  const said = text.replace(TRACE, "");
  return SIGNS.find(([, sign]) => sign.test(said))?.[0];
}

/** Python's lines of code in a traceback speak of timeouts and connections where there was none. */
const TRACE = /^.*\bFile ".*", line \d+, in .*\n?.*\n?/gm;
