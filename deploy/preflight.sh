#!/bin/sh
# Looks whether this host can become an appliance, changes nothing, and says everything that is in the way at once, each
# with what to do. Exit code 1 when an error was found; warnings do not count.
#
#   deploy/preflight.sh [--force]      --force: errors become warnings
#
# Settings come from the environment; bootstrap.sh gives those of the installation. SYSROOT is for tests.
set -eu
PATH=$PATH:/usr/sbin:/sbin

SYSROOT=${SYSROOT:-}
ROOT=${ROOT:-/}
PROJECT=${COMPOSE_PROJECT_NAME:-appliance}
SUBNET=${APPLIANCE_SUBNET:-10.73}
HTTP_PORT=${APPLIANCE_HTTP_PORT:-80}
HTTPS_PORT=${APPLIANCE_HTTPS_PORT:-443}
# Of this host alone.
AGENT_PORTS="${APPLIANCE_CONFIG_AGENT_PORT:-7301} ${APPLIANCE_UPDATE_AGENT_PORT:-7302} ${APPLIANCE_CERT_AGENT_PORT:-7303}"
# Seconds since 1970 of the release; a clock that is behind it is wrong.
RELEASED_AT=${RELEASED_AT:-1795305600}
# The minimum of the manual is 4 GB; the kernel keeps some of it.
MEMORY_KB=3670016
DISK_KB=10485760
TEN_YEARS=315360000

docker=$("$(dirname "$0")/engine.sh" client)
force=no
[ "${1:-}" != --force ] || force=yes
errors=0

# error SENTENCE REMEDY
error() {
    if [ "$force" = yes ]; then
        warning "$@"
    else
        errors=$((errors + 1))
        printf '  error: %s\n         %s\n' "$1" "$2"
    fi
}

# warning SENTENCE REMEDY
warning() { printf '  warning: %s\n           %s\n' "$1" "$2"; }

check_system() {
    ID=unknown VERSION_ID=0 PRETTY_NAME="an unknown system"
    # shellcheck disable=SC1091
    . "$SYSROOT/etc/os-release"
    case "$ID:$VERSION_ID" in
    debian:12 | debian:13 | ubuntu:22.04 | ubuntu:24.04 | ubuntu:26.04) ;;
    *) warning "$PRETTY_NAME is not one of the systems this was tested on" \
        "Use Debian 12 or 13, or Ubuntu 22.04, 24.04 or 26.04, for a host that matters." ;;
    esac
    case "$(uname -m)" in
    x86_64 | aarch64) ;;
    *) error "the processor is $(uname -m)" "Use a host with an x86-64 or arm64 processor." ;;
    esac
}

check_memory() {
    found=$(awk '/^MemTotal:/ { print $2 }' "$SYSROOT/proc/meminfo")
    [ "$found" -ge "$MEMORY_KB" ] ||
        error "there are $((found / 1024)) MB of memory, 4 GB are needed" "Give the host more memory, or use --force on a test host."
}

# An installation that is there already needs room for new images alone.
check_disk() {
    needed=$DISK_KB
    [ ! -f "${ROOT%/}/app/appliance/compose/.env" ] || needed=$((DISK_KB / 3))
    for path in "$ROOT" /var/lib/docker; do
        [ -d "$path" ] || continue
        free=$(df -Pk "$path" | awk 'NR == 2 { print $4 }')
        [ "$free" -ge "$needed" ] || disk_is_short "$path"
    done
}

disk_is_short() {
    error "$1 has $((free / 1048576)) GB free, $((needed / 1048576)) GB are needed" \
        "Make room or enlarge the disk; 'docker system prune' removes what unused images hold."
}

check_ports() {
    for port in "$HTTP_PORT" "$HTTPS_PORT"; do
        is_ours "$port" || is_free "$port" || error "port $port is used by $(user_of "$port")" \
            "Stop that program and keep it from starting at boot: systemctl disable --now NAME"
    done
    for port in $AGENT_PORTS; do
        is_ours "$port" || is_free "$port" || error "port $port, which an agent needs, is used by $(user_of "$port")" \
            "Stop that program, or choose another port: the variables are in deploy/README.md."
    done
    # The application works without mail from outside, so these two are no reason to stop.
    [ "$ROOT" != / ] || for port in 25 465; do
        is_ours "$port" || is_free "$port" || warning "port $port is used by $(user_of "$port"), so no mail can be received" \
            "Stop that program and keep it from starting at boot: systemctl disable --now NAME"
    done
    is_free 22 || case "$(user_of 22)" in
    sshd | systemd | dropbear | "another program") ;;
    *) warning "port 22 is used by $(user_of 22), not by sshd" "Make sure that you can still log in by ssh after a reboot." ;;
    esac
}

