#!/bin/sh
# Nothing about a person is readable in any file of a node: while it runs,
# after it stopped, and after an erasure.
set -u
build=${1:?}
failed=0
ok() { echo "ok - $1"; }
bad() { echo "not ok - $1"; failed=1; }
report=$(mktemp)
trap 'rm -f "$report"; [ -z "${root:-}" ] || rm -rf "$root"' EXIT
"$build/schakel" rehearse --keep --json tests/scenarios/X1.yaml > "$report" 2>&1
root=$(sed -n 's/.*"root": "\(.*\)".*/\1/p' "$report")
pids=$(sed -n 's/.*"pid": \([0-9]*\).*/\1/p' "$report")
[ -n "$root" ] && [ -n "$pids" ] || { bad "the story leaves its nodes running"; exit 1; }
ok "the story leaves its nodes running"

# One more person, with canary values, recorded now.
ocmw=$root/ocmw-mol
ask() { "$build/schakel" "$@" --dir "$ocmw" --json; }
person=$(ask participant add --given-name Kanariavoornaam \
  --family-name Kanariafamilie --birth-date 1984-03-14 --insz 84031499777 |
  sed -n 's/.*"participant": "\(.*\)".*/\1/p')
[ -n "$person" ] && ok "a participant is recorded" || bad "a participant is recorded"
event=$(ask event record "$person" action.planned \
  --fields action_kind=application --fields action_status=planned \
  --fields due_date=2026-12-20 --fields "action_title=Kanariagesprek" |
  sed -n 's/.*"event": "\(.*\)".*/\1/p')
[ -n "$event" ] && ok "an event is recorded" || bad "an event is recorded"
ask participant show "$person" | grep -q Kanariavoornaam &&
  ok "the node itself can read it" || bad "the node itself can read it"
ask participant find --insz 84.03.14-997.77 | grep -q "$person" &&
  ok "found by national number" || bad "found by national number"
ask participant find --name kanariafamilie | grep -q "$person" &&
  ok "found by name" || bad "found by name"

# search WHEN: the canaries, and values of the story, in every file.
search() {
  for value in Kanariavoornaam Kanariafamilie Kanariagesprek 84031499777 \
      1984-03-14 "2026-W39/W43" "ma-do 08:00-16:15"; do
    # The vocabulary is public and stored as it is, examples included.
    if grep -rFq -- "$value" policies/library/*.yaml; then continue; fi
    if grep -rFaq -- "$value" "$root"; then
      bad "$1: '$value' is in no file"
      grep -rFal -- "$value" "$root" | head -3
    else
      ok "$1: '$value' is in no file"
    fi
  done
}
search "while they run"
# shellcheck disable=SC2086
kill $pids
for pid in $pids; do
  n=0
  while kill -0 "$pid" 2>/dev/null && [ $n -lt 100 ]; do sleep 0.1; n=$((n + 1)); done
done
search "after they stopped (and after the erasures of the story)"
exit $failed
