#!/bin/sh
# What was erased stays erased: also from who kept old files of the node, made a
# backup later, and has every key of now, once the master key was replaced.
# And kill -9 at many moments of that replacement loses nothing.
#   sh tests/system/test_erasure.sh BUILD_DIR
set -u
build=$(cd "${1:?}" && pwd)
work=$(mktemp -d)
failed=0
root=
pids=
export LANG=C
unset SCHAKEL_DIR LC_ALL LC_MESSAGES
finish() {
  for pid in $pids; do kill "$pid" 2>/dev/null; done
  for pid in $pids; do
    for _ in $(seq 200); do kill -0 "$pid" 2>/dev/null || break; sleep 0.05; done
    kill -9 "$pid" 2>/dev/null
  done
  rm -rf "$work" ${root:+"$root"}
}
trap finish EXIT INT TERM
check() { # NAME STATUS
  if [ "$2" = 0 ]; then echo "ok - $1"; return; fi
  echo "not ok - $1"; failed=1
  tail -n 5 "$work/story" "$work/out" "$work"/*.log "$root"/sopraco.log 2>/dev/null
}
patience() { # COMMAND: until it is true, a minute at most
  for _ in $(seq 600); do eval "$1" && return 0; sleep 0.1; done
  return 1
}
at() { # NODE COMMAND...: JSON
  node=$1; shift
  "$build/schakel" "$@" --dir "$root/$node" --json 2>/dev/null
}
word() { sed -n "s/.*\"$1\": \"\(.*\)\".*/\1/p" | head -1; }

sanitizers=
nm "$build/libsk-protocol.a" 2>/dev/null | grep -q __asan &&
  sanitizers="-fsanitize=address,undefined -no-pie"
# shellcheck disable=SC2046,SC2086
${CC:-cc} -std=c17 -D_GNU_SOURCE -O2 -I. $sanitizers -o "$work/attacker" \
  tests/system/attacker.c "$build/libsk-protocol.a" \
  $(pkg-config --libs libsodium nettle) \
  $(pkg-config --libs msgpack-c 2>/dev/null || pkg-config --libs msgpack)
check "the attacker is built" $?
"$build/schakel" rehearse --keep --json tests/scenarios/X1.yaml >"$work/story" 2>&1
root=$(word root <"$work/story")
pids=$(sed -n 's/.*"pid": \([0-9]*\).*/\1/p' "$work/story")
[ -n "$root" ] && [ -n "$pids" ]
check "nodes run" $?

# ---- two people whose names go to sopraco and are read there
echo tekst >"$work/notice"
send() { # NAME: leaves person and message
  given=$1
  person=$(at ocmw-mol participant add --given-name "$1" | word participant)
  at ocmw-mol relation open "$person" sopraco --from 2027-02-28 >/dev/null
  at ocmw-mol consent give "$person" --until 2027-09-21 --purposes work.placement \
    --recipients sopraco --categories identity.name,work.job \
    --notice "$work/notice" >/dev/null
  job=$(at ocmw-mol event record "$person" workplace.started \
    --fields workplace_kind=art60_7 --fields workplace_org=1999900765 \
    --fields start_date=2027-03-01 --fields hours_week=38 \
    --fields given_name="$1" | word event)
  message=$(at ocmw-mol disclosure send "$job" --to sopraco --for work.placement |
    word message)
  patience 'at sopraco inbox open "$message" | grep -q "$given"'
}
opens() { at sopraco inbox peek "$1" | grep -q "$2"; }
send Kanarieblijft
check "a name arrives that stays" $?
stays=$message
send Kanariegewist
check "and one that will be erased" $?
gone=$message
sopraco=$root/sopraco
old=$work/old
mkdir "$old"
cp "$sopraco/data.mdb" "$sopraco/data.log" "$sopraco/keys.mdb" "$old"
check "somebody copies the files of the store" $?
at ocmw-mol consent withdraw "$person" --recipients sopraco >/dev/null
patience 'at sopraco erasure list | grep -q "\"notice\":"'
check "it is asked back" $?
at sopraco erasure confirm ocmw-mol >/dev/null
patience 'at ocmw-mol message show "$gone" | grep -q "\"recall\": \"confirmed\""'
check "erased, and confirmed" $?
cp "$sopraco/data.mdb" "$work/data.after"
cp "$sopraco/data.log" "$work/log.after"
cp "$sopraco/keys.mdb" "$work/keys.after"
printf 'wachtzin van de kopie\n' >"$work/backup.pass"
chmod 600 "$work/backup.pass"
"$build/schakel" backup --dir "$sopraco" --passphrase-file "$work/backup.pass" \
  "$work/later.age" >"$work/out" 2>&1 &&
  "$build/schakel" restore "$work/later.age" --dir "$work/later" \
    --passphrase-file "$work/backup.pass" >"$work/out" 2>&1
check "a backup taken later opens" $?

# ---- what unlocks it
unlock=$(sed -n 's/.*\(key-file\|passphrase-file\|file\): *//p' "$sopraco/node.conf" |
  tr -d "'\"}" | head -1)
case $unlock in /*) ;; *) unlock=$sopraco/$unlock ;; esac
attack() { # CANARY FILE...
  name=$1; shift
  "$work/attacker" "$sopraco" "$unlock" "$name" "$@" >"$work/out" 2>&1
}
attack Kanarieblijft "$work/data.after" "$work/log.after" "$work/keys.after"
check "the attack works: with the keys it reads what is there" $?
attack Kanariegewist "$work/data.after" "$work/log.after" "$work/keys.after"
[ $? = 1 ]
check "not what was erased, in the files after it" $?
attack Kanariegewist "$work/later/data.mdb" "$work/later/keys.mdb"; [ $? = 1 ]
check "nor in the backup taken later" $?
attack Kanariegewist "$old/data.mdb" "$old/data.log" "$old/keys.mdb"
check "but in the old files, while the master key is the same" $?

# ---- another master key
# The node of a story keeps its own clock; it goes on from there.
# Which it is the story says: its /proc may be closed to us, as in a container.
pid=$(awk -F'"' -v dir="$sopraco" '$2 == "dir" { at = $4 }
  $2 == "pid" { gsub(/[^0-9]/, "", $3); if (at == dir) print $3 }' "$work/story")
[ -n "$pid" ] && kill "$pid" && patience '! kill -0 $pid 2>/dev/null'
check "the node stops" $?
for i in $(seq 40); do
  echo "Lange$i,Rij$i"
done >"$work/rows"
start() { # its output in ready
  : >"$work/ready"
  "$build/schakeld" --dir "$sopraco" --manual-clock 2027-02-28T09:00:00Z \
    >"$work/ready" 2>>"$work/sopraco.log" &
  pid=$!
  pids="$pids $pid"
}
ready() { patience 'grep -q "^READY" "$work/ready"'; }
start && ready
check "it starts again" $?
while IFS=, read -r given family; do
  at sopraco participant add --given-name "$given" --family-name "$family" >/dev/null
done <"$work/rows"
people() { at sopraco participant list --limit 500 | grep -c '"participant":'; }
before=$(people)
[ "$before" -ge 40 ]
check "many people are recorded ($before)" $?
kills=0
rounds=0
for wait in 0 0.005 0.01 0.02 0.03 0.04 0.05 0.06 0.08 0.1 0.12 0.15 0.2; do
  kill -9 $pid 2>/dev/null; wait $pid 2>/dev/null
  "$build/schakel" key rotate --dir "$sopraco" >"$work/out" 2>&1
  case $? in
  0) rounds=$((rounds + 1)) ;;
  *) grep -q 'new master key already' "$work/out" || { check "key rotate" 1; break; } ;;
  esac
  start
  sleep $wait
  grep -q '^READY' "$work/ready" || kills=$((kills + 1))
done
kill -9 $pid 2>/dev/null; wait $pid 2>/dev/null
[ $kills -ge 4 ]
check "kill -9 at $kills moments of the start, in $rounds replacements" $?
start && ready
check "then it starts" $?
[ "$(people)" = "$before" ] && at sopraco participant find --name rij37 | grep -q Lange37
check "everybody is there and can be found" $?
opens "$stays" Kanarieblijft
check "and the name that stays" $?
"$build/schakel" key rotate --dir "$sopraco" >"$work/out" 2>&1 &&
  { kill $pid; patience '! kill -0 $pid 2>/dev/null'; } && start && ready &&
  patience 'grep -q "keys that had their time are destroyed" "$work/sopraco.log"'
check "once more, in peace" $?
"$build/schakel" key show --dir "$sopraco" >"$work/out" 2>&1
check "the identity opens under the new master key" $?
! ls "$sopraco" | grep -q '\.old$\|\.new$'
check "no file of before is left" $?

# ---- the attack again: all old files, all files of now, all keys of now
"$build/schakel" backup --dir "$sopraco" --passphrase-file "$work/backup.pass" \
  "$work/last.age" >"$work/out" 2>&1 &&
  "$build/schakel" restore "$work/last.age" --dir "$work/last" \
    --passphrase-file "$work/backup.pass" >"$work/out" 2>&1
check "a backup taken after that opens" $?
cp "$sopraco/data.mdb" "$work/data.now"
cp "$sopraco/data.log" "$work/log.now"
cp "$sopraco/keys.mdb" "$work/keys.now"
attack Kanarieblijft "$work/data.now" "$work/log.now" "$work/keys.now"
check "the attack still works on what is there" $?
for name in Kanariegewist Kanarieblijft; do
  attack $name "$old/data.mdb" "$old/data.log" "$old/keys.mdb"; [ $? = 1 ]
  check "old files give nothing to the keys of now ($name)" $?
done
attack Kanariegewist "$old/data.mdb" "$old/data.log" "$old/keys.mdb" "$work/data.after" \
  "$work/log.after" "$work/keys.after" "$work/later/data.mdb" "$work/later/keys.mdb" \
  "$work/last/data.mdb" "$work/last/keys.mdb" "$work/data.now" "$work/log.now" \
  "$work/keys.now" $(find "$sopraco" -type f -size -4096k ! -name '*-lock')
[ $? = 1 ]
check "nor do all files together: $(cat "$work/out")" $?
exit $failed
