#!/bin/sh
# Hostile input on real processes: garbage on ctl.sock and on the port, bad
# lines and files, strangers.  The nodes refuse it, say so, stay small, and
# still share what they should.
#   sh tests/system/test_hostile.sh BUILD_DIR
set -u
build=$(cd "${1:?}" && pwd)
work=$(mktemp -d)
failed=0
pids=
root=
export LANG=C
unset SCHAKEL_DIR LC_ALL LC_MESSAGES

# Sanitizers cost memory and time; the bounds below are for plain programs.
times=1
kept=0
flags=
if nm "$build/libsk-protocol.a" 2>/dev/null | grep -q __asan; then
  times=12
  kept=524288 # freed memory, kept to find its use
  flags="-fsanitize=address,undefined -no-pie"
fi
MILLISECONDS_MAX=$((100 * times))  # of CPU, to refuse one file
RESIDENT_KIB_MAX=$((24576 + kept)) # per process, after all of this

finish() {
  for pid in $pids; do kill "$pid" 2>/dev/null; done
  for pid in $pids; do
    for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.05; done
  done
  rm -rf "$work" "$root"
}
trap finish EXIT INT TERM

check() { # NAME STATUS
  if [ "$2" = 0 ]; then
    echo "ok - $1"
  else
    echo "not ok - $1"
    failed=1
    tail -n 5 "$work/out" "$work/err" 2>/dev/null
  fi
}

schakel() { "$build/schakel" "$@" >"$work/out" 2>"$work/err" </dev/null; }
hostile() { "$work/hostile" "$@" >"$work/out" 2>"$work/err"; }
# The first value of this key in the last answer.
value() { sed -n "s/.*\"$1\": \"\{0,1\}\([^\",]*\).*/\1/p" "$work/out" | head -1; }

# shellcheck disable=SC2046,SC2086
${CC:-cc} -std=c17 -D_GNU_SOURCE -I. $flags -o "$work/hostile" \
  tests/system/hostile.c "$build/libsk-protocol.a" \
  $(pkg-config --libs libsodium nettle libzmq) \
  $(pkg-config --libs msgpack-c 2>/dev/null || pkg-config --libs msgpack)
check "the helper is built" $?

schakel rehearse --keep --json tools/dev/bench/story.yaml
root=$(value root)
pids=$(sed -n 's/.*"pid": \([0-9]*\).*/\1/p' "$work/out")
[ -n "$root" ] && [ "$(echo "$pids" | wc -l)" = 2 ]
check "two nodes run" $?
[ -n "$root" ] || exit 1
node=$root/ocmw-a
sock=$node/ctl.sock
port=$(sed -n "s/^listen: '\(.*\)'/\1/p" "$node/node.conf")

# ------------------------------------------------------------- ctl.sock
"$work/hostile" slow "$sock" 2>"$work/slow.err" &
slow=$!
hostile garbage "$sock"; check "ctl.sock: 150 connections of random bytes" $?
hostile sizes "$sock"; check "ctl.sock: sizes that nobody may announce" $?
hostile slices "$sock"; check "ctl.sock: single bytes, half requests" $?
hostile many "$sock" 60; check "ctl.sock: 60 connections at once" $?
hostile many "$sock" 200; check "ctl.sock: 200 connections at once" $?
(ulimit -n 1024; hostile many "$sock" 600)
check "ctl.sock: 600, more than it takes: the first is served" $?

# ------------------------------------------------------------- NDJSON
schakel participant list --dir "$node" --json
noor=$(value participant)
[ -n "$noor" ]; check "there is a participant" $?
good() {
  printf '{"participant":"%s","type":"action.planned","fields":{' "$noor"
  printf '"action_kind":"application","action_status":"planned",'
  printf '"due_date":"2026-12-20","action_title":"%s"}}\n' "$1"
}
{
  good first                                              # 1
  echo 'not JSON'                                         # 2 bad
  echo '{"participant":'                                  # 3 bad
  echo '[1,2]'                                            # 4 bad
  good second                                             # 5
  printf '\377\376\n'                                     # 6 bad
  good third | tr -d '\n'; printf '\000{}\n'              # 7 bad
  head -c 100000 /dev/zero | tr '\0' '['; echo            # 8 bad, too long
  head -c 60000 /dev/zero | tr '\0' '['; echo             # 9 bad, too deep
  printf '{"a":"'; for _ in $(seq 90); do printf 'é'; done; echo  # 10 bad
  echo '{"participant":"x","participant":"y"}'            # 11 bad
  echo                                                    # 12 empty
  echo '{"participant":"'"$noor"'","type":"no.such"}'     # 13 bad
  echo '{"participant":"'"$noor"'","type":"action.planned","fields":{"action_title":"x","colour":"red"}}' # 14 bad
  echo '{"type":7,"fields":null}'                         # 15 bad
  good fourth | tr -d '\n'                                # 16, no line feed
} >"$work/lines"
"$build/schakel" event record --stdin --dir "$node" --json \
  <"$work/lines" >"$work/out" 2>"$work/err"
