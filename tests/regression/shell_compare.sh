#!/bin/sh
# Runs every shell/*.sql through stoa and through sqlite3's own shell: standard output, standard
# error and exit code must be the same, byte for byte.
#   shell_compare.sh STOA FOLDER [SQLITE3]
# (On standard error stoa may point at the place of an error where sqlite3 does not.)
# Differences that stand (file "x.sql" with "x.expected"): stoa's output is compared with the file.
set -u
stoa=$1
folder=$2
sqlite=${3:-sqlite3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
count=0

if ! command -v "$sqlite" >/dev/null; then
    echo "skipped: no sqlite3 command"
    exit 0
fi
case $stoa in /*) ;; *) stoa=$PWD/$stoa ;; esac
cp "$folder"/*.csv "$folder"/*.txt "$work" 2>/dev/null

# run PROGRAM NAME ARGUMENTS...: output, errors and exit code of PROGRAM into $work/NAME.*
run() {
    program=$1
    name=$2
    shift 2
    (cd "$work" && HOME=$work "$program" "$@" <"$work/input" >"$work/$name.out" 2>"$work/$name.err")
    echo "exit $?" >>"$work/$name.err"
}
same() {
    count=$((count + 1))
    if ! diff -u "$work/sqlite.out" "$work/stoa.out" >"$work/diff"; then
        echo "--- $1: output differs"
        head -40 "$work/diff"
        failed=$((failed + 1))
    elif diff "$work/sqlite.err" "$work/stoa.err" | grep '^[<>]' | grep -v '^>   ' >"$work/diff"; then
        echo "--- $1: errors differ"
        head -40 "$work/diff"
        failed=$((failed + 1))
    fi
}

for sql in "$folder"/*.sql; do
    cp "$sql" "$work/input"
    run "$stoa" stoa
    if [ -f "${sql%.sql}.expected" ]; then
        cp "${sql%.sql}.expected" "$work/sqlite.out"
        cp "$work/stoa.err" "$work/sqlite.err"
    else
        run "$sqlite" sqlite
    fi
    same "$(basename "$sql")"
done

# The command line: options, SQL arguments, dot commands, errors.
: >"$work/input"
while IFS= read -r line; do
    case $line in '' | '#'*) continue ;; esac
    eval "set -- $line"
    run "$stoa" stoa "$@"
    run "$sqlite" sqlite "$@"
    sed -i 's/^sqlite3: /stoa: /' "$work/sqlite.err"
    same "$line"
done <"$folder/options.txt"

echo "$count comparisons, $failed differences"
[ "$failed" -eq 0 ]
