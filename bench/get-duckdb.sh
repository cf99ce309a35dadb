#!/usr/bin/env bash
# Puts libduckdb.so, a peer of the benchmarks, into build/duckdb; it comes inside a pinned npm package.
set -eu
cd "$(dirname "$0")/.."
[ -f build/duckdb/libduckdb.so ] && exit 0
command -v npm >/dev/null || { echo "no npm: benchmarks run without DuckDB"; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$work" && npm pack --silent --ignore-scripts @duckdb/node-bindings-linux-x64@1.5.6-r.1 >/dev/null && tar xzf ./*.tgz)
mkdir -p build/duckdb
cp "$(find "$work" -name libduckdb.so | head -1)" build/duckdb/
