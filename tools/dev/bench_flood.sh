#!/bin/sh
# What others notice of clients that ask for nothing good.
#   tools/dev/bench_flood.sh BUILD_DIR    SECONDS_EACH=1
set -eu
build=$(cd "${1:?}" && pwd)
work=$(mktemp -d)
nodes=
finish() {
  for pid in $nodes; do kill "$pid" 2>/dev/null || true; done
  [ -z "${root:-}" ] || rm -rf "$root"
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' INT TERM

"$build/schakel" rehearse --keep --json tools/dev/bench/story.yaml \
  >"$work/report.json"
nodes=$(sed -n 's/.*"pid": \([0-9]*\).*/\1/p' "$work/report.json")
root=$(sed -n 's/.*"root": "\(.*\)".*/\1/p' "$work/report.json")
person=$("$build/schakel" participant add --dir "$root/ocmw-a" --json \
  --given-name Noor | sed -n 's/.*"participant": "\(.*\)".*/\1/p')
echo "One client records events, one at a time (load $(cut -d ' ' -f 1 /proc/loadavg)):"
"$build/bench_flood" "$root/ocmw-a" "$person" "${SECONDS_EACH:-1}"
