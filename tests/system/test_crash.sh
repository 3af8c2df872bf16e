#!/bin/sh
# kill -9 of nodes and their network processes at random instants of the
# stories, also between a request and its answer: same final state, every item
# and every request applied exactly once.  And where a process has its secrets.
# It is processes that die here, of the plain build: it starts in less time, so
# more of them do.
#   sh tests/system/test_crash.sh BUILD_DIR
. tests/system/check.inc
build=build/release-gcc
if ! make -s B=$build SAN=0 CC=gcc all >/dev/null 2>&1; then
  echo "not ok - the plain build compiles"
  exit 1
fi
kills=0
inside=0
for seed in ${SEEDS:-11 12}; do
  for story in S2A X1; do
    TMPDIR=$work "$build/schakel" rehearse --json --crash "$seed" \
      "tests/scenarios/$story.yaml" >"$work/out" 2>&1
    status=$?
    killed=$(sed -n 's/^  "kills": \([0-9]*\).*/\1/p' "$work/out")
    kills=$((kills + ${killed:-0}))
    within=$(sed -n 's/^  "kills_inside": \([0-9]*\).*/\1/p' "$work/out")
    inside=$((inside + ${within:-0}))
    check "$story with seed $seed survives ${killed:-0} kills, ${within:-0} of them inside a request" "$status"
    [ $status = 0 ] || grep -A6 '"problems"' "$work/out"
  done
done
[ "$kills" -ge 20 ]; check "$kills processes were killed" $?
[ "$inside" -ge 20 ]
check "$inside nodes were killed between a request and its answer" $?

# Secrets: schakeld has them where nothing is swapped out or dumped, schakel-net
# has the transport key only, schakel-start nothing.  ASan locks no memory: this
# too is the plain build.
# shellcheck disable=SC2046
${CC:-cc} -std=c17 -D_GNU_SOURCE -I. -o "$work/watch" tests/system/watch.c \
  $build/libsk-protocol.a $(pkg-config --libs libsodium nettle) \
  $(pkg-config --libs msgpack-c 2>/dev/null || pkg-config --libs msgpack)
check "the helper is built" $?
TMPDIR=$work "$build/schakel" rehearse --keep --json tools/dev/bench/story.yaml \
  >"$work/out" 2>&1
root=$(sed -n 's/.*"root": "\(.*\)".*/\1/p' "$work/out")
pids=$(sed -n 's/.*"pid": \([0-9]*\).*/\1/p' "$work/out")
seek() { # PID: a line per secret: name, copies, copies in the open
  timeout 60 "$work/watch" secrets "$1" "$folder" "$root/key" >"$work/found"
}
folder_of() { # PID: what the story says; /proc may be closed to us
  awk -F'"' -v pid="$1" '$2 == "dir" { dir = $4 }
    $2 == "pid" { gsub(/[^0-9]/, "", $3); if ($3 == pid) print dir }' \
    "$work/out"
}
core=0 net=0 starter=0 seen=true
for pid in $pids; do
  folder=$(folder_of "$pid")
  seek "$pid"
  looked=$?
  [ $looked != 77 ] || seen=false
  [ $looked = 0 ] && awk '$1 != "unlock" && $2 > 0 && $3 == 0 { good++ }
    $1 == "unlock" && $2 == 0 { good++ } END { exit good != 5 }' \
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
if [ $seen = false ]; then # without CAP_SYS_PTRACE, as in a container
  echo "ok - skipped: no memory may be read here (3 checks not made)"
elif [ "$(ulimit -l)" != unlimited ] && [ "$(ulimit -l)" -lt 8192 ]; then
  echo "ok - skipped: no memory may be locked here (1 check not made)"
else
  [ $core = 2 ]; check "schakeld has its four secrets, in locked memory only" $?
fi
if [ $seen = true ]; then
  [ $net = 2 ]; check "schakel-net has the transport key, and no other" $?
  [ $starter = 2 ]; check "schakel-start has none" $?
fi

