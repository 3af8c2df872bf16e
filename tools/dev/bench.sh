#!/bin/sh
# Measure, side by side in one run, and print ratios.
#   tools/dev/bench.sh BUILD_DIR     EVENTS=20000 PERSONS=500 SECONDS_EACH=1
set -eu
build=${1:?}
events=${EVENTS:-20000}
persons=${PERSONS:-500}
work=$(mktemp -d)
server=
nodes=
finish() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  for pid in $nodes; do kill "$pid" 2>/dev/null || true; done
  [ -z "${root:-}" ] || rm -rf "$root"
  rm -rf "$work"
}
trap finish EXIT INT TERM

"$build/bench_decide" policies/library "${SECONDS_EACH:-1}"

echo
"$build/schakel" rehearse --keep --json tools/dev/bench/story.yaml \
  > "$work/report.json"
nodes=$(sed -n 's/.*"pid": \([0-9]*\).*/\1/p' "$work/report.json")
root=$(sed -n 's/.*"root": "\(.*\)".*/\1/p' "$work/report.json")
"$build/bench_exchange" "$work/report.json" "$events" "$persons" | tee "$work/exchange" |
  grep -v '^schakel-rate'
ours=$(sed -n 's/^schakel-rate //p' "$work/exchange")

if [ -x "$build/bench_nats" ] && command -v nats-server >/dev/null 2>&1; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
    -days 2 -subj /CN=localhost -keyout "$work/key.pem" -out "$work/cert.pem" \
    2>/dev/null
  port=4$((1000 + $$ % 8000))
  cat > "$work/nats.conf" <<EOT
listen: "127.0.0.1:$port"
tls { cert_file: "$work/cert.pem", key_file: "$work/key.pem" }
jetstream { store_dir: "$work/js" }
EOT
  nats-server -c "$work/nats.conf" > "$work/nats.log" 2>&1 &
  server=$!
  sleep 1
  theirs=$("$build/bench_nats" "tls://127.0.0.1:$port" "$events" 512 |
    sed -n 's/^nats-rate //p')
  echo "  NATS JetStream (file store, TLS, acks, no fsync): $theirs events/s"
  echo "  Schakel / NATS: $(awk "BEGIN { printf \"%.2f\", $ours / $theirs }")"
else
  echo "  nats-server is not installed; run: sh tools/dev/setup.sh bench"
fi
