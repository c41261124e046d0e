/** What compose says of an image or a container while it works, and the words for it. */
const WORDS: Readonly<Record<string, string>> = {
  Pulling: "is being pulled",
  Pulled: "was pulled",
  Creating: "is being created",
  Recreate: "is being replaced",
  Recreated: "was replaced",
  Starting: "is starting",
  Started: "has started",
  Waiting: "is waited for",
  Healthy: "is healthy",
  Stopping: "is stopping",
  Removing: "is being removed",
};

/**
 * The sentence for one line of `docker compose --progress=plain`, such as ` Container ecs_ecs.web_1  Starting`, with the service's
 * name instead of the container's; undefined for lines that are no news.
 */
export function describeProgress(line: string, project: string): string | undefined {
  const [, container, image, state] = /^\s*(?:Container (\S+)|(\S+))\s+([A-Z]\w+)\s*$/.exec(line) ?? [];
  const words = WORDS[state ?? ""];
  if (!words) return undefined;
  return container ? `${serviceOf(container, project)} ${words}` : `The image of ${image} ${words}`;
}

/** `ecs_ecs.web_1` and `appliance-database-1` are named for project, service and number. */
function serviceOf(container: string, project: string): string {
  const ours = container.startsWith(`${project}_`) || container.startsWith(`${project}-`);
  return (ours ? container.slice(project.length + 1) : container).replace(/[_-]\d+$/, "");
}