is_free() { [ -z "$(ss -Hltn "sport = :$1")" ]; }

is_ours() {
    [ -n "$docker" ] &&
        [ -n "$("$docker" ps --quiet --filter "label=com.docker.compose.project=$PROJECT" --filter "publish=$1" 2>/dev/null)" ]
}

# The name of the program that listens on a port, as far as ss may tell.
user_of() {
    name=$(ss -Hltnp "sport = :$1" | sed -n 's/.*users:(("\([^"]*\)".*/\1/p' | head -n 1)
    echo "${name:-another program}"
}

check_clock() {
    now=$(date +%s)
    [ "$now" -ge "$RELEASED_AT" ] || error "the clock says $(date -u +%Y-%m-%d), which is before this version was made" \
        "Set it, for example: timedatectl set-ntp true; certificates and schedules depend on it."
    [ "$now" -le $((RELEASED_AT + TEN_YEARS)) ] || error "the clock says $(date -u +%Y-%m-%d), ten years after this version was made" \
        "Set it, for example: timedatectl set-ntp true; certificates and schedules depend on it."
}

check_networks() {
    for route in $(foreign_routes); do
        ! overlap "$route" "$SUBNET.0.0/16" || error "the host reaches $route, which lies in the appliance's own $SUBNET.0.0/16" \
            "Choose another network for the appliance: APPLIANCE_SUBNET=10.74 before the command (two numbers)."
    done
    for address in $(own_addresses); do
        for taken in 172.17.0.0/16 10.0.3.0/24; do
            ! overlap "$address/32" "$taken" || error "the host's address $address lies in $taken, which containers use" \
                "Give the host an address outside of 172.17.0.0/16 and 10.0.3.0/24."
        done
    done
}

# Destinations of all routes but the default one and those into our own networks.
foreign_routes() {
    ours=$(our_bridges)
    ip -4 route show | while read -r destination rest; do
        device=$(expr " $rest " : '.* dev \([^ ]*\) ' || true)
        case " $ours " in *" $device "*) continue ;; esac
        case "$destination" in [0-9]*) echo "$destination" ;; esac
    done
}

# The engine names a bridge after the first twelve digits of its network.
our_bridges() {
    [ -n "$docker" ] || return 0
    "$docker" network ls --quiet --filter "label=com.docker.compose.project=$PROJECT" 2>/dev/null | sed 's/^/br-/' | tr '\n' ' '
}

# The host's addresses, without those that the engines of containers gave to their bridges.
own_addresses() {
    ip -4 -o addr show | awk '$2 !~ /^(lo|docker|br-|lxcbr|lxdbr|veth)/ { sub("/.*", "", $4); print $4 }'
}

# overlap NETWORK NETWORK: two networks overlap when they are equal in the bits of the shorter prefix.
overlap() {
    bits=$(shorter "$(prefix "$1")" "$(prefix "$2")")
    [ "$bits" -gt 0 ] || return 0
    shift_by=$((32 - bits))
    [ $(($(number "${1%/*}") >> shift_by)) -eq $(($(number "${2%/*}") >> shift_by)) ]
}

prefix() { case "$1" in */*) echo "${1#*/}" ;; *) echo 32 ;; esac }

shorter() { if [ "$1" -le "$2" ]; then echo "$1"; else echo "$2"; fi; }

number() { echo "$1" | awk -F. '{ printf "%.0f\n", (($1 * 256 + $2) * 256 + $3) * 256 + $4 }'; }

check_user() {
    holder=$(awk -F: '$3 == 5000 { print $1; exit }' "$SYSROOT/etc/passwd")
    [ "${holder:-app}" = app ] || error "user id 5000 belongs to $holder, the application needs it" "Give $holder another id: usermod -u"
}

check_network() {
    if command -v ss >/dev/null && command -v ip >/dev/null; then
        check_ports
        check_networks
    else
        warning "ports and networks were not checked, because the package iproute2 is missing" "apt-get install iproute2"
    fi
}

main() {
    if [ "$(id -u)" != 0 ]; then
        force=no
        error "this needs root" "Start it again with sudo."
        return 0
    fi
    check_system
    check_memory
    check_disk
    check_network
    check_clock
    check_user
}

main
[ "$errors" -eq 0 ]
