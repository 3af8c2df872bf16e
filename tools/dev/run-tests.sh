#!/bin/sh
# Run test programs and scripts, JOBS at a time, look into the sanitizers'
# logs, and print what took most and one closing line.
#   tools/dev/run-tests.sh BUILD_DIR PROGRAM... [-- SCRIPT...]
# A program is a Criterion binary; a script is run as `sh SCRIPT BUILD_DIR` and
# prints one line `ok - NAME` or `not ok - NAME` per test.  A test that leaves
# a file or a process behind has failed.
set -u

count() { sed -n "/$1/p" "$2" 2>/dev/null | wc -l; }

run_program() {
  tap=$logs/$name.tap
  timeout 600 "$test" -j2 --tap="$tap" >"$out" 2>&1
  status=$?
  good=$(count '^ok ' "$tap"); bad=$(count '^not ok ' "$tap")
  plan=$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' "$tap" 2>/dev/null | head -1)
  if [ "${plan:-0}" = 0 ] || [ "$plan" != $((good + bad)) ]; then
    echo "$name: ran $((good + bad)) of ${plan:-no} tests, exit status $status"
    bad=$((bad + 1))
  elif [ $status != 0 ] && [ "$bad" = 0 ]; then
    echo "$name: exit status $status"
    bad=1
  fi
  [ "$bad" = 0 ] || { grep -A12 '^not ok ' "$tap"; tail -30 "$out"; }
}

run_script() {
  timeout 600 sh "$test" "$build" >"$out" 2>&1
  status=$?
  good=$(count '^ok - ' "$out"); bad=$(count '^not ok - ' "$out")
  if [ "$bad" = 0 ] && { [ $status != 0 ] || [ "$good" = 0 ]; }; then
    echo "$name: exit status $status, $good passed"
    bad=1
  fi
  [ "$bad" = 0 ] || { grep '^not ok - ' "$out"; tail -60 "$out"; }
}

if [ "$1" = --one ]; then
  build=$2 logs=$3 test=$4
  name=$(basename "$test")
  out=$logs/$name.out
  start=$(date +%s)
  case $test in
  *.sh) run_script ;;
  *) run_program ;;
  esac >"$logs/$name.report"
  echo "$good $bad" >"$logs/$name.result"
  # What it and its children worked, in seconds of a processor.
  times >"$logs/$name.times"
  work=$(awk -F '[ms ]+' 'NR == 2 { printf "%.1f", $1 * 60 + $2 + $3 * 60 + $4 }' \
    "$logs/$name.times")
  printf '  %-30s %4d passed, %d failed  (%d s, worked %s s)\n' "$name" "$good" \
    "$bad" $(($(date +%s) - start)) "$work" >>"$logs/$name.report"
  cat "$logs/$name.report"
  exit 0
fi

build=${1:?}; shift
logs=$build/logs
rm -rf "$logs"
mkdir -p "$logs"
logs=$(cd "$logs" && pwd)
# Two for each processor: who waits leaves its turn to another.
jobs=${JOBS:-$(($(nproc) * 2))}
hold=$(mktemp -d /tmp/sk-XXXXXX)
chmod 711 "$hold" # some tests let another user in
trap 'rm -rf "$hold"' EXIT
# What make tells its children is not for the makes that tests run.
unset MAKEFLAGS MFLAGS MAKELEVEL
export ASAN_OPTIONS="log_path=$logs/asan:detect_leaks=1:abort_on_error=0:allocator_may_return_null=1:quarantine_size_mb=16"
export UBSAN_OPTIONS="log_path=$logs/ubsan:print_stacktrace=1"

# Scripts wait more than they work, programs work: so always some of both.
programs=
scripts=
for test in "$@"; do
  case $test in
  --) ;;
  *.sh) scripts="$scripts $test" ;;
  *) programs="$programs $test" ;;
  esac
done
[ -n "$scripts$programs" ] || { echo "0 passed, 0 failed"; exit 1; }
# spread TEST...: each with its place in the row, in thousandths.
spread() {
  all=$#
  for test in "$@"; do echo "$((($all - $#) * 1000 / $all)) $test"; shift; done
}
# shellcheck disable=SC2086
{ spread $scripts; spread $programs; } | sort -sn | cut -d ' ' -f 2- |
  TMPDIR=$hold xargs -n 1 -P "$jobs" sh "$0" --one "$build" "$logs"

passed=0
failed=0
for test in $scripts $programs; do
  name=$(basename "$test")
  good=0
  bad=1
  [ -f "$logs/$name.result" ] && read -r good bad <"$logs/$name.result"
  passed=$((passed + good)); failed=$((failed + bad))
done

# What a process says that somebody kills while it looks for its leaks: it found
# nothing, and did not get to its end.
killed='^==[0-9]*==Unable to get registers from thread [0-9]*\.$'
for log in "$logs"/asan* "$logs"/ubsan*; do
  [ -s "$log" ] && grep -qv "$killed" "$log" || continue
  echo "sanitizer report: $log"
  head -40 "$log"
  failed=$((failed + 1))
done
for process in /proc/[0-9]*; do
  grep -qzx "TMPDIR=$hold" "$process/environ" 2>/dev/null || continue
  echo "left running: $(cat "$process/cmdline" 2>/dev/null | tr '\0' ' ')"
  kill -9 "${process#/proc/}" 2>/dev/null
  failed=$((failed + 1))
done
if [ -n "$(ls -A "$hold")" ]; then
  echo "left in the folder for temporary files:"
  ls -lA "$hold"
  failed=$((failed + 1))
fi
echo
echo "Most work:"
sed -n 's/^  \([^ ]*\) .*worked \([0-9.]*\) s)$/\2 \1/p' "$logs"/*.report |
  sort -rn | head -10 | awk '{ printf "  %7.1f s  %s\n", $1, $2 }'
echo
echo "$passed passed, $failed failed"
[ $failed = 0 ] && [ $passed -gt 0 ]
