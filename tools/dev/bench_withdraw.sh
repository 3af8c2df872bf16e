#!/bin/sh
# A withdrawal of one person at many partners, on real nodes.
#   tools/dev/bench_withdraw.sh BUILD_DIR [PARTNERS [EVENTS]]     20 500
set -eu
build=$(cd "${1:?}" && pwd)
partners=${2:-20}
events=${3:-500}
library=$(cd policies/library && pwd)
work=$(mktemp -d)
nodes=
finish() {
  for pid in $nodes; do kill "$pid" 2>/dev/null || true; done
  for pid in $nodes; do
    for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.05; done
  done
  rm -rf "$work"
}
trap finish EXIT INT TERM

# The story of the bench, with more schools.
mkdir -p "$work/story/nodes/ocmw-a"
schools=$(seq -f 'school-%02.0f' "$partners")
list=$(echo "$schools" | paste -sd, | sed 's/,/, /g')
rest='duties: [retain, erase-on-withdrawal, confirm-erasure, no-onward, log-access, limit-roles], languages: [nl]}'
{
  sed '/^  school-b/d' tools/dev/bench/partners.yaml
  for school in $schools; do
    echo "  $school: {name: $school, role: adult_ed, $rest"
  done
} >"$work/story/partners.yaml"
sed "s|\.\./\.\./\.\./\.\./\.\./policies/library|$library|" \
  tools/dev/bench/nodes/ocmw-a/bundle.yaml >"$work/story/nodes/ocmw-a/bundle.yaml"
sed "s/orgs: \[school-b\]/orgs: [$list]/" \
  tools/dev/bench/nodes/ocmw-a/policy.yaml >"$work/story/nodes/ocmw-a/policy.yaml"
{
  sed '/^steps:/,$d' tools/dev/bench/story.yaml
  echo 'steps:'
  for school in $schools; do
    echo "  - {at: 2026-10-01T09:00, node: ocmw-a, link: {person: noor, org: $school, from: 2026-10-01}}"
  done
} >"$work/story/story.yaml"
TMPDIR=$work "$build/schakel" rehearse --keep --json "$work/story/story.yaml" \
  >"$work/report" || { cat "$work/report"; exit 1; }
nodes=$(sed -n 's/.*"pid": \([0-9]*\).*/\1/p' "$work/report")
root=$(sed -n 's/.*"root": "\(.*\)".*/\1/p' "$work/report")
pid_of() { grep -A2 "\"org\": \"$1\"" "$work/report" | sed -n 's/.*"pid": \([0-9]*\).*/\1/p'; }

mkfifo "$work/go"
echo "One person at $partners partners, $events events each, and one more at each:"
# shellcheck disable=SC2086
"$build/bench_withdraw" "$root/ocmw-a" "$(pid_of ocmw-a)" "$events" $schools \
  <"$work/go" | {
  exec 3>"$work/go"
  while read -r line; do
    if [ "$line" = stop ]; then
      last=$(pid_of "$(echo "$schools" | tail -1)")
      kill -9 "$last"
      sleep 1
      echo >&3
    else
      echo "  $line"
    fi
  done
}
