import type { WantedFile } from "@appliance/host";

/** Also asked by deploy/images.sh. */
export const DETECT = "/usr/local/lib/appliance/package-cache";

/**
 * What tells apt of the host of a cache on this port of 127.0.0.1, in the order in which it is written; taken away the other way round.
 * @see apt-transport-http(1), Acquire::http::Proxy-Auto-Detect: a program that prints nothing leaves apt to its other settings
 */
export function packageCacheFiles(port: number): WantedFile[] {
  return [
    { path: DETECT, content: detectScript(port), mode: 0o755, owner: "0:0" },
    {
      path: "/etc/apt/apt.conf.d/80appliance-package-cache",
      content: `// Written by the appliance: appliance:storage:proxy_cache in env.yml.\nAcquire::http::Proxy-Auto-Detect "${DETECT}";\n`,
      mode: 0o644,
      owner: "0:0",
    },
  ];
}

/** apt runs it without rights and waits for it. A cache that is down or refuses a mirror of the site is as good as none. */
const detectScript = (port: number) => `#!/bin/bash
# Written by the appliance. Usage: package-cache URL
# Prints the package cache where it has the URL, else nothing: then whoever asks goes the way that it would go without.
exec 2>/dev/null
exec 3<>/dev/tcp/127.0.0.1/${port} || exit 0
printf 'HEAD %s HTTP/1.0\\r\\n\\r\\n' "$1" >&3
read -r -t 10 -u 3 _ status _
case $status in 2?? | 3?? | 404) echo http://127.0.0.1:${port}/ ;; esac
`;