[ $? = 1 ]; check "NDJSON: some lines are refused, and the status says so" $?
numbers() { sed -n "s/.*$1.*\"line\":\([0-9]*\).*/\1/p" "$work/out" | tr '\n' ' '; }
[ "$(numbers '"error":{"code":"')" = "2 3 4 6 7 8 9 10 11 13 14 15 " ]
check "NDJSON: exactly the bad lines are refused, each with its number" $?
[ "$(sed -n 's/{"line":\([0-9]*\),"ok":true.*/\1/p' "$work/out" | tr '\n' ' ')" = "1 5 16 " ]
check "NDJSON: exactly the good lines are recorded" $?
schakel event list "$noor" --dir "$node" --json
[ "$(grep -c '"type": "action.planned"' "$work/out")" = 3 ]
check "NDJSON: and are in the node, once" $?

# ------------------------------------------------------------- YAML
mini=$work/mini
cp -R tests/policies/cases/mini "$mini"
cp "$mini/policy.yaml" "$work/policy"
# refused NAME: policy.yaml as it is now.
refused() {
  hostile cpu "$work/cpu" "$build/schakel" policy check "$mini" --lang en
  read -r ms status <"$work/cpu"
  grep -qE '^[^:]*mini/policy\.yaml:[0-9]+:[0-9]+: error E[0-9]{3}: ' \
    "$work/out" "$work/err" && [ "$status" = 1 ] &&
    [ "$ms" -le "$MILLISECONDS_MAX" ]
  check "YAML: $1 (${ms} ms)" $?
}
many() { head -c "$1" /dev/zero | tr '\0' "$2"; }
head_of() { head -n 8 "$work/policy"; }
{ cat "$work/policy"; echo 'x: &a [1]'; echo 'y: *a'; } >"$mini/policy.yaml"
refused "an anchor and an alias"
{ echo 'a: &a [x,x,x,x,x,x,x,x,x]'
  for i in b c d e f g h i; do
    echo "$i: &$i [*a,*a,*a,*a,*a,*a,*a,*a,*a]"; done; } >"$mini/policy.yaml"
refused "a billion laughs"
sed 's/^language: /language: !!str /' "$work/policy" >"$mini/policy.yaml"
refused "a tag"
{ cat "$work/policy"; grep '^language:' "$work/policy"; } >"$mini/policy.yaml"
refused "a key twice"
{ head_of; printf '\tshare: []\n'; } >"$mini/policy.yaml"
refused "a tab"
{ head_of; printf 'x: "a\000b"\n'; } >"$mini/policy.yaml"
refused "a NUL"
{ head_of; printf 'x: "a\377\300\200b"\n'; } >"$mini/policy.yaml"
refused "bytes that are not UTF-8"
{ head_of; printf 'x: "\355\240\200"\n'; } >"$mini/policy.yaml"
refused "a surrogate"
{ head_of; printf '# '; many 2097152 x; echo; } >"$mini/policy.yaml"
refused "2 MiB"
{ printf 'x: '; many 100000 '['; } >"$mini/policy.yaml"
refused "100,000 brackets"
{ printf 'x: '; many 100000 '{'; } >"$mini/policy.yaml"
refused "100,000 braces"
many 100000 '-' >"$mini/policy.yaml"
refused "100,000 dashes"
many 100000 '?' | sed 's/?/? /g' >"$mini/policy.yaml"
refused "100,000 question marks"
{ printf 'x: "'; many 900000 a; } >"$mini/policy.yaml"
refused "a text without end"
{ cat "$work/policy"; echo '---'; cat "$work/policy"; } >"$mini/policy.yaml"
refused "two documents"
: >"$mini/policy.yaml"
refused "an empty file"
{ head_of; i=0
  while [ $i -lt 20000 ]; do echo "k$i: v"; i=$((i + 1)); done; } >"$mini/policy.yaml"
refused "20,000 unknown keys"
cp "$work/policy" "$mini/policy.yaml"
schakel policy check "$mini"; check "YAML: and the policy itself is good" $?

# ------------------------------------------------------------- cards, charters
# A partner's card with one bit changed, at 24 places.
card=$root/school-b/own.card
size=$(wc -c <"$card")
shown=0 taken=0
for i in $(seq 0 23); do
  hostile flip "$card" $((i * size / 24)) "$work/card"
  schakel card show "$work/card" && shown=$((shown + 1))
  schakel card import "$work/card" --dir "$node" && taken=$((taken + 1))
done
[ $shown = 0 ]; check "a card with a changed bit is not shown ($shown of 24)" $?
[ $taken = 0 ]; check "a card with a changed bit is not taken ($taken of 24)" $?
head -c 100 "$card" >"$work/card"
schakel card import "$work/card" --dir "$node"; [ $? = 1 ]
check "half a card is refused" $?
# The next charter, good but for one bit in one file.
sed 's/^version: 1/version: 2/' "$root/charter-0/partners.yaml" >"$work/partners.yaml"
schakel charter add --out "$work/next" --partners "$work/partners.yaml" \
  "$root/charter-0" && schakel charter sign --dir "$node" "$work/next"
check "the next charter is made and signed" $?
shown=0 taken=0 tried=0
for file in MANIFEST MANIFEST.ocmw-a.minisig charter.yaml partners.yaml \
    guards.yaml vocabulary.yaml cards/ocmw-a.card cards/school-b.card; do
  size=$(wc -c <"$work/next/$file")
  for at in 1 $((size / 2)) $((size - 2)); do
    rm -rf "$work/bad"
    cp -R "$work/next" "$work/bad"
    hostile flip "$work/next/$file" "$at" "$work/bad/$file"
    # The first line of a minisign file is a comment that nobody signed.
    [ "$file$at" = MANIFEST.ocmw-a.minisig1 ] && continue
    tried=$((tried + 1))
    schakel charter show "$work/bad" --previous "$root/charter-0" &&
      { shown=$((shown + 1)); echo "# shown: $file at $at"; }
    schakel charter import "$work/bad" --dir "$node" &&
      { taken=$((taken + 1)); echo "# taken: $file at $at"; }
  done
done
[ $shown = 0 ]; check "no charter with a changed bit is shown as good ($shown of $tried)" $?
[ $taken = 0 ]; check "no charter with a changed bit is taken ($taken of $tried)" $?
cp -R "$work/next" "$work/more"; echo x >"$work/more/notes.txt"
schakel charter import "$work/more" --dir "$node"; [ $? = 1 ]
check "a charter with a file too many is refused" $?
for dir in "$node" "$root/school-b"; do
  schakel charter import "$work/next" --dir "$dir"
  check "the charter itself is taken by ${dir##*/}" $?
done

# ------------------------------------------------------------- strangers
hostile stranger "$port" "$node/own.card"
check "ZMTP: garbage, no key, a wrong key, an unknown key: all refused" $?
alive=0
for pid in $pids; do kill -0 "$pid" 2>/dev/null && alive=$((alive + 1)); done
[ $alive = 2 ]; check "both nodes still run" $?

# ------------------------------------------------------------- and still
wait "$slow"; check "ctl.sock: who is slow is cut, and nobody else" $?
cat "$work/slow.err"
good last >"$work/lines"
"$build/schakel" event record --stdin --dir "$node" --json \
  <"$work/lines" >"$work/out" 2>"$work/err"
event=$(sed -n 's/.*"event":"\([^"]*\)".*/\1/p' "$work/out")
[ -n "$event" ] && schakel disclosure send "$event" school-b guidance.joint \
  --dir "$node" --json
message=$(value message)
[ -n "$message" ]; check "a disclosure is permitted" $?
for _ in $(seq 900); do
  schakel message show "$message" --dir "$node" --json
  [ "$(value state)" = stored ] && break
  sleep 0.05
done
[ "$(value state)" = stored ]; check "and stored by the partner" $?
for pid in $pids; do
  for one in $pid $(cat "/proc/$pid/task/$pid/children"); do
    kib=$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$one/status")
    [ "${kib:-999999999}" -le "$RESIDENT_KIB_MAX" ]
    check "$(cat "/proc/$one/comm") has $kib KiB, at most $RESIDENT_KIB_MAX" $?
  done
done
grep -qE 'Noor|first|second|third|fourth' "$root"/*.log; [ $? = 1 ]
check "the logs have nothing of anybody" $?
exit $failed
