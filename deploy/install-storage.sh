# Read by install.sh: where the engine keeps its data, and that it waits for the volumes
# (docs/decisions/2026-11-22-data-of-the-engine.md).
# shellcheck shell=sh
# shellcheck disable=SC2154  # root and checkout are set by install.sh

readonly ENGINE_DATA=/var/lib/docker
readonly VOLATILE_LABEL=/dev/disk/by-label/ecs-volatile
readonly UNITS=/etc/systemd/system

# Before the engine is installed: what it finds when it starts for the first time is where it stays.
place_engine_data() {
    [ -z "$root" ] && runs_systemd || return 0
    put_unit docker-after-volumes.conf "$UNITS/docker.service.d/appliance-volumes.conf"
    if [ -b "$VOLATILE_LABEL" ] && ! engine_has_data; then put_engine_on_volatile; fi
    quietly systemctl daemon-reload || fail "systemd cannot read its units" "See: systemctl status"
}

# A file system of its own there was chosen by the operator.
engine_has_data() {
    mountpoint -q "$ENGINE_DATA" || [ -n "$(ls -A "$ENGINE_DATA" 2>/dev/null)" ]
}

# The bind mount fails where /volatile/docker is missing, and the engine needs it: without its volume it does not start at all,
# rather than with an empty folder.
put_engine_on_volatile() {
    say "keeping the engine's data on the volume ecs-volatile"
    put_unit volatile.mount "$UNITS/volatile.mount"
    put_unit var-lib-docker.mount "$UNITS/var-lib-docker.mount"
    put_unit docker-on-volatile.conf "$UNITS/docker.service.d/appliance-engine-data.conf"
    quietly systemctl daemon-reload || fail "systemd cannot read its units" "See: systemctl status"
    quietly systemctl enable --now volatile.mount || fail "the volume ecs-volatile cannot be mounted" "See: journalctl -u volatile.mount"
    [ -d /volatile/docker ] || mkdir -m 711 /volatile/docker
    quietly systemctl enable --now var-lib-docker.mount || fail "$ENGINE_DATA cannot be mounted" "See: journalctl -u var-lib-docker.mount"
}

put_unit() {
    mkdir -p "$(dirname "$2")"
    put_file 644 "$2" <"$checkout/deploy/systemd/$1"
}

# The manual's name of the engine's data leads to it wherever it is.
name_engine_data() {
    [ -z "$root" ] || return 0
    mkdir -p /volatile
    [ -e /volatile/docker ] || ln -sfn "$ENGINE_DATA" /volatile/docker
}
