#!/bin/sh
# The images of the appliance, each tagged with the content hash of the sources it is built from.
#
#   deploy/images.sh version    prints the hash
#   deploy/images.sh list       prints the names of the images
#   deploy/images.sh missing    prints the names of the ones that are not there
#   deploy/images.sh build      builds the ones that are not there; needs a running engine (engine.sh, base-image.sh)
#   deploy/images.sh prune [VERSION...]
#                               removes those of other versions than this one and the named ones, and prints their names;
#                               one that a container was made from stays; of the cache of builds 4 GB, enough for the next one
#
# A host without network gets them by `docker load` before bootstrap: what is there is not built.
set -eu

checkout=$(cd "$(dirname "$0")/.." && pwd)
docker=$("$checkout/deploy/engine.sh" client)
: "${PACKAGE_CACHE:=/usr/local/lib/appliance/package-cache}" # written by config-agent; tests name one of their own

# What images are made of; tests and what a build leaves behind are not part of it.
version() {
    cd "$checkout"
    find apps libs compose tools/bundle.ts package.json package-lock.json .npmrc .dockerignore -type f \
        ! -path '*/node_modules/*' ! -path '*/dist/*' ! -path '*/__pycache__/*' ! -name '*.test.ts' ! -name '.env' -print |
        LC_ALL=C sort | xargs sha256sum | sha256sum | cut -c 1-12
}

# The compose files that name images to build: the core and the built-in application.
compose_files() {
    for file in "$checkout/compose/compose.yml" "$checkout"/compose/*/compose.yml; do
        if [ -f "$file" ]; then echo "$file"; fi
    done
}

# in_project FILE ARGUMENT...: compose, without the .env of a host and with its parts that only start later.
in_project() {
    file=$1
    shift
    APPLIANCE_ROOT=/ APPLIANCE_VERSION=$(version) APPLIANCE_CA_BUNDLE=$(authorities) \
        "$docker" compose --env-file /dev/null --file "$file" --profile '*' "$@"
}

# Behind a proxy that opens TLS, builds must trust what the host trusts. The file is a build secret, in no image.
authorities() {
    if [ -s /etc/ssl/certs/ca-certificates.crt ]; then echo /etc/ssl/certs/ca-certificates.crt; else echo /dev/null; fi
}

# names FILE: the images that its services use.
names() { in_project "$1" config --images; }

# In two steps, because a pipe would hide that compose does not understand a file.
list() {
    listed=$(for file in $(compose_files); do names "$file" || exit 1; done)
    printf '%s\n' "$listed" | sort -u
}

missing() {
    wanted=$(list)
    printf '%s\n' "$wanted" | only_missing
}

only_missing() {
    while read -r image; do
        "$docker" image inspect "$image" >/dev/null 2>&1 || echo "$image"
    done
}

# The package cache of this host (appliance:storage:proxy_cache) as builds reach it, on the engine's own network. Nothing where there
# is none, or where it has not each mirror of the base image: apt in a build knows no second way.
package_cache() {
    [ -x "$PACKAGE_CACHE" ] || return 0
    published=
    for mirror in $(base_image_mirrors); do
        published=$("$PACKAGE_CACHE" "$mirror")
        [ -n "$published" ] || return 0
    done
    port=${published##*:}
    id=$("$docker" ps --quiet --filter "publish=${port%/}/tcp")
    [ -z "$id" ] || "$docker" inspect --format 'http://{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}' "$id" | sed 's/ .*/:3128/'
}

base_image_mirrors() {
    "$docker" run --rm --pull never --network none debian:trixie-slim \
        sh -c 'cat /etc/apt/sources.list /etc/apt/sources.list.d/*' 2>/dev/null |
        awk '!/^#/ { for (i = 1; i <= NF; i++) if ($i ~ /^http:/) print $i }'
}

build() {
    for file in $(compose_files); do
        wanted=$(names "$file")
        if [ -n "$(printf '%s\n' "$wanted" | only_missing)" ]; then build_missing "$file"; fi
    done
}

# The cache is for apt: npm speaks https and goes its own way.
build_missing() {
    cache=$(package_cache) || cache=
    BUILDKIT_PROGRESS=plain in_project "$1" build ${cache:+--build-arg "http_proxy=$cache"}
}

prune() {
    kept=" $(version) $* "
    used=" $("$docker" ps --all --format '{{.Image}}' | tr '\n' ' ') "
    ours=$(list | sed -n 's,^\(appliance/[^:]*\):.*,\1,p' | sort -u)
    for repository in $ours; do
        "$docker" image ls --format '{{.Repository}}:{{.Tag}}' "$repository" | while read -r image; do
            case "$kept" in *" ${image#*:} "*) continue ;; esac
            case "$used" in *" $image "*) continue ;; esac
            if "$docker" image rm "$image" >/dev/null 2>&1; then echo "$image"; fi
        done
    done
    bound_build_cache
}

# Each version leaves layers of gigabytes in it, and nothing else removes them. Newer clients call the option reserved-space. A
# cache that cannot be pruned, such as one in use, is no reason to fail: the next time does it.
bound_build_cache() {
    "$docker" builder prune --force --keep-storage 4GB >/dev/null 2>&1 ||
        "$docker" builder prune --force --reserved-space 4GB >/dev/null 2>&1 || :
}

case "${1:-}" in
version | list | missing | build) "$1" ;;
prune) "$@" ;;
*)
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
