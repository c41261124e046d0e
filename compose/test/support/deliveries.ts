/** One line of an agent's log, as far as it is about jobs. */
interface JobLine {
  time: string;
  msg: string;
  job?: string;
  id?: string;
}

/** The lines about jobs of one kind in an agent's log, and the starts of the agent. */
export function jobLines(log: string, job: string): JobLine[] {
  const all = log.split("\n").flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as JobLine] : []));
  return all
    .filter((line) => line.job === job || line.msg === "agent started")
    .sort((a, b) => a.time.localeCompare(b.time));
}

/** Pairs of jobs of one kind that an agent worked on at the same time. One that started anew works on nothing. */
export function overlaps(log: string, job: string): string[] {
  const found: string[] = [];
  let atWork: string[] = [];
  for (const { msg, id = "" } of jobLines(log, job)) {
    if (msg === "agent started") atWork = [];
    else if (msg === "job started") {
      for (const other of atWork) found.push(`${other} and ${id}`);
      atWork.push(id);
    } else if (/^job (completed|failed|interrupted)$/.test(msg)) atWork = atWork.filter((other) => other !== id);
  }
  return found;
}
