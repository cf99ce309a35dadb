#!/usr/bin/env bash
# Installs what is missing, builds the stoa command, makes a CSV of sales (1.5 million rows), loads it and prints a report.
set -eu
cd "$(dirname "$0")/.."
tools/install.sh
mkdir -p build
cmake --preset release -DSTOA_TESTS=OFF >build/release-configure.log 2>&1 || { cat build/release-configure.log; exit 1; }
cmake --build --preset release -j "$(nproc)" >build/release-build.log 2>&1 || { tail -50 build/release-build.log; exit 1; }
csv=build/sales.csv
if [ ! -s "$csv" ]; then
    echo "making $csv"
    cc -O2 -o build/make-sales tools/make-sales.c
    build/make-sales 1500000 >"$csv.part" && mv "$csv.part" "$csv"
fi
echo "\$ build/release/src/stoa < tools/report.sql"
exec build/release/src/stoa -box <tools/report.sql
