#!/bin/sh
# Measure, side by side in one run, and print ratios.
#   tools/dev/bench.sh BUILD_DIR     EVENTS=20000 PERSONS=500 SECONDS_EACH=1 ENTRIES=1000000
set -eu
build=${1:?}
events=${EVENTS:-20000}
persons=${PERSONS:-500}
work=$(mktemp -d)
nodes=
finish() {
  for pid in $nodes; do kill "$pid" 2>/dev/null || true; done
  [ -z "${root:-}" ] || rm -rf "$root"
  rm -rf "$work"
}
trap finish EXIT INT TERM

echo "$(nproc) processors, load $(cut -d ' ' -f 1-3 /proc/loadavg)"
mkdir "$work/decide"
"$build/bench_decide" policies/library "${SECONDS_EACH:-1}" "$work/decide"

mkdir "$work/journal"
"$build/bench_journal" "$work/journal" "${ENTRIES:-1000000}"

# Beside other policy engines, in the versions of tools/dev/bench/package.json.
peers=$build/bench-peers
fetch_peers() {
  mkdir -p "$peers"
  cp tools/dev/bench/package.json tools/dev/bench/package-lock.json "$peers"
  cmp -s "$peers/package-lock.json" "$peers/installed" && return
  npm ci --prefix "$peers" --ignore-scripts --no-audit --no-fund \
    > "$work/npm.log" 2>&1 || return 1
  cp "$peers/package-lock.json" "$peers/installed"
}
echo
if ! command -v node >/dev/null 2>&1 || ! command -v npm >/dev/null 2>&1; then
  echo "  node and npm are not installed: cedar-wasm and casbin are left out;"
  echo "  run: sh tools/dev/setup.sh bench"
elif ! fetch_peers; then
  tail -5 "$work/npm.log"
  echo "  npm could not fetch cedar-wasm and casbin: they are left out;"
  echo "  with a network, run again"
else
  # Some Node 20 crash when they leave code that has a call to WebAssembly in
  # line; without it Cedar is as fast.
  plain=--no-turbo-inline-js-wasm-calls
  node $plain -e 0 2>/dev/null || plain=
  # shellcheck disable=SC2086
  node $plain tools/dev/bench/peers.mjs "$peers" "${SECONDS_EACH:-1}" \
    "$work/decide/20.json" "$work/decide/200.json" "$work/decide/2000.json"
fi

echo
"$build/schakel" rehearse --keep --json tools/dev/bench/story.yaml \
  > "$work/report.json"
nodes=$(sed -n 's/.*"pid": \([0-9]*\).*/\1/p' "$work/report.json")
root=$(sed -n 's/.*"root": "\(.*\)".*/\1/p' "$work/report.json")
"$build/bench_exchange" "$work/report.json" "$events" "$persons" | tee "$work/exchange" |
  grep -v '^schakel-rate'
ours=$(sed -n 's/^schakel-rate //p' "$work/exchange")

# What moves bytes, for the ratio.
if command -v nats-server >/dev/null 2>&1; then
  theirs=$(sh tools/dev/bench_peer.sh nats "$build" "$events")
  echo "  NATS JetStream (file store, TLS, acks, no fsync): $theirs events/s"
  echo "  Schakel / NATS: $(awk "BEGIN { printf \"%.2f\", $ours / $theirs }")"
else
  echo "  nats-server is not installed; run: sh tools/dev/setup.sh bench"
fi
if [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ]; then
  theirs=$(sh tools/dev/bench_peer.sh rabbitmq "$build" "$events")
  echo "  RabbitMQ (durable queue, persistent, confirms, acks, TLS): $theirs events/s"
  echo "  Schakel / RabbitMQ: $(awk "BEGIN { printf \"%.2f\", $ours / $theirs }")"
else
  echo "  rabbitmq-server is not installed; run: sh tools/dev/setup.sh bench"
fi
