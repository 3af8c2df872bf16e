#!/bin/sh
# Events of 512 bytes through a message broker on loopback; prints the rate.
#   tools/dev/bench_peer.sh nats|rabbitmq BUILD_DIR EVENTS
# Its files are in a folder of their own, its processes end with this one.
set -eu
peer=${1:?} build=${2:?} events=${3:?}
work=$(mktemp -d)
pids=
finish() {
  for pid in $pids; do kill "$pid" 2>/dev/null || true; done
  for pid in $pids; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' INT TERM
port=$((15000 + $$ % 8000))

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
  -days 2 -subj /CN=localhost -keyout "$work/key.pem" -out "$work/cert.pem" \
  2>/dev/null

start_nats() {
  cat >"$work/nats.conf" <<EOT
listen: "127.0.0.1:$port"
tls { cert_file: "$work/cert.pem", key_file: "$work/key.pem" }
jetstream { store_dir: "$work/js" }
EOT
  nats-server -c "$work/nats.conf" >"$work/log" 2>&1 &
  pids=$! ready='Server is ready'
}

# With a port mapper of its own: that of the machine would be left running.
start_rabbitmq() {
  cat >"$work/rabbitmq.conf" <<EOT
listeners.tcp = none
listeners.ssl.1 = 127.0.0.1:$port
ssl_options.cacertfile = $work/cert.pem
ssl_options.certfile = $work/key-and-cert.pem
ssl_options.keyfile = $work/key-and-cert.pem
ssl_options.verify = verify_none
EOT
  cat "$work/key.pem" "$work/cert.pem" >"$work/key-and-cert.pem"
  echo '[].' >"$work/plugins"
  export HOME="$work" ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT=$((port + 8000)) \
    RABBITMQ_CONFIG_FILE="$work/rabbitmq.conf" \
    RABBITMQ_MNESIA_BASE="$work/data" RABBITMQ_LOG_BASE="$work/logs" \
    RABBITMQ_NODENAME=bench@localhost RABBITMQ_DIST_PORT=$((port + 16000)) \
    RABBITMQ_ENABLED_PLUGINS_FILE="$work/plugins" RABBITMQ_LOGS=- \
    RABBITMQ_ALLOW_INPUT=1 \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-noinput -kernel inet_dist_use_interface {127,0,0,1}'
  epmd >"$work/epmd.log" 2>&1 &
  pids=$!
  /usr/lib/rabbitmq/bin/rabbitmq-server >"$work/log" 2>&1 &
  pids="$! $pids" ready='Server startup complete'
}

"start_$peer"
tries=0
while ! grep -q "$ready" "$work/log"; do
  tries=$((tries + 1))
  if [ $tries -gt 600 ]; then tail -20 "$work/log" >&2; exit 1; fi
  sleep 0.1
done
case $peer in
nats) "$build/bench_nats" "tls://127.0.0.1:$port" "$events" 512 ;;
rabbitmq) "$build/bench_rabbitmq" "$port" "$events" 512 ;;
esac | sed -n "s/^$peer-rate //p"
