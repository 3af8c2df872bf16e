#!/bin/sh
# What people do at a node with many participants, beside one with few; a
# journal of many entries; a withdrawal at many partners.
#   tools/dev/bench_scale.sh BUILD_DIR    PERSONS=100000 EACH=20 ENTRIES=10000000
# A million participants with 20 events each need 26 GB and an hour or two.
set -eu
build=$(cd "${1:?}" && pwd)
persons=${PERSONS:-100000}
each=${EACH:-20}
entries=${ENTRIES:-10000000}
work=$(mktemp -d)
nodes=
finish() {
  for pid in $nodes; do kill "$pid" 2>/dev/null || true; done
  for pid in $nodes; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap finish EXIT INT TERM
number() { sed -n "s/^$1:[^0-9]*\([0-9]*\).*/\1/p" "/proc/$2/status"; }
now() { date +%s.%N; }
since() { echo "$(now) $1" | awk '{ printf "%.2f", $1 - $2 }'; }

# A pair of nodes that are stopped; the folder of both.
pair() {
  TMPDIR=$work "$build/schakel" rehearse --keep --json tools/dev/bench/story.yaml \
    >"$work/report"
  for pid in $(sed -n 's/.*"pid": \([0-9]*\).*/\1/p' "$work/report"); do
    kill "$pid"
    while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
  done
  root=$(sed -n 's/.*"root": "\(.*\)".*/\1/p' "$work/report")
}
start() { # DIR: prints nothing; the process is in $started
  : >"$work/ready"
  "$build/schakeld" --dir "$1" --manual-clock 2026-10-01T09:02:00Z \
    >"$work/ready" 2>>"$work/log" &
  started=$!
  nodes="$nodes $started"
  while ! grep -q '^READY' "$work/ready"; do
    kill -0 "$started" || { tail -3 "$work/log"; exit 1; }
    sleep 0.01
  done
}
stop() { kill "$1"; wait "$1" 2>/dev/null || true; }

measure() { # NAME PERSONS
  pair
  "$build/bench_load" "$root/ocmw-a" "$2" "$each" 100 0 >"$work/samples"
  start "$root/school-b"; partner=$started
  # Nothing of it is in memory, and nothing of it waits for the disk.
  sync "$root/ocmw-a/data.mdb"
  for file in data.mdb keys.mdb; do
    dd if="$root/ocmw-a/$file" iflag=nocache count=0 2>/dev/null
  done
  before=$(now)
  start "$root/ocmw-a"; node=$started
  echo "  $1: start to ready $(since "$before") s"
  "$build/bench_scale" "$root/ocmw-a" "$node" "$work/samples" >"$work/$1"
  echo "  $1: private memory of schakeld $(number RssAnon "$node") KiB"
  stop "$node"; stop "$partner"
  rm -rf "$root"
}
echo "A store with 300 participants, and one with $persons ($each events each):"
measure few 300
measure many "$persons"
join "$work/few" "$work/many" 2>/dev/null | awk '
  BEGIN { printf "  %-14s %31s %31s %10s\n", "", "few: p50 p99 ms, cpu us, pages", "many: p50 p99 ms, cpu us, pages", "cpu ratio" }
  { printf "  %-14s %8s %8s %7s %6s %8s %8s %7s %6s %9.2f\n", $1, $2, $3, $4, $5, $6, $7, $8, $9, $8 / $4 }'

echo
echo "A journal of $entries entries:"
pair
"$build/bench_load" "$root/ocmw-a" 1 1 0 "$entries"
before=$(now)
start "$root/ocmw-a"; node=$started
echo "  start to ready $(since "$before") s"
first=$("$build/schakel" journal show --dir "$root/ocmw-a" | head -1 | awk '{ print $1 }')
for command in verify "prove $first" show export; do
  before=$(now)
  # shellcheck disable=SC2086
  "$build/schakel" journal $command --dir "$root/ocmw-a" >"$work/out" &
  tool=$!
  most=0
  while kill -0 $tool 2>/dev/null; do
    kib=$(number VmHWM $tool 2>/dev/null || true)
    [ "${kib:-0}" -le "$most" ] || most=$kib
    sleep 0.02
  done
  wait $tool
  echo "  journal $command: $(since "$before") s, at most $most KiB;" \
    "schakeld $(number RssAnon "$node") KiB of its own"
done
stop "$node"
echo
sh tools/dev/bench_withdraw.sh "$build"
