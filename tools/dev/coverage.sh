#!/bin/sh
# Percent of the lines and branches of each source file that tests take, the
# least first: `make coverage`.
#   tools/dev/coverage.sh BUILD_DIR PROGRAM... [SCRIPT...]
# node/core and node/net are not in it: a process in its sandbox cannot write
# what it counted.  A file of tables only has no lines.
set -u
build=${1:?}; shift
find "$build" -name '*.gcda' -delete
for test in "$@"; do
  case $test in
  *.sh) timeout 600 sh "$test" "$build" ;;
  *) timeout 600 "$test" -j2 ;;
  esac >/dev/null 2>&1 || echo "failed: $test" >&2
done
echo "lines branches file"
for file in protocol/*.c policies/*.c node/*.c node/engine/*.c \
    tools/schakel/*.c; do
  gcov -bn "$build/${file%.c}.o" 2>/dev/null | awk -v file="$file" '
      /^File / { on = ($0 == "File \x27" file "\x27") }
      on && /^Lines executed/ { split($0, lines, /[:%]/) }
      on && /^Taken at least once/ { split($0, branches, /[:%]/) }
      END { if (2 in lines)
              printf "%5.1f %8.1f %s\n", lines[2], branches[2], file }'
done | sort -n
