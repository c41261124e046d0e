# Read by install.sh: the files and users that the appliance has on the host, outside of containers.
# shellcheck shell=sh
# shellcheck disable=SC2154  # root, checkout and source are set by install.sh

readonly APP_ID=5000

# Copies the checkout to where it is used. In place, since update-agent has that folder mounted.
place_checkout() {
    [ "$source" != "$checkout" ] || return 0
    say "copying the sources to $checkout"
    mkdir -p "$checkout"
    wanted=$(mktemp)
    sources_of "$source" >"$wanted"
    quietly copy_files "$wanted" || fail "the sources cannot be copied to $checkout" "Read the lines above."
    sources_of "$checkout" | LC_ALL=C comm -13 "$wanted" - | while read -r gone; do rm -f "$checkout/$gone"; done
    rm -f "$wanted"
}

copy_files() { tar -C "$source" --owner=0 --group=0 -T "$1" -c | tar -C "$checkout" -x; }

# All but what tools and installations leave in a checkout; with .git, so that it can be updated.
sources_of() {
    (cd "$1" && find . \( -name node_modules -o -name appliance-root -o -name dist -o -path ./.nx \) -prune -o \
        ! -type d ! -path ./compose/.env -print) | LC_ALL=C sort
}

# The application's containers write below /data as this user, on every host with the same number.
ensure_user() {
    [ -z "$root" ] || return 0
    getent group app >/dev/null || groupadd --gid "$APP_ID" app
    getent passwd app >/dev/null ||
        useradd --uid "$APP_ID" --gid "$APP_ID" --home-dir /app --no-create-home --shell /usr/sbin/nologin app
    [ "$(id -u app)" = "$APP_ID" ] ||
        fail "the user app has the id $(id -u app), it must be $APP_ID" "Remove or renumber it: usermod -u $APP_ID app"
}

# The command has its own Node, so that it works when images and engine are gone
# (docs/decisions/2026-11-22-node-on-the-host.md). Both are replaced whole, because they may be running.
install_command() {
    say "installing the command $root/usr/local/bin/appliance"
    mkdir -p "$root/usr/local/lib/appliance" "$root/usr/local/bin"
    container=$(docker create "appliance/config-agent:$APPLIANCE_VERSION" true) ||
        fail "the image of config-agent cannot be used" "Read the line above."
    copy_out /usr/local/bin/node node
    copy_out /opt/appliance/cli "command-$APPLIANCE_VERSION"
    docker rm "$container" >/dev/null
    put_file 755 "$root/usr/local/bin/appliance" <<END
#!/bin/sh
export APPLIANCE_CHECKOUT="\${APPLIANCE_CHECKOUT:-$checkout}"
exec "$root/usr/local/lib/appliance/node" "$root/usr/local/lib/appliance/command-$APPLIANCE_VERSION/main.mjs" "\$@"
END
    remove_other_commands
    install_old_scripts
}

# The scripts of the manual, by the names that operators know, and the command that each of them is.
old_scripts() {
    cat <<END
env-create.sh                 env create
env-package.sh                env package
env-update.sh                 env update
create-internal-user.sh       user create-internal
create-client-certificate.sh  cert client create
recover-from-backup.sh        recover
END
}

install_old_scripts() {
    mkdir -p "$root/usr/local/sbin"
    old_scripts | while read -r script command; do
        put_file 755 "$root/usr/local/sbin/$script" <<END
#!/bin/sh
exec "$root/usr/local/bin/appliance" $command "\$@"
END
    done
}

# Those of other versions, once the new one is in place.
remove_other_commands() {
    for folder in "$root"/usr/local/lib/appliance/command-*; do
        [ "$folder" = "$root/usr/local/lib/appliance/command-$APPLIANCE_VERSION" ] || rm -rf "$folder"
    done
}

# copy_out PATH NAME: a file or folder of the container into the folder of the command.
copy_out() {
    rm -rf "$root/usr/local/lib/appliance/$2.new"
    docker cp "$container:$1" "$root/usr/local/lib/appliance/$2.new" >/dev/null ||
        fail "$1 is missing in the image of config-agent" "Build it anew: docker image rm appliance/config-agent:$APPLIANCE_VERSION"
    if [ -d "$root/usr/local/lib/appliance/$2" ]; then rm -rf "$root/usr/local/lib/appliance/$2"; fi
    mv "$root/usr/local/lib/appliance/$2.new" "$root/usr/local/lib/appliance/$2"
}

# put_file MODE PATH: standard input becomes the file, whole or not at all.
put_file() {
    cat >"$2.new"
    chmod "$1" "$2.new"
    sync "$2.new"
    mv "$2.new" "$2"
}

install_units() {
    [ -z "$root" ] || return 0
    put_file 755 /usr/local/lib/appliance/service <"$checkout/deploy/systemd/service"
    runs_systemd || return 0
    say "installing appliance.service"
    put_file 644 /etc/tmpfiles.d/appliance.conf <"$checkout/deploy/systemd/tmpfiles.conf"
    for unit in appliance.service appliance-backup.service; do
        put_file 644 "/etc/systemd/system/$unit" <"$checkout/deploy/systemd/$unit"
    done
    quietly systemd-tmpfiles --create /etc/tmpfiles.d/appliance.conf || fail "systemd-tmpfiles failed" "Read the lines above."
    quietly systemctl daemon-reload || fail "systemd cannot read its units" "See: systemctl status"
    quietly systemctl enable appliance.service || fail "appliance.service cannot be enabled" "Read the lines above."
}
