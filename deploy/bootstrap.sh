#!/bin/sh
# Makes a fresh host an appliance; run again it repairs and upgrades. All that it does is in install.sh of the checkout:
# this part only finds that checkout, so that it can be piped into a shell. Nothing runs before the last line is read.
set -eu

usage() {
    cat <<'END'
Makes this host an appliance. Run it again to repair or upgrade; an env.yml that is there is never overwritten.

  deploy/bootstrap.sh [options]                               from a checkout
  curl -fsS .../bootstrap.sh | sh -s -- --source URL [options]  without one

  --sample        make an env.yml with fresh secrets and the built-in application, and its database
  --domain NAME   the public name of the host, for --sample; default: localhost
  --env FILE      use this env.yml
  --create-database
                  make the empty database of a new appliance; not where one is to be recovered. --sample does it
  --yes           do not ask before changing the host
  --force         go on although a check of the host failed
  --root DIR      install below DIR instead of /, beside another appliance; nothing global to the host is changed
  --source WHERE  where the checkout comes from: a git repository, or a folder
  --help          this text

Example: deploy/bootstrap.sh --sample --domain appliance.example.com
END
}

# fail SENTENCE REMEDY
fail() {
    printf 'error: %s\n  %s\n' "$1" "$2" >&2
    exit 1
}

# The options go to install.sh as OPTION_NAME variables.
parse_options() {
    OPTION_YES=no OPTION_SAMPLE=no OPTION_FORCE=no OPTION_DOMAIN=localhost OPTION_ENV='' OPTION_ROOT=/ OPTION_SOURCE=''
    OPTION_CREATE_DATABASE=no
    while [ $# -gt 0 ]; do
        case "$1" in
        --yes) OPTION_YES=yes ;;
        --sample) OPTION_SAMPLE=yes OPTION_CREATE_DATABASE=yes ;;
        --create-database) OPTION_CREATE_DATABASE=yes ;;
        --force) OPTION_FORCE=yes ;;
        --help) usage && exit 0 ;;
        --domain | --env | --root | --source)
            [ $# -ge 2 ] || wrong_usage "$1 needs a value"
            set_option "$1" "$2"
            shift
            ;;
        --domain=* | --env=* | --root=* | --source=*) set_option "${1%%=*}" "${1#*=}" ;;
        *) wrong_usage "unknown option: $1" ;;
        esac
        shift
    done
    export OPTION_YES OPTION_SAMPLE OPTION_CREATE_DATABASE OPTION_FORCE OPTION_DOMAIN OPTION_ENV OPTION_ROOT
}

set_option() {
    case "$1" in
    --domain) OPTION_DOMAIN=$2 ;;
    --env) OPTION_ENV=$2 ;;
    --root) OPTION_ROOT=$2 ;;
    --source) OPTION_SOURCE=$2 ;;
    esac
}

wrong_usage() {
    printf 'error: %s\n\n' "$1" >&2
    usage >&2
    exit 2
}

check_options() {
    case "$OPTION_DOMAIN" in
    '' | *[!A-Za-z0-9.-]*) wrong_usage "--domain $OPTION_DOMAIN is no name of a host" ;;
    esac
    case "$OPTION_ROOT" in
    /*) ;;
    *) wrong_usage "--root needs a path that begins with /" ;;
    esac
    [ "$OPTION_SAMPLE" = no ] || [ -z "$OPTION_ENV" ] || wrong_usage "--sample and --env exclude each other"
    [ -z "$OPTION_ENV" ] || [ -r "$OPTION_ENV" ] || wrong_usage "--env $OPTION_ENV cannot be read"
    [ "$(id -u)" = 0 ] || fail "this needs root" "Start it again with sudo."
}

# The checkout this file lies in; piped into a shell it lies in none.
own_checkout() {
    here=$(CDPATH='' cd "$(dirname "$0")/.." 2>/dev/null && pwd) || return 0
    if [ -f "$here/deploy/install.sh" ]; then echo "$here"; fi
}

# Sets checkout: a folder with the sources, which install.sh copies to where they are used.
find_checkout() {
    checkout=${OPTION_SOURCE:-$(own_checkout)}
    [ -n "$checkout" ] || wrong_usage "say with --source where the checkout comes from"
    if [ -d "$checkout" ] && [ ! -f "$checkout/deploy/install.sh" ] && [ ! -f "$checkout/HEAD" ]; then
        fail "$checkout is no checkout of the appliance" "Name its top folder, which holds deploy/ and compose/."
    fi
    if [ ! -f "$checkout/deploy/install.sh" ]; then clone "$checkout"; fi
}

clone() {
    command -v git >/dev/null || install_git
    download=$(mktemp -d)
    trap 'rm -rf "$download"' EXIT
    echo "cloning $1"
    git clone --quiet -- "$1" "$download/checkout" </dev/null || fail "$1 cannot be cloned" "Check the address and the network."
    checkout=$download/checkout
    [ -f "$checkout/deploy/install.sh" ] || fail "$1 is no repository of the appliance" "Check the address."
}

install_git() {
    echo "installing git"
    { apt-get -q -y update && DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends git ca-certificates; } \
        </dev/null >/dev/null || fail "git cannot be installed" "Install it, then start this again."
}

main() {
    parse_options "$@"
    check_options
    find_checkout
    # Not exec: the download is removed afterwards. Standard input may be this script itself, still being read.
    "$checkout/deploy/install.sh" </dev/null
}

main "$@"
