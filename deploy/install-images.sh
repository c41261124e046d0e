# Read by install.sh: the images of this version, and those of versions that are over.
# shellcheck shell=sh

# shellcheck disable=SC2154  # root, checkout and the settings are those of install.sh
: "${PROGRESS_EVERY_SECONDS:=60}"

# Images that were brought by `docker load` are used as they are; a host without network needs nothing else.
prepare_images() {
    images_left=$("$checkout/deploy/images.sh" missing) ||
        fail "the names of the images cannot be found out" "Read the lines above."
    if [ -z "$images_left" ]; then
        say "using the images of version $APPLIANCE_VERSION that are here"
        return 0
    fi
    openly "$checkout/deploy/base-image.sh" || fail "there is no base image" "Do what is said above."
    say "building images of version $APPLIANCE_VERSION, some minutes the first time"
    build_images || fail "an image cannot be built" "Read the lines above."
}

# The build stays in the foreground, so that Ctrl-C ends it as well.
build_images() {
    tell_progress &
    telling=$!
    built=no
    if quietly "$checkout/deploy/images.sh" build; then built=yes; fi
    kill "$telling" 2>/dev/null || true
    [ "$built" = yes ]
}

# One line a minute for whoever waits; every word of the builds is in the log. Ends with install.sh in any case.
tell_progress() {
    waited=0
    while sleep 1 && kill -0 $$ 2>/dev/null; do
        waited=$((waited + 1))
        [ $((waited % PROGRESS_EVERY_SECONDS)) -eq 0 ] || continue
        echo "  $((waited / 60)) min so far, still to be built: $("$checkout/deploy/images.sh" missing | short_names)"
    done
}

# appliance/queue:318b12bcd698 -> queue
short_names() { sed 's,^appliance/,,; s,:.*,,' | paste -s -d ' '; }

# The previous version stays, to go back to it. Only done once the present one serves, and not by another root: the engine's
# images are global to the host.
remove_old_images() {
    [ -z "$root" ] || return 0
    removed=$("$checkout/deploy/images.sh" prune "${APPLIANCE_PREVIOUS_VERSION:-$APPLIANCE_VERSION}" | wc -l)
    [ "$removed" -eq 0 ] || say "removed $removed images of versions that are over"
}
