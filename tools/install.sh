#!/usr/bin/env bash
# Installs what building and testing need on Debian 12, and only what is missing: as root, or with sudo.
# Usage: tools/install.sh [bench|fuzz]
set -eu
packages="gcc libc6-dev make cmake ninja-build pkg-config lemon liblz4-dev libxxhash-dev libroaring-dev zlib1g-dev
          libpcre2-dev libedit-dev libcmocka-dev libsqlite3-dev sqlite3 libmd-dev"
[ "${1:-}" = bench ] && packages="$packages g++ libbenchmark-dev"
[ "${1:-}" = fuzz ] && packages="$packages clang"
if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "tools/install.sh: this is not Debian; what building and testing need is called there:" $packages >&2
    exit 1
fi
missing=""
for package in $packages; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q "install ok installed" || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
run=""
if [ "$(id -u)" != 0 ]; then
    run=sudo
    if ! command -v sudo >/dev/null; then
        echo "tools/install.sh: neither root nor sudo; as root, run: apt-get update && apt-get install$missing" >&2
        exit 1
    fi
fi
echo "installing:$missing"
# An update may fail for one source of many: what counts is that the packages can be had.
$run apt-get update -qq || echo "tools/install.sh: apt-get update failed; going on with the package lists that are there" >&2
if ! $run env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $missing >/dev/null; then
    echo "tools/install.sh: apt-get could not install:$missing" >&2
    exit 1
fi
