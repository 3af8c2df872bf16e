#!/bin/sh
# Nothing about a person is readable in any file of a node: while it runs,
# after it stopped, and after an erasure.
set -u
build=${1:?}
failed=0
ok() { echo "ok - $1"; }
bad() { echo "not ok - $1"; failed=1; }
report=$(mktemp)
trap 'rm -f "$report" "$report".*; [ -z "${root:-}" ] || rm -rf "$root"' EXIT
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

# ---- I9: values of a person that are typed, not on a command line
printf '%s\n' Kanariatweede Kanariafamilie 84031499876 |
  ask participant add - --family-name - --insz - >/dev/null
second=$(echo 84031499876 | ask participant find --insz - |
  sed -n 's/.*"participant": "\(.*\)".*/\1/p')
[ -n "$second" ] && [ "$second" != "$person" ] &&
  ok "name and number come from standard input" ||
  bad "name and number come from standard input"
goal() { # FIELDS... on standard input
  ask event record "$person" action.planned "$@" | grep -q '"event":'
}
printf 'action_kind=application\naction_status=planned\ndue_date=2026-12-21\n' |
  goal --fields - && ok "fields come from standard input" ||
  bad "fields come from standard input"
echo planned | goal --fields action_kind=application --fields action_status=- \
    --fields due_date=2026-12-21 &&
  ok "and one of them" || bad "and one of them"
ask participant find --insz - </dev/null >/dev/null
[ $? = 2 ] && ok "no line is wrong use" || bad "no line is wrong use"
# It waits for standard input, with the rest of its line already read.
mkfifo "$report.in"
"$build/schakel" participant add Kanariavoornaam --family-name=Kanariafamilie \
  --birth-date 1984-03-14 --insz - --dir "$ocmw" <"$report.in" >/dev/null 2>&1 &
asker=$!
exec 9>"$report.in"
sleep 0.5
tr '\0' ' ' <"/proc/$asker/cmdline" >"$report.line"
grep -q 'participant add' "$report.line" && grep -q -- --family-name "$report.line" &&
  ! grep -q 'Kanaria\|1984' "$report.line" &&
  ok "the list of processes shows no value" ||
  { bad "the list of processes shows no value"; cat "$report.line"; }
exec 9>&-
wait $asker

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

# ---- I7: an erasure at a partner, on locked-up daemons
sopraco=$root/sopraco
at() { # NODE COMMAND...: JSON
  node=$1; shift
  "$build/schakel" "$@" --dir "$root/$node" --json
}
until_true() { # COMMAND: within 20 seconds
  n=0
  while [ $n -lt 200 ]; do
    eval "$1" && return 0
    sleep 0.1; n=$((n + 1))
  done
  return 1
}
check() { if [ "$2" = 0 ]; then ok "$1"; else bad "$1"; fi; }
hex() { od -An -v -tx1 "$1" | tr -d ' \n'; }
# Owner and wrapped key of each message, as LMDB has them in a leaf: sizes 72
# and 16, then "message", nul and 8 bytes, then 72 bytes.
keys_of() {
  hex "$1" | grep -oE '48000000000010006d65737361676500[0-9a-f]{160}' | sort -u
}
received() { at sopraco inbox list --from ocmw-mol | grep -c '"message":'; }
recall() { at ocmw-mol message show "$message" | sed -n 's/.*"recall": "\(.*\)".*/\1/p'; }
# send_one: an event about the person goes to sopraco, is opened, and taken back
send_one() {
  at ocmw-mol consent give "$person" --until 2027-09-21 --purposes work.placement \
    --recipients sopraco --categories identity.name,work.job --notice "$report" >/dev/null
  job=$(at ocmw-mol event record "$person" workplace.started \
    --fields workplace_kind=art60_7 --fields workplace_org=1999900765 \
    --fields start_date=2027-03-01 --fields hours_week=38 \
    --fields given_name=Kanariavoornaam |
    sed -n 's/.*"event": "\(.*\)".*/\1/p')
  message=$(at ocmw-mol disclosure send "$job" --to sopraco --for work.placement |
    sed -n 's/.*"message": "\(.*\)".*/\1/p')
  until_true '[ "$(received)" -ge 1 ]' || return 1
  at sopraco inbox open "$message" | grep -q Kanariavoornaam || return 1
  at ocmw-mol consent withdraw "$person" --recipients sopraco >/dev/null
  until_true 'at sopraco erasure list | grep -q "\"notice\":"'
}
at ocmw-mol relation open "$person" sopraco --from 2027-02-28 >/dev/null
send_one
check "a message is sent, opened and asked back" $?
keys_of "$sopraco/keys.mdb" >"$report.before"
ln "$sopraco/keys.mdb" "$report.old"
inode=$(stat -c %i "$sopraco/keys.mdb")
at sopraco erasure confirm ocmw-mol >/dev/null
check "the erasure is confirmed" $?
until_true '[ "$(recall)" = confirmed ]'
check "the sender hears it" $?
[ "$inode" != "$(stat -c %i "$sopraco/keys.mdb")" ]
check "the file of keys is another file" $?
[ -s "$report.old" ] && [ -z "$(hex "$report.old" | tr -d 0)" ]
check "the one before is overwritten with zeros" $?
keys_of "$sopraco/keys.mdb" >"$report.after"
gone=$(comm -23 "$report.before" "$report.after")
[ "$(echo "$gone" | grep -c .)" = 1 ] && [ -s "$report.after" ]
check "one wrapped key is gone, the others stay" $?
wrapped=$(echo "$gone" | cut -c 49-)
found=0
for file in "$sopraco"/*; do
  [ -f "$file" ] && hex "$file" | grep -q "$wrapped" && found=1
done
[ -n "$wrapped" ] && [ $found = 0 ]
check "the wrapped key is in no file" $?
! grep -q "not overwritten" "$root/sopraco.log"
check "and the log has nothing to say" $?

# The clock of the story stands still; a withdrawal wins over a giving of its
# own second.
at ocmw-mol clock set 2027-02-28T15:00:00Z >/dev/null
# What cannot be overwritten is not told as erased, shows, and is tried again.
send_one
check "another one is asked back" $?
mkdir "$sopraco/keys.new"
at sopraco erasure confirm ocmw-mol >/dev/null
until_true 'at sopraco status | grep -q "\"shred_due\": true"'
check "status tells that keys are not overwritten" $?
at sopraco doctor | grep -q '"erasure"'
check "the doctor too" $?
grep -q "old keys are not overwritten yet" "$root/sopraco.log"
check "and the log" $?
sleep 1
[ "$(recall)" = asked ]
check "the sender does not hear that it is erased" $?
rmdir "$sopraco/keys.new"
until_true '[ "$(recall)" = confirmed ]'
check "when it can, it is done, and the sender hears it" $?
! at sopraco status | grep -q shred_due && grep -q "overwritten now" "$root/sopraco.log"
check "status and log tell" $?
search "after an erasure at a partner"

# shellcheck disable=SC2086
kill $pids
for pid in $pids; do
  n=0
  while kill -0 "$pid" 2>/dev/null && [ $n -lt 100 ]; do sleep 0.1; n=$((n + 1)); done
done
search "after they stopped (and after the erasures of the story)"
exit $failed
