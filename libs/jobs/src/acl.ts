import { AGENTS, type AgentName, type JobContract, type QueueName } from "./contract.ts";

/** These reach beyond the keys that a user is given: they tell the names of all. INFO is what clients ask when they connect. */
const NOT_BY_KEY = "-@admin -@dangerous -scan -randomkey -dbsize";

/** What Worker, Queue and schedules need on keys of their own. */
const OWNER_COMMANDS = `+@all ${NOT_BY_KEY} +info +client|setname`;

/**
 * What adding a job, reading it and removing it again need. BullMQ does so in scripts, and Redis checks each command in a script
 * against the same rules.
 */
const SENDER_COMMANDS = `+@read ${NOT_BY_KEY} +eval +evalsha +hset +hmset +incr +del +lpush +lrem +zadd +zrem +xadd`;

/**
 * Off, so that nobody can be it. Redis itself reads its append-only file as this user when it starts, and drops each transaction in
 * it that this user may not do: without these rights a restart would lose every job.
 */
const REPLAY_USER = "user default off resetpass ~* &* +@all";

/**
 * The Redis users of the appliance as text for Redis' `aclfile`: each agent owns the keys of its own queues and may send where
 * a contract names it. Nobody is let in without a name; `health` may only ask whether Redis answers.
 *
 * @param passwordHashes SHA-256 of each agent's password, in hexadecimal.
 * @throws RangeError when a hash is not one.
 * @see https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/
 */
export function aclFile(contracts: readonly JobContract[], passwordHashes: Record<AgentName, string>): string {
  const users = AGENTS.map((agent) => userLine(agent, contracts, passwordHashes[agent]));
  return [REPLAY_USER, "user health on nopass resetkeys resetchannels -@all +ping", ...users, ""].join("\n");
}

function userLine(agent: AgentName, contracts: readonly JobContract[], hash: string): string {
  if (!/^[0-9a-f]{64}$/.test(hash)) throw new RangeError(`not a SHA-256 in hexadecimal: the password hash of ${agent}`);
  const owned = queuesOf(contracts, ({ owner }) => owner === agent);
  const sent = queuesOf(contracts, ({ senders }) => senders.includes(agent)).filter((queue) => !owned.includes(queue));
  const own = `${owned.map(keysOf).join(" ")} ${owned.map(channelsOf).join(" ")}`;
  // A selector in parentheses has commands and keys of its own: what it grants on one queue grants nothing on another.
  const selectors = sent.map((queue) => `(${keysOf(queue)} ${SENDER_COMMANDS})`);
  return [`user ${agent} on #${hash} resetkeys resetchannels ${own} ${OWNER_COMMANDS}`, ...selectors].join(" ");
}

function queuesOf(contracts: readonly JobContract[], matches: (contract: JobContract) => boolean): QueueName[] {
  return [...new Set(contracts.filter(matches).map(({ queue }) => queue))];
}

const keysOf = (queue: QueueName): string => `~bull:${queue}:*`;
const channelsOf = (queue: QueueName): string => `&bull:${queue}:*`;
