#!/usr/bin/env bash
# Installs what is missing, builds, runs every test (release-with-asserts, then sanitizers), and ends with "N passed, N failed".
set -u
cd "$(dirname "$0")/.."
tools/install.sh || exit 1
tools/get-oracle.sh || exit 1
passed=0 failed=0
jobs=$(nproc)

# run_preset PRESET [ctest arguments]: builds and tests one preset.
run_preset() {
    local preset=$1 log
    shift
    log=build/$preset-test.log
    echo "== $preset"
    cmake --preset "$preset" >build/"$preset"-configure.log 2>&1 || { cat build/"$preset"-configure.log; failed=$((failed + 1)); return; }
    cmake --build --preset "$preset" -j "$jobs" >build/"$preset"-build.log 2>&1 ||
        { tail -50 build/"$preset"-build.log; failed=$((failed + 1)); return; }
    ctest --test-dir build/"$preset" -j "$jobs" --output-on-failure "$@" 2>&1 | tee "$log" | grep -E '^ *[0-9]+/[0-9]+ |Failed|\*\*\*|differs|:[0-9]+: ' | grep -v Passed
    local total bad
    total=$(sed -nE 's/.* ([0-9]+) tests failed out of ([0-9]+).*/\2/p' "$log")
    bad=$(sed -nE 's/.* ([0-9]+) tests failed out of ([0-9]+).*/\1/p' "$log")
    if [ -z "$total" ]; then echo "$preset: ctest gave no result"; failed=$((failed + 1)); return; fi
    passed=$((passed + total - bad))
    failed=$((failed + bad))
    echo "$preset: $((total - bad)) of $total tests passed"
}
mkdir -p build
run_preset debug
run_preset asan -E 'slt/|sql/off-|oracle/(any|batch-1)'
run_preset tsan -R 'thread|api'
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
