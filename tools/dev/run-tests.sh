#!/bin/sh
# Run test programs and scripts, look into the sanitizers' logs, and print one
# closing line.
#   tools/dev/run-tests.sh BUILD_DIR PROGRAM... [-- SCRIPT...]
# A program is a Criterion binary; a script is run as `sh SCRIPT BUILD_DIR` and
# prints one line `ok - NAME` or `not ok - NAME` per test.
set -u
build=${1:?}; shift
logs=$build/logs
rm -rf "$logs"
mkdir -p "$logs"
logs=$(cd "$logs" && pwd)
export ASAN_OPTIONS="log_path=$logs/asan:detect_leaks=1:abort_on_error=0:allocator_may_return_null=1"
export UBSAN_OPTIONS="log_path=$logs/ubsan:print_stacktrace=1"
passed=0
failed=0
kind=program

count() { grep -c "$1" "$2" 2>/dev/null; }

for test in "$@"; do
  if [ "$test" = -- ]; then kind=script; continue; fi
  name=$(basename "$test")
  out=$logs/$name.out
  start=$(date +%s)
  if [ $kind = program ]; then
    tap=$logs/$name.tap
    timeout 300 "$test" -j2 --tap="$tap" >"$out" 2>&1
    status=$?
    good=$(count '^ok ' "$tap"); bad=$(count '^not ok ' "$tap")
    plan=$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' "$tap" 2>/dev/null | head -1)
    good=${good:-0}; bad=${bad:-0}
    [ "${plan:-0}" -gt 0 ] && [ "$plan" = $((good + bad)) ] ||
      { bad=$((bad + 1)); echo "$name: ran $((good + bad - 1)) of ${plan:-no} tests"; }
    [ $status = 0 ] || [ "$bad" -gt 0 ] ||
      { bad=1; echo "$name: exit status $status"; }
    [ "$bad" = 0 ] || { grep -A12 '^not ok ' "$tap"; tail -30 "$out"; }
  else
    timeout 600 sh "$test" "$build" >"$out" 2>&1
    status=$?
    good=$(count '^ok - ' "$out"); bad=$(count '^not ok - ' "$out")
    good=${good:-0}; bad=${bad:-0}
    [ $status = 0 ] && [ "$good" -gt 0 ] || [ "$bad" -gt 0 ] ||
      { bad=1; echo "$name: exit status $status, $good passed"; }
    [ "$bad" = 0 ] || tail -60 "$out"
  fi
  printf '  %-34s %4d passed, %d failed  (%d s)\n' "$name" "$good" "$bad" \
    $(($(date +%s) - start))
  passed=$((passed + good)); failed=$((failed + bad))
done

for log in "$logs"/asan* "$logs"/ubsan*; do
  [ -s "$log" ] || continue
  echo "sanitizer report: $log"
  head -40 "$log"
  failed=$((failed + 1))
done
echo
echo "$passed passed, $failed failed"
[ $failed = 0 ] && [ $passed -gt 0 ]
