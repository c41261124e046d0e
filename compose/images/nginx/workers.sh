# shellcheck shell=bash
# The workers of nginx as `supervisor` sees them, which includes this file: those of a set, and those that finish what began before it.

# How long requests that began before a revocation may still run: all connections are to end within 30 s of it.
readonly LAST_REQUESTS_SECONDS=20

# Process ids of the children of nginx whose title matches. One that was just forked still has the title of its parent.
workers_titled() { # pattern
  local folder title stat
  for folder in /proc/[0-9]*; do
    IFS= read -r stat <"$folder/stat" || continue
    # proc_pid_stat(5): behind the name in parentheses come the state and the parent.
    # shellcheck disable=SC2154 # supervisor's
    [[ ${stat##*) } == ?" $nginx_pid "* ]] || continue
    IFS= read -r -d '' title <"$folder/cmdline" || continue
    # shellcheck disable=SC2053 # a pattern
    if [[ $title == $1 ]]; then echo "${folder#/proc/}"; fi
  done
} 2>/dev/null

# Also one that is about to begin: it takes connections until it has read that it is to end.
accepting_workers() { workers_titled "!(*is shutting down)"; }

# They serve what began before a reload, and nothing else.
finishing_workers() { workers_titled "*is shutting down"; }

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
