# Read by install.sh: the settings of this installation, which compose and the command read from compose/.env.
# shellcheck shell=sh

# shellcheck disable=SC2154  # root, checkout, source and settings are set by install.sh
readonly SETTINGS="APPLIANCE_SUBNET APPLIANCE_HTTP_PORT APPLIANCE_HTTPS_PORT APPLIANCE_CONFIG_AGENT_PORT \
APPLIANCE_UPDATE_AGENT_PORT APPLIANCE_CERT_AGENT_PORT APPLIANCE_BACKUP_AGENT_PORT APPLIANCE_PACKAGE_CACHE_PORT \
COMPOSE_PROJECT_NAME APPLICATION_PROJECT APPLIANCE_HOST_ID APPLIANCE_LOG_LEVEL"
readonly OTHER_ROOTS="1 2 3 4 5"
readonly PORTS_APART=10000

# Sets each setting: from the environment, else as it was at the last run, else the default of a host or of another root.
read_settings() {
    for name in $SETTINGS; do
        eval "value=\${$name:-}"
        [ -n "$value" ] || value=$(setting_of "$settings" "$name")
        eval "$name=\$value"
    done
    if [ -z "$root" ]; then default_settings '' 0; else default_settings "-$(slot)" "$(slot)"; fi
    # shellcheck disable=SC2086,SC2163  # one word a name
    export $SETTINGS
}

# default_settings SUFFIX SLOT: another root has names of its own, and its ports and networks SLOT steps apart.
default_settings() {
    : "${COMPOSE_PROJECT_NAME:=appliance$1}"
    : "${APPLICATION_PROJECT:=ecs$1}"
    : "${APPLIANCE_SUBNET:=10.$((73 + $2))}"
    : "${APPLIANCE_HTTP_PORT:=$((80 + $2 * PORTS_APART))}"
    : "${APPLIANCE_HTTPS_PORT:=$((443 + $2 * PORTS_APART))}"
    : "${APPLIANCE_CONFIG_AGENT_PORT:=$((7301 + $2 * PORTS_APART))}"
    : "${APPLIANCE_UPDATE_AGENT_PORT:=$((7302 + $2 * PORTS_APART))}"
    : "${APPLIANCE_CERT_AGENT_PORT:=$((7303 + $2 * PORTS_APART))}"
    : "${APPLIANCE_BACKUP_AGENT_PORT:=$((7304 + $2 * PORTS_APART))}"
    : "${APPLIANCE_PACKAGE_CACHE_PORT:=$((7320 + $2 * PORTS_APART))}"
    # By it a lock in a backup is told to be of this host or of another, whatever both are called.
    : "${APPLIANCE_HOST_ID:=appliance-$(od -An -N4 -tx4 /dev/urandom | tr -d ' ')}"
    : "${APPLIANCE_LOG_LEVEL:=info}"
}

# The first number whose page port nobody uses; an installation keeps the one it got.
slot() {
    for number in $OTHER_ROOTS; do
        if [ -z "$(ss -Hltn "sport = :$((443 + number * PORTS_APART))" 2>/dev/null)" ]; then break; fi
    done
    echo "$number"
}

# setting_of FILE NAME
setting_of() { if [ -f "$1" ]; then sed -n "s/^$2=//p" "$1" | tail -n 1; fi; }

write_settings() {
    APPLIANCE_VERSION=$("$checkout/deploy/images.sh" version)
    APPLIANCE_PREVIOUS_VERSION=$(previous_version)
    {
        echo "# Written by deploy/bootstrap.sh, which keeps a changed subnet, port, project name and log level."
        echo "COMPOSE_FILE=compose.yml:$(host_part)"
        echo "APPLIANCE_ROOT=$root"
        echo "APPLIANCE_CHECKOUT=$checkout"
        echo "APPLIANCE_VERSION=$APPLIANCE_VERSION"
        echo "APPLIANCE_PREVIOUS_VERSION=$APPLIANCE_PREVIOUS_VERSION"
        for name in $SETTINGS; do eval "echo \"$name=\$$name\""; done
    } >"$settings.new"
    chmod 644 "$settings.new"
    sync "$settings.new"
    mv "$settings.new" "$settings"
}

# The version that this one takes the place of; run again with the same, it stays.
previous_version() {
    installed=$(setting_of "$settings" APPLIANCE_VERSION)
    if [ "$installed" = "$APPLIANCE_VERSION" ]; then setting_of "$settings" APPLIANCE_PREVIOUS_VERSION; else echo "$installed"; fi
}

# Only the appliance of the root file system has power over the host.
host_part() {
    if [ -n "$root" ]; then
        echo compose.override.yml
    elif runs_systemd; then
        echo host.yml
    else
        echo host.yml:host-plain.yml
    fi
}

runs_systemd() { [ -d /run/systemd/system ]; }
