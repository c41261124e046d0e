#!/bin/sh
# Makes sure that the image every other image starts from, debian:trixie-slim, is there: used if present, pulled where a
# registry answers, else built by debootstrap from the host's Debian mirror. Both ways give the same name.
#
#   deploy/base-image.sh [NAME]     needs root and a running engine (engine.sh)
set -eu
PATH=$PATH:/usr/sbin:/sbin

NAME=${1:-debian:trixie-slim}
SUITE=trixie
PULL_SECONDS=300
docker=$("$(dirname "$0")/engine.sh" client)

say() { printf '%s\n' "$*"; }

# fail SENTENCE REMEDY
fail() {
    printf 'error: %s\n  %s\n' "$1" "$2" >&2
    exit 1
}

is_present() { "$docker" image inspect "$NAME" >/dev/null 2>&1; }

# The engine gives up by itself after seconds where no registry answers; the limit is for one that trickles.
pull() { timeout "$PULL_SECONDS" "$docker" pull --quiet "$NAME" >/dev/null 2>&1; }

mirror() { "$(dirname "$0")/engine.sh" mirror; }

install_debootstrap() {
    command -v debootstrap >/dev/null && return 0
    export DEBIAN_FRONTEND=noninteractive
    { apt-get -q -y update && apt-get -q -y install --no-install-recommends debootstrap debian-archive-keyring; } </dev/null >/dev/null ||
        fail "debootstrap cannot be installed" "Let the host reach a registry or a Debian mirror, or 'docker load' an image named $NAME."
}

bootstrap() {
    say "building $NAME from Debian packages, about a minute"
    install_debootstrap
    tree=$(mktemp -d)
    chmod 755 "$tree" # becomes the mode of / in the image, which every user must be able to enter
    trap 'rm -rf --one-file-system "$tree"' EXIT
    leave_out_manuals "$tree"
    # On a host that is no Debian debootstrap takes its own default.
    # shellcheck disable=SC2046  # no word where there is no mirror
    debootstrap --variant=minbase "$SUITE" "$tree" $(mirror) >"$tree.log" 2>&1 ||
        failed "debootstrap of Debian $SUITE failed" "$(mirror)"
    used=$(awk '$1 == "deb" { print $2; exit }' "$tree/etc/apt/sources.list")
    add_security_updates "$tree"
    rm -f "$tree.log"
    clean "$tree"
    tar -C "$tree" --numeric-owner -c . | "$docker" import --change 'CMD ["bash"]' - "$NAME" >/dev/null
}

# failed SENTENCE MIRROR
failed() {
    tail -n 5 "$tree.log" >&2
    fail "$1" "Read $tree.log; check the network and the mirror $2."
}

# What makes the image of the registry "slim", so that both ways give the same files.
leave_out_manuals() {
    mkdir -p "$1/etc/dpkg/dpkg.cfg.d"
    cat >"$1/etc/dpkg/dpkg.cfg.d/docker" <<'END'
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/info/*
path-exclude /usr/share/linda/*
path-exclude /usr/share/lintian/overrides/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/man/*
END
}

add_security_updates() {
    rm -f "$1/etc/apt/sources.list"
    cat >"$1/etc/apt/sources.list.d/debian.sources" <<END
Types: deb
URIs: $used
Suites: $SUITE $SUITE-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: $(security_mirror)
Suites: $SUITE-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
END
    chroot "$1" sh -c 'export DEBIAN_FRONTEND=noninteractive; apt-get -q -y update && apt-get -q -y -o Dpkg::Use-Pty=0 dist-upgrade' </dev/null >/dev/null 2>"$tree.log" ||
        failed "the security updates of Debian $SUITE cannot be installed" "$(security_mirror)"
}

# Beside the archive on every mirror that carries both.
security_mirror() {
    own=$("$(dirname "$0")/engine.sh" mirror security)
    echo "${own:-${used%/}-security}"
}

clean() {
    rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*.bin "$1"/var/cache/apt/archives/*.deb "$1"/var/log/*.log \
        "$1"/var/log/apt/* "$1"/var/cache/ldconfig/aux-cache "$1"/debootstrap
    # Before dpkg knew its configuration, debootstrap unpacked the first packages whole.
    rm -rf "$1"/usr/share/man/* "$1"/usr/share/info/* "$1"/usr/share/locale/*
    find "$1/usr/share/doc" -type f ! -name copyright -delete
    find "$1/usr/share/doc" -type l -delete
    : >"$1/etc/resolv.conf"
    rm -f "$1/etc/hostname"
}

main() {
    if is_present; then return 0; fi
    if pull; then
        say "pulled $NAME"
        return 0
    fi
    bootstrap
}

main
