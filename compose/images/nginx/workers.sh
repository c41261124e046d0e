# shellcheck shell=bash
# The workers of nginx as `supervisor` sees them, which includes this file: those of a set, and those that finish what began before it.

# How long requests that began before a revocation may still run: all connections are to end within 30 s of it.
readonly LAST_REQUESTS_SECONDS=20

# Process ids of the workers with this title, which says whether they take new connections.
workers_titled() { # title
  local file title pid
  for file in /proc/[0-9]*/cmdline; do
    IFS= read -r -d '' title <"$file" || continue
    pid=${file#/proc/}
    if [[ $title == "$1" ]]; then echo "${pid%%/*}"; fi
  done
} 2>/dev/null

accepting_workers() { workers_titled "nginx: worker process"; }

# They serve what began before a reload, and nothing else.
finishing_workers() { workers_titled "nginx: worker process is shutting down"; }

# After a reload, workers of the set before still take connections for a moment.
only_new_workers_accept() { # the workers before the reload, one in a line
  [[ -z $1 ]] || ! accepting_workers | grep -qxF "$1"
}

# A certificate is checked when a connection begins, so one that was revoked since lives on in the workers before the reload,
# whose last requests may take up to worker_shutdown_timeout. Those that are left after a while are ended with them.
end_old_connections_soon() {
  local workers worker
  workers=$(finishing_workers)
  [[ -n $workers ]] || return 0
  log info "a certificate was revoked: connections from before end within $LAST_REQUESTS_SECONDS s"
  {
    sleep "$LAST_REQUESTS_SECONDS"
    finishing_workers | grep -xF "$workers" | while read -r worker; do kill "$worker"; done
  } &
}
