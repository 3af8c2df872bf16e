#!/bin/sh
# kill -9 of nodes and their network processes at random instants of the
# stories, also between a request and its answer: same final state, every item
# and every request applied exactly once.  And where a process has its secrets.
# It is processes that die here, of the plain build: it starts in less time, so
# more of them do.
set -u
build=build/release-gcc
if ! make -s B=$build SAN=0 CC=gcc all >/dev/null 2>&1; then
  echo "not ok - the plain build compiles"
  exit 1
fi
failed=0
kills=0
inside=0
for seed in ${SEEDS:-11 12}; do
  for story in S2A X1; do
    out=$(mktemp)
    "$build/schakel" rehearse --json --crash "$seed" \
      "tests/scenarios/$story.yaml" > "$out" 2>&1
    status=$?
    killed=$(sed -n 's/^  "kills": \([0-9]*\).*/\1/p' "$out")
    kills=$((kills + ${killed:-0}))
    within=$(sed -n 's/^  "kills_inside": \([0-9]*\).*/\1/p' "$out")
    inside=$((inside + ${within:-0}))
    if [ $status = 0 ]; then
      echo "ok - $story with seed $seed survives ${killed:-0} kills," \
        "${within:-0} of them inside a request"
    else
      echo "not ok - $story with seed $seed (exit status $status)"
      grep -A6 '"problems"' "$out"
      tail -5 "$out"
      failed=1
    fi
    rm -f "$out"
  done
done
if [ "$kills" -ge 20 ]; then echo "ok - $kills processes were killed"
else echo "not ok - only $kills processes were killed"; failed=1; fi
if [ "$inside" -ge 20 ]; then
  echo "ok - $inside nodes were killed between a request and its answer"
else
  echo "not ok - only $inside nodes were killed inside a request"; failed=1
fi

# Secrets: schakeld has them where nothing is swapped out or dumped, schakel-net
# has the transport key only, schakel-start nothing.  ASan locks no memory: this
# too is the plain build.
check() { # NAME STATUS
  if [ "$2" = 0 ]; then echo "ok - $1"; else echo "not ok - $1"; failed=1; fi
}
work=$(mktemp -d)
# shellcheck disable=SC2046
${CC:-cc} -std=c17 -D_GNU_SOURCE -I. -o "$work/hostile" tests/system/hostile.c \
  $build/libsk-protocol.a $(pkg-config --libs libsodium libzmq) \
  $(pkg-config --libs msgpack-c 2>/dev/null || pkg-config --libs msgpack)
check "the helper is built" $?
TMPDIR=$work "$build/schakel" rehearse --keep --json tools/dev/bench/story.yaml \
  >"$work/out" 2>&1
root=$(sed -n 's/.*"root": "\(.*\)".*/\1/p' "$work/out")
pids=$(sed -n 's/.*"pid": \([0-9]*\).*/\1/p' "$work/out")
seek() { # PID: a line per secret: name, copies, copies in the open
  timeout 60 "$work/hostile" secrets "$1" "$folder" "$root/key" >"$work/found"
}
core=0 net=0 starter=0
for pid in $pids; do
  folder=$(readlink "/proc/$pid/cwd")
  seek "$pid" && awk '$2 > 0 && $3 == 0 { good++ } END { exit good != 4 }' \
    "$work/found" && core=$((core + 1))
  for child in $(cat "/proc/$pid/task/$pid/children"); do
    seek "$child" || continue
    case $(cat "/proc/$child/comm") in
    schakel-net) awk '$2 > 0 { has = has $1 } END { exit has != "transport" }' \
      "$work/found" && net=$((net + 1)) ;;
    schakel-start) awk '$2 > 0 { exit 1 }' "$work/found" &&
      starter=$((starter + 1)) ;;
    esac
  done
done
if [ "$(ulimit -l)" != unlimited ] && [ "$(ulimit -l)" -lt 8192 ]; then
  echo "ok - skipped: no memory may be locked here (1 check not made)"
else
  [ $core = 2 ]; check "schakeld has its four secrets, in locked memory only" $?
fi
[ $net = 2 ]; check "schakel-net has the transport key, and no other" $?
[ $starter = 2 ]; check "schakel-start has none" $?
for pid in $pids; do
  kill "$pid"
  for _ in $(seq 200); do kill -0 "$pid" 2>/dev/null || break; sleep 0.05; done
done
rm -rf "$work"
exit $failed
