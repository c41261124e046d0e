#!/bin/sh
# Makes sure that a Docker engine, Compose v2 and buildx exist and run. Repeatable; needs root and apt.
#
#   deploy/engine.sh          installs what is missing, starts the engine, prints what is there
#   deploy/engine.sh client   only prints the path of the docker client to use
#   deploy/engine.sh mirror [security]    only prints the Debian mirror that this host uses
#
# An engine that is already there (docker-ce too) is used as it is. docs/decisions has the reason for each source.
set -eu
PATH=$PATH:/usr/sbin:/sbin

COMPOSE_AT_LEAST="2.20"
START_SECONDS=60
ENGINE_LOG=/var/log/appliance-dockerd.log
PLUGIN_DIR=/usr/libexec/docker/cli-plugins

say() { printf '%s\n' "$*"; }

# fail SENTENCE REMEDY
fail() {
    printf 'error: %s\n  %s\n' "$1" "$2" >&2
    exit 1
}

# Another client earlier in PATH may be of another kind or age than the engine: the packaged one goes first.
docker_client() {
    if [ -x /usr/bin/docker ]; then echo /usr/bin/docker; else command -v docker || true; fi
}

engine() { "$(docker_client)" "$@"; }

has_engine() { [ -n "$(docker_client)" ] && command -v dockerd >/dev/null; }

answers() { [ -n "$(docker_client)" ] && engine version --format '{{.Server.Version}}' >/dev/null 2>&1; }

has_buildx() { [ -n "$(docker_client)" ] && engine buildx version >/dev/null 2>&1; }

has_compose() {
    [ -n "$(docker_client)" ] || return 1
    found=$(engine compose version --short 2>/dev/null) || return 1
    [ "$(printf '%s\n%s\n' "$COMPOSE_AT_LEAST" "${found#v}" | sort -V | head -n 1)" = "$COMPOSE_AT_LEAST" ]
}

runs_systemd() { [ -d /run/systemd/system ]; }

# Sets ID, VERSION_ID and VERSION_CODENAME of the running system.
read_os() {
    ID=unknown VERSION_ID=0 VERSION_CODENAME=
    # shellcheck disable=SC1091
    . /etc/os-release
}

apt() {
    DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold "$@" </dev/null
}

install_packages() {
    apt update >/dev/null || fail "apt-get update failed" "See the lines above; check the network and /etc/apt/sources.list."
    apt install --no-install-recommends "$@" >/dev/null ||
        fail "apt-get install $* failed" "See the lines above; 'apt-get -f install' repairs an interrupted installation."
}

# The packages that bring the engine on this system; Debian 12 has no package of the two plugins.
engine_packages() {
    read_os
    case "$ID:${VERSION_ID%%.*}" in
    debian:12) echo docker.io iptables ca-certificates debian-archive-keyring ;;
    debian:*) echo docker.io docker-cli docker-compose docker-buildx iptables ca-certificates ;;
    ubuntu:*) echo docker.io docker-compose-v2 docker-buildx iptables ca-certificates ;;
    *) fail "no Docker engine here, and $ID $VERSION_ID is not a system this script can install one on" \
        "Install Docker Engine with Compose >= $COMPOSE_AT_LEAST and buildx, then start this again." ;;
    esac
    # With AppArmor in the kernel the engine needs its parser to start any container.
    if grep -qs Y /sys/module/apparmor/parameters/enabled; then echo apparmor; fi
}

install_engine() {
    say "installing the Docker engine"
    # shellcheck disable=SC2046  # one word a package
    install_packages $(engine_packages)
}

# The plugins are packaged apart from the engine on every system but Debian 12.
install_plugins() {
    say "installing Docker Compose and buildx"
    read_os
    case "$ID:${VERSION_ID%%.*}" in
    debian:12) install_plugins_of_next_debian ;;
    debian:*) install_packages docker-compose docker-buildx ;;
    ubuntu:*) install_packages docker-compose-v2 docker-buildx ;;
    *) fail "Docker Compose >= $COMPOSE_AT_LEAST or buildx is missing" "Install both plugins, then start this again." ;;
    esac
}

# The plugins of Debian 13 are static programs that run on Debian 12 as they are. They come through apt, with its
# signatures checked, but from a sources list of their own: nothing else on the host can be drawn from Debian 13.
install_plugins_of_next_debian() {
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    chmod 755 "$work"
    mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/unpacked" "$PLUGIN_DIR"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(debian_mirror) trixie main" >"$work/sources.list"
    next_debian update >/dev/null || fail "the package list of Debian 13 cannot be read" "Check the network and the mirror $(debian_mirror)."
    (cd "$work/cache" && next_debian download docker-compose docker-buildx >/dev/null) ||
        fail "docker-compose and docker-buildx cannot be downloaded" "Check the network and the mirror $(debian_mirror)."
    for package in "$work"/cache/*.deb; do dpkg -x "$package" "$work/unpacked"; done
    find "$work/unpacked" -path '*/cli-plugins/docker-*' -type f -exec install -m 755 '{}' "$PLUGIN_DIR/" ';'
}

next_debian() {
    apt -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$work/lists" \
        -o Dir::Cache="$work/cache" -o Dir::State::status=/dev/null -o APT::Sandbox::User=root "$@"
}

# debian_mirror [security]: the Debian mirror that this host's own packages come from, as a closed site has one of its own;
# nothing on a host that is no Debian.
debian_mirror() {
    read_os
    # shellcheck disable=SC2016  # apt-get expands these names
    if [ "$ID" = debian ]; then
        apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 2>/dev/null |
            awk -v release="$VERSION_CODENAME${1:+-$1}" '$1 == release { print $2; exit }'
    fi
}

start_engine() {
    say "starting the Docker engine"
    if runs_systemd; then
        systemctl enable --quiet --now docker || fail "docker.service does not start" "See: journalctl -u docker"
    else
        # setsid: the engine outlives this script and its terminal.
        setsid dockerd >>"$ENGINE_LOG" 2>&1 </dev/null &
    fi
    wait_for_engine
}

wait_for_engine() {
    waited=0
    until answers; do
        waited=$((waited + 1))
        [ "$waited" -le "$START_SECONDS" ] || engine_is_silent
        sleep 1
    done
}

engine_is_silent() {
    if runs_systemd; then see="journalctl -u docker"; else see="tail $ENGINE_LOG"; fi
    fail "the Docker engine does not answer after $START_SECONDS s" "See: $see"
}

ensure_engine() {
    answers || has_engine || install_engine
    answers || start_engine
    if ! has_compose || ! has_buildx; then install_plugins; fi
    has_compose || fail "Docker Compose is older than $COMPOSE_AT_LEAST" "Remove it from ~/.docker/cli-plugins or update it."
    has_buildx || fail "docker buildx does not work" "Remove it from ~/.docker/cli-plugins or update it."
    say "Docker engine $(engine version --format '{{.Server.Version}}'), Compose $(engine compose version --short)"
}

main() {
    case "${1:-ensure}" in
    ensure) ensure_engine ;;
    client) docker_client ;;
    mirror) debian_mirror "${2:-}" ;;
    *) fail "unknown argument: $1" "Use: engine.sh [ensure|client|mirror]" ;;
    esac
}

main "$@"
