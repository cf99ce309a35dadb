#!/usr/bin/env bash
# Installs what building and testing need on Debian 12, and only what is missing.
# Usage: tools/install.sh [bench]
set -eu
packages="gcc make cmake ninja-build pkg-config lemon liblz4-dev libxxhash-dev libroaring-dev zlib1g-dev
          libcmocka-dev libsqlite3-dev sqlite3 libmd-dev"
[ "${1:-}" = bench ] && packages="$packages g++ libbenchmark-dev"
[ "${1:-}" = fuzz ] && packages="$packages clang"
missing=""
for package in $packages; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q "install ok installed" || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
echo "installing:$missing"
sudo=""
[ "$(id -u)" = 0 ] || sudo="sudo"
$sudo apt-get update -qq
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $missing >/dev/null
