#!/usr/bin/env bash
# Puts the amalgamation of the current SQLite, the oracle of the differential tests, into build/oracle.  It comes inside
# the npm package better-sqlite3 (pinned; no install scripts are run).  Without npm the tests use Debian's sqlite3.
set -eu
cd "$(dirname "$0")/.."
[ -f build/oracle/sqlite3.c ] && exit 0
command -v npm >/dev/null || { echo "no npm: tests compare with Debian's sqlite3"; exit 0; }
mkdir -p build/oracle
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if (cd "$work" && npm pack --silent --ignore-scripts better-sqlite3@12.11.1 >/dev/null 2>&1 && tar xzf better-sqlite3-*.tgz); then
    cp "$work"/package/deps/sqlite3/sqlite3.h build/oracle/
    cp "$work"/package/deps/sqlite3/sqlite3.c build/oracle/
    echo "oracle: $(grep -m1 -o '"3\.[0-9.]*"' build/oracle/sqlite3.h)"
else
    rmdir build/oracle
    echo "npm registry not reached: tests compare with Debian's sqlite3"
fi