# A life, seen from outside: locked up before the first foreign byte, and when
# it was asked to stop, nothing of the secrets is left when it goes.
stop() { # PID
  kill "$1"
  for _ in $(seq 400); do kill -0 "$1" 2>/dev/null || return 0; sleep 0.05; done
  return 1
}
life() { # COMMAND: begins one of the node ocmw-a, to $work/life
  : >"$work/life"
  "$work/watch" life "$root/ocmw-a" "$root/key" "$@" \
    >"$work/life" 2>"$work/life.log" &
  watch=$!
  pids="$pids $watch"
}
lives() { kill -0 "$watch" 2>/dev/null; }
ended() { # within a minute; how, is its status
  for _ in $(seq 1200); do lives || break; sleep 0.05; done
  kill -9 "$watch" 2>/dev/null
  wait "$watch"
}
when() { # PROCESS ACT: the line that says so; a large number: never
  awk -v want="$1 $2" '$0 == want { print NR; found = 1; exit }
    END { if (!found) print 999999 }' "$work/life"
}
locked_before() { # PROCESS ACT...: each was done, behind both locks
  process=$1; shift
  files=$(when "$process" files) calls=$(when "$process" calls)
  [ "$landlock" != 0 ] || files=0
  [ "$seccomp" = true ] || calls=0
  for act in "$@"; do
    at=$(when "$process" "$act")
    [ "$at" -lt 999999 ] && [ "$files" -lt "$at" ] && [ "$calls" -lt "$at" ] ||
      return 1
  done
}
left() { # PROCESS SECRET...: nothing of these, nowhere
  process=$1; shift
  for secret in "$@"; do
    grep -qx "$process had $secret 0 0 0" "$work/life" || return 1
  done
}
status() { LANG=C "$build/schakel" status --dir "$root/ocmw-a" --json; }
pid=$(echo "$pids" | head -1)
[ "$(folder_of "$pid")" = "$root/ocmw-a" ] && stop "$pid"
check "a node stops" $?
life "$build/schakeld" --dir "$root/ocmw-a" --manual-clock 2026-10-01T09:02:00Z
for _ in $(seq 600); do
  grep -q '^READY' "$work/life" || ! lives && break
  sleep 0.05
done
if ! lives && { ended; [ $? = 77 ]; }; then
  echo "ok - skipped: no process may be traced here (9 checks not made)"
else
  for _ in $(seq 600); do
    status >"$work/status" 2>&1
    grep -q '"up": 1' "$work/status" &&
      [ "$(when schakel-net accepts)" -lt 999999 ] && break
    sleep 0.05
  done
  landlock=$(sed -n 's/.*"landlock": \([0-9]*\).*/\1/p' "$work/status")
  seccomp=$(sed -n 's/.*"seccomp": \([a-z]*\).*/\1/p' "$work/status")
  [ "$landlock" != 0 ] || echo "ok - skipped: no Landlock here (its locks)"
  [ "$seccomp" = true ] || echo "ok - skipped: no seccomp here (its locks)"
  age-keygen -o "$work/age" 2>/dev/null
  "$build/schakel" backup --dir "$root/ocmw-a" "$work/backup" \
    --recipient "$(age-keygen -y "$work/age")" >>"$work/out" 2>&1
  check "a backup is made of a node that is watched" $?
  kill "$(sed -n 's/^pid //p' "$work/life")"
  ended
  check "it stops with status 0" $?
  locked_before schakeld accepts receives
  check "schakeld is locked up before it takes a byte" $?
  locked_before schakel-net network accepts receives thread
  check "schakel-net is before it makes a thread or a socket" $?
  [ "$(when schakeld network)$(when schakel-start network)" = 999999999999 ]
  check "only schakel-net makes a socket of the Internet" $?
  if grep -q 'nobody may look' "$work/life"; then
    echo "ok - skipped: no memory may be read here (2 checks not made)"
  else
    left schakeld signing sealing transport master unlock
    check "schakeld stops: of no secret is there anything left" $?
    left schakel-net signing sealing master unlock &&
      grep -q '^schakel-net had transport [0-9]* [0-9]* 0$' "$work/life"
    check "schakel-net wiped its key; $(awk '/^schakel-net had transport/ { print $4 }' \
      "$work/life") copies of libzmq are on its heap (THREATS.md 12.9)" $?
  fi
  life "$build/schakel" restore "$work/backup" --dir "$work/restored" \
    --identity "$work/age"
  ended && locked_before schakeld reads
  check "a restore is locked up before it reads the backup" $?
fi
exit $failed
