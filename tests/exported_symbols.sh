#!/bin/sh
# Fails when the shared library exports anything but stoa_* functions, or none of them.
# (Sanitizer runtimes add names of their own, which begin with two underscores.)
set -eu
names=$(nm -D --defined-only "$1" | awk '{print $3}')
others=$(printf '%s\n' "$names" | grep -v -e '^stoa_' -e '^__' || true)
if [ -n "$others" ]; then
    echo "exported but not public:"
    printf '%s\n' "$others"
    exit 1
fi
printf '%s\n' "$names" | grep -q '^stoa_open$'
