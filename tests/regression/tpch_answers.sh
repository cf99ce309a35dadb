#!/bin/sh
# The 22 TPC-H queries on the official data at scale 0.01: every answer must be the recorded one,
# reals within 1e-9 of it.
#   tpch_answers.sh STOA FOLDER
# FOLDER has schema.sql, queries.sql ("-- name: qNN" before each), answers-sf0.01.txt ("-- qNN: n
# rows" before each, then the rows in list mode) and sf0.01.tar.xz.
set -u
stoa=$1
folder=$2

skip() {
    echo "skipped: $1"
    exit 0
}
[ -f "$folder/sf0.01.tar.xz" ] || skip "no TPC-H data at $folder"
command -v tar >/dev/null || skip "no tar"
command -v xz >/dev/null || skip "no xz"
case $stoa in /*) ;; *) stoa=$PWD/$stoa ;; esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tar xJf "$folder/sf0.01.tar.xz" -C "$work" || exit 1

{
    cat "$folder/schema.sql"
    for table in region nation part supplier partsupp customer orders lineitem; do
        echo "COPY $table FROM '$work/$table.tbl' (DELIMITER '|', HEADER false);"
    done
    sed 's/^-- name: \(q[0-9]*\).*/.print -- \1/' "$folder/queries.sql"
} >"$work/script.sql"
"$stoa" <"$work/script.sql" >"$work/answers" 2>"$work/errors"
status=$?
if [ $status -ne 0 ] || [ -s "$work/errors" ]; then
    echo "stoa ended with $status:"
    cat "$work/errors"
    exit 1
fi
sed 's/^\(-- q[0-9]*\): .*/\1/' "$folder/answers-sf0.01.txt" >"$work/expected"

awk -F'|' '
function number(text) { return text ~ /^-?[0-9]+(\.[0-9]+)?(e[-+]?[0-9]+)?$/ }
function size(x) { return x < 0 ? -x : x }
function same(a, b,    larger) {
    if (a == b)
        return 1
    if (!number(a) || !number(b))
        return 0
    larger = size(a) > size(b) ? size(a) : size(b)
    return size(a - b) <= 1e-9 * larger
}
function differs() {
    printf "%s: line %d of its answer is\n  %s\nexpected\n  %s\n", query, line, got, wanted
    bad++
}
NR == FNR { expected[++count] = $0; next }
{
    got = $0
    wanted = FNR <= count ? expected[FNR] : "(nothing)"
    if (got ~ /^-- q/) {
        query = substr(got, 4)
        line = 0
        queries++
    } else {
        line++
    }
    fields = split(wanted, parts, "|")
    if (fields != NF) {
        differs()
        exit
    }
    for (i = 1; i <= NF; i++)
        if (!same($i, parts[i])) {
            differs()
            break
        }
}
END {
    if (!bad && FNR != count) {
        printf "%d lines, expected %d\n", FNR, count
        bad = 1
    }
    printf "%d queries, %d differences\n", queries, bad
    exit bad > 0 || queries != 22
}' "$work/expected" "$work/answers"
