#!/bin/sh
# The steps of bootstrap.sh, which starts it with the options as OPTION_NAME variables. Each step is announced in one line,
# looks first what is there, and can be repeated; everything that programs say is in the log.
set -eu
PATH=$PATH:/usr/sbin:/sbin

source=$(CDPATH='' cd "$(dirname "$0")/.." && pwd)
root=${OPTION_ROOT%/} # empty for /
checkout=$root/app/appliance
# shellcheck disable=SC2034  # used by install-settings.sh
settings=$checkout/compose/.env
log=$root/var/log/appliance-bootstrap.log
LAST_LINES=20
AGENTS_SECONDS=300

# shellcheck source=deploy/install-files.sh
. "$source/deploy/install-files.sh"
# shellcheck source=deploy/install-settings.sh
. "$source/deploy/install-settings.sh"
# shellcheck source=deploy/install-storage.sh
. "$source/deploy/install-storage.sh"
# shellcheck source=deploy/install-images.sh
. "$source/deploy/install-images.sh"

say() {
    printf '%s\n' "$*"
    printf '%s %s\n' "$(date -u +%FT%TZ)" "$*" >>"$log"
}

# fail SENTENCE REMEDY
fail() {
    say "error: $1"
    say "  $2"
    say "  The log is $log. Run the same command again: it goes on where it stopped."
    exit 1
}

# quietly COMMAND...: its words go to the log; the last ones are shown when it fails.
quietly() {
    from=$(wc -l <"$log")
    "$@" >>"$log" 2>&1 </dev/null && return 0
    tail -n +"$((from + 1))" "$log" | tail -n "$LAST_LINES" >&2
    return 1
}

# openly COMMAND...: its words are shown and go to the log.
openly() {
    ended=$(mktemp)
    { "$@" </dev/null 2>&1 && echo 0 >"$ended" || echo 1 >"$ended"; } | tee -a "$log"
    code=$(cat "$ended")
    rm -f "$ended"
    return "$code"
}

# Without a terminal nobody can be asked. Standard input may be the script itself, so the terminal is asked directly.
confirm() {
    [ "$OPTION_YES" = no ] || return 0
    if ! (: </dev/tty) 2>/dev/null; then fail "there is no terminal to ask before this host is changed" "Add --yes."; fi
    printf 'This makes %s an appliance below %s: packages, users, services and firewall rules of Docker. Go on? [y/N] ' \
        "$(uname -n)" "$OPTION_ROOT" >/dev/tty
    read -r answer </dev/tty
    case "$answer" in [yY]*) ;; *) fail "you did not say yes" "Nothing was changed." ;; esac
}

preflight() {
    say "checking this host"
    force=
    [ "$OPTION_FORCE" = no ] || force=--force
    ROOT=$OPTION_ROOT RELEASED_AT=$(released_at) openly "$source/deploy/preflight.sh" ${force:+"$force"} ||
        fail "this host cannot become an appliance yet" "Do what is said above, or add --force."
}

# The time of the last commit; a checkout without git has that of a file in it.
released_at() {
    git -c safe.directory='*' -C "$source" log -1 --format=%ct 2>/dev/null || stat -c %Y "$source/package.json"
}

docker() { "$docker" "$@"; }

prepare_engine() {
    openly "$checkout/deploy/engine.sh" || fail "there is no working Docker engine" "Do what is said above."
    docker=$("$checkout/deploy/engine.sh" client)
}

# The control stage: agents and the status page. A newer version replaces a running one here.
start_agents() {
    say "starting the agents and the status page"
    (cd "$checkout/compose" && quietly docker compose --ansi never up --detach --wait --wait-timeout "$AGENTS_SECONDS") ||
        fail "the agents do not start" "Read the lines above and: docker compose --project-directory $checkout/compose logs"
}

# Makes env.yml when one was asked for; one that is there is never touched.
provide_env() {
    target=$root/app/env.yml
    if [ -n "$OPTION_ENV" ]; then
        use_env "$OPTION_ENV"
    elif [ "$OPTION_SAMPLE" = yes ] && [ ! -e "$target" ]; then
        say "making an env.yml with fresh secrets for $OPTION_DOMAIN"
        write_env appliance env sample --domain "$OPTION_DOMAIN"
    fi
}

use_env() {
    openly appliance env check "$1" || fail "$1 has errors" "Correct what is said above."
    if [ ! -e "$target" ]; then
        say "using $1 as $target"
        write_env cat "$1"
    elif ! cmp -s "$1" "$target"; then
        fail "$target is there already and differs from $1" "Leave --env away to keep it; to change a running appliance edit $target and run: appliance apply"
    fi
}

# write_env COMMAND...: what the command prints becomes env.yml, whole or not at all and for root alone.
write_env() {
    (umask 077 && "$@" >"$target.new" 2>>"$log" </dev/null) || {
        rm -f "$target.new"
        fail "env.yml cannot be made" "Read the log."
    }
    sync "$target.new"
    mv "$target.new" "$target"
}

appliance() { "$root/usr/local/bin/appliance" "$@"; }

# Sets configured. config-agent looks in every place that may have an env.yml: a file, a labelled drive, a cloud's metadata.
find_env() {
    configured=yes
    if found=$(appliance env update 2>&1 </dev/null); then
        say "$(printf '%s\n' "$found" | grep 'the active configuration')"
        return 0
    fi
    printf '%s\n' "$found" >>"$log"
    case "$found" in
    *"(ENV_ABSENT)"*) configured=no ;;
    *)
        printf '%s\n' "$found" >&2
        fail "the env.yml of this host cannot be used" "Do what is said above."
        ;;
    esac
}

start_application() {
    if [ "$configured" = no ]; then
        say "there is no env.yml yet, so no application is started"
        return 0
    fi
    say "starting the application"
    if [ "$OPTION_CREATE_DATABASE" = yes ]; then openly appliance database create || does_not_start; fi
    openly appliance start || does_not_start
}

does_not_start() {
    fail "the appliance is installed, but its application does not start" "Do what is said above. Unless that starts it, run then: $root/usr/local/bin/appliance start"
}

farewell() {
    say ""
    if [ "$configured" = yes ]; then
        say "The appliance is in service: https://$(public_name)"
        say "  $root/usr/local/bin/appliance status     what runs"
        say "  $root/usr/local/bin/appliance apply      after a change of env.yml"
    else
        say "The appliance is installed. Its page: https://$(public_name)"
        say "  copy your env.yml to $root/app/env.yml, mode 0600"
        say "  $root/usr/local/bin/appliance start      starts it; says so when it has no database yet"
    fi
}

# The name of env.yml, with the port where it is not the usual one.
public_name() {
    name=$(appliance env flatten appliance --file "$root/run/active-env.yml" 2>/dev/null | sed -n "s/^APPLIANCE_DOMAIN=//p" | tr -d "'\"")
    [ "$APPLIANCE_HTTPS_PORT" = 443 ] || port=:$APPLIANCE_HTTPS_PORT
    echo "${name:-localhost}${port:-}/"
}

main() {
    mkdir -p "$root/var/log" "$root/app"
    : >>"$log"
    chmod 600 "$log"
    read_settings
    preflight
    confirm
    place_checkout
    write_settings
    ensure_user
    place_engine_data
    prepare_engine
    name_engine_data
    prepare_images
    install_command
    install_units
    start_agents
    provide_env
    find_env
    start_application
    remove_old_images
    farewell
}

main
