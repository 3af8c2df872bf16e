#!/bin/sh
# Fail when a source file of a pure layer or of schakeld is no test's.
#   tools/dev/check-tested.sh [ROOT]
# Its test is tests/<layer>/test_<file>.c, or a program with, in its first
# lines, `Tests: protocol/need.c, protocol/request.c`.
set -u
root=${1:-.}
cd "$root" || exit 2
bad=0

named=$(awk 'FNR > 20 { next }
  /Tests: / { on = 1 }
  on { print; if ($0 !~ /,$/) on = 0 }' tests/*/test_*.c /dev/null |
  grep -oE '[a-z0-9_/]+\.c\b' | sort -u)
for file in $named; do
  [ -f "$file" ] && continue
  echo "tested: a test names $file, which is not there" >&2
  bad=1
done

for file in protocol/*.c policies/*.c node/engine/*.c node/core/*.c; do
  [ -f "$file" ] || continue
  # A name that two folders of node/ have is the engine's.
  case $file in
  node/core/*) [ -f "node/engine/${file##*/}" ] && own= ||
    own=tests/node/test_${file##*/} ;;
  *) own=tests/${file%%/*}/test_${file##*/} ;;
  esac
  [ -n "$own" ] && [ -f "$own" ] && continue
  printf '%s\n' "$named" | grep -qx "$file" && continue
  echo "tested: no test is $file's: see tools/dev/check-tested.sh" >&2
  bad=1
done
exit $bad
