#!/bin/sh
# Files of another system go into a real node: reports with places, all or
# nothing, nothing twice, kill -9 in the middle; then the examples of
# docs/nl/invoeren.md, in order.
#   sh tests/system/test_import.sh BUILD_DIR
set -u
build=$(cd "${1:?}" && pwd)
root=$PWD
work=$(mktemp -d)
failed=0
pids=
daemon=
finish() {
  for pid in $pids $daemon; do kill -9 "$pid" 2>/dev/null; done
  rm -rf "$work"
}
trap finish EXIT INT TERM
unset SCHAKEL_DIR LC_ALL LC_MESSAGES
export LANG=C

check() { # NAME STATUS
  if [ "$2" = 0 ]; then
    echo "ok - $1"
  else
    echo "not ok - $1"
    failed=1
    sed 's/^/  | /' "$work/out" "$work/err" 2>/dev/null | head -40
  fi
}
schakel() { "$build/schakel" "$@" >"$work/out" 2>"$work/err"; }
is() { # NAME CODE WORD...
  name=$1 want=$2
  shift 2
  schakel "$@"
  got=$?
  [ $got = "$want" ]
  check "$name" $?
}
says() { grep -qF -e "$1" "$work/out" "$work/err"; }
people() { # how many are registered whose name has this word
  "$build/schakel" participant find --name "$1" --json | grep -c '"participant":'
}

TMPDIR=$work "$build/schakel" rehearse --keep tests/scenarios/S2A.yaml >"$work/story" 2>&1
check "a story stays up" $?
pids=$(sed -n 's/.*# pid \([0-9]*\)$/\1/p' "$work/story")
SCHAKEL_DIR=$(sed -n 's/.*--dir \(.*\/buso\) .*/\1/p' "$work/story")
export SCHAKEL_DIR
cd "$work" || exit 1

# ------------------------------------------------------------ bad input
printf 'source_id;given_name\n1;Zo\353\n' >latin.csv
is "Windows-1252 is refused" 2 import participants latin.csv
says 'latin.csv:2:5: ' && says 'CSV UTF-8' && says 'nothing was stored'
check "with its place and how to save it" $?
cat >bad.csv <<'END'
source_id,given_name,birth_date,insz
1,Quirine,1990-01-01,
2,Quirine,1990-02-30,91110299858
2,Quirine,2999,
3,"Qui"rine,,
4,Quirine,2099-01-01,
END
is "a bad file is refused" 1 import participants bad.csv
says 'bad.csv:3:11: birth_date: this day does not exist' &&
  says 'bad.csv:3:22: insz: ' && says 'bad.csv:4:1: source_id: this stands on line 3 too' &&
  says 'bad.csv:6:11: birth_date: this day lies in the future' &&
  says 'bad.csv:5:8: ' && ! grep -q 91110299858 err
check "every fault has its place, and no value" $?
[ "$(people Quirine)" = 0 ]
check "and nothing is stored" $?
printf 'source_id;given_name\n1;Sa\342\200\256mira\n' >bidi.csv
is "a name that turns the reading is refused" 1 import participants bidi.csv
says 'bidi.csv:2:3: given_name: character 3 (U+202E)' && ! grep -q "$(printf '\342\200\256')" err
check "by the number of the character, which is not shown" $?
schakel participant add --given-name "$(printf 'Sa\342\200\213mira')"
says 'invisible character'
check "also when it is typed" $?

# ------------------------------------------------------------ nothing twice
cat >good.csv <<'END'
source_id;given_name;family_name;insz
k1;Quirine;Alpha;88.05.15-997.48
k2;Quirine;Beta;
END
is "a dry run says yes" 0 import participants good.csv --dry-run
[ "$(people Quirine)" = 0 ] && says '2 new'
check "and stores nothing" $?
is "then they are stored" 0 import participants good.csv
[ "$(people Quirine)" = 2 ]
check "both" $?
is "the same file again" 0 import participants good.csv
[ "$(people Quirine)" = 2 ] && says '2 known already' && says '0 stored'
check "adds nothing" $?
sed -i 's/Beta/Gamma/' good.csv
is "a key with other values" 0 import participants good.csv
says 'good.csv:3: this key came in before with other values' && [ "$(people Gamma)" = 0 ]
check "is told, and nothing changes" $?
printf '{"source_id":"e1","participant_source_id":"k1","type":"goal.set","fields":{"occupation":"8344.1","preference_kind":"wanted"}}\n{"source_id":"e2","participant_insz":"88051599748","type":"goal.set","fields":{"occupation":"8344.1","preference_kind":"excluded"}}\n{"source_id":"e3","participant_source_id":"k77","type":"goal.set","fields":{"occupation":"8344.1","preference_kind":"wanted"}}\n' >events.ndjson
is "an event of nobody is refused" 1 import events events.ndjson
says 'events.ndjson:3:19: participant_source_id: '
check "at the key" $?
is "the others are stored" 1 import events events.ndjson --skip-bad
[ "$(wc -l <events.ndjson.refused.ndjson)" = 1 ] && grep -q k77 events.ndjson.refused.ndjson &&
  [ "$(stat -c %a events.ndjson.refused.ndjson)" = 600 ]
check "and the refused line is kept, for this user" $?
who=$("$build/schakel" participant find --source-id k1 --json | sed -n 's/.*"participant": "\(.*\)".*/\1/p')
schakel event list "$who" --json
[ "$(grep -c '"goal.set"' out)" = 2 ]
check "they are about the one who was meant" $?

# ------------------------------------------------------------ 10 000 lines
awk 'BEGIN { print "source_id;given_name;family_name"
  for (i = 0; i < 10000; i++) printf "b%d;Berg;Nr%d%s\n", i, i, i == 7777 ? ";x" : "" }' >big.csv
is "10 000 rows with a bad one" 1 import participants big.csv
says 'big.csv:7779:' && says '9999 new' && [ "$(people Nr5)" = 0 ]
check "say where, and leave nothing" $?

# The node is killed while it stores, and comes back: nothing is lost or twice.
sed -i '7779d' big.csv
node=$(echo "$pids" | while read -r pid; do
  tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q "$SCHAKEL_DIR" && echo "$pid"; done | head -1)
"$build/schakel" import participants big.csv >out 2>err &
import=$!
for _ in $(seq 600); do
  [ "$(people Nr5)" = 1 ] && break
  sleep 0.05
done
again=$(tr '\0' ' ' <"/proc/$node/cmdline")
kill -9 "$node"
for _ in $(seq 600); do # gone, with its lock on the folder
  grep -q '^State:.[^Z]' "/proc/$node/status" 2>/dev/null || break
  sleep 0.05
done
$again >again 2>&1 &
daemon=$!
wait $import
check "the import goes on when its node was killed and is back" $?
says '9999 stored'
check "and counts each row once" $?
grep -q 'goes on' err
check "and says that it waited" $?
# Killed itself, and started again.
sed -i 's/^b/c/; s/Berg/Dal/' big.csv
"$build/schakel" import participants big.csv >out 2>err &
import=$!
for _ in $(seq 600); do
  [ "$("$build/schakel" participant find --source-id c5 --json | grep -c '"participant":')" = 1 ] && break
  sleep 0.05
done
kill -9 $import
wait $import 2>/dev/null
is "an import that was killed is given again" 0 import participants big.csv --json
added=$(sed -n 's/.*"added": \([0-9]*\).*/\1/p' out)
known=$(sed -n 's/.*"known": \([0-9]*\).*/\1/p' out)
[ $((added + known)) = 9999 ] && [ "$known" -gt 0 ]
check "the rest is added, nothing twice ($known were in)" $?
is "and then nothing is left to add" 0 import participants big.csv
says '9999 known already'
check "all are in" $?

# ------------------------------------------------------------ the handbook
mkdir -p book bin run
ln -s "$build/schakel" bin/schakel
awk -v dir=book '
  /^```[a-z]+$/ && !inside { n++; file = sprintf("%s/%03d.%s", dir, n, substr($0, 4)); inside = 1; printf "" > file; next }
  /^```$/ { inside = 0; close(file); next }
  inside { print > file }' "$root/docs/nl/invoeren.md"
ls book/* | sed 's|^|../|' >list
cd run || exit 1
PATH=$work/bin:$PATH
export PATH LANG=nl_BE.UTF-8
blocks=0
draft_of() { sed -n "/$1/s/.*\"draft\": \"\([^\"]*\)\".*/\1/p" "$work/drafts"; }
while read -r block; do
  blocks=$((blocks + 1))
  case $block in
  *.csv | *.json) file=$(sed -n '1s/^# //p' "$block"); sed 1d "$block" >"$file" ;;
  *.sh)
    # Whom and what the page is about by then.
    if grep -q DEELNEMER "$block"; then
      zoe=$("$build/schakel" participant find --source-id kids-2 --json | sed -n 's/.*"participant": "\(.*\)".*/\1/p')
      "$build/schakel" draft list "$zoe" --json | tr -d '\n' | sed 's/}, *{/}\n{/g' >"$work/drafts"
      sed -i -e "s/DEELNEMER/$zoe/" -e "s/ONTWERP/$(draft_of goal.set)/" \
        -e "s/ANDER/$(draft_of trajectory.started)/" "$block"
    fi
    sh -eu "$block" >"$work/out" 2>"$work/err" </dev/null
    check "invoeren.md: $(head -1 "$block")" $?
    ;;
  *.text)
    while IFS= read -r line; do
      says "$line"
      check "invoeren.md: $line" $?
    done <"$block"
    ;;
  esac
done <../list
[ $blocks -ge 23 ]
check "$blocks blocks were run" $?

# ------------------------------------------------------------ a KVS answer
export LANG=C
answer=$root/tests/tools/kvs/antwoord.jsonld
work_out() { "$build/schakel" "$@" >"$work/out" 2>"$work/err"; }
kvs() { # NAME CODE WORD...
  name=$1 want=$2
  shift 2
  work_out "$@"
  [ $? = "$want" ]
  check "$name" $?
}
who=$("$build/schakel" participant find --source-id kids-1 --json | sed -n 's/.*"participant": "\(.*\)".*/\1/p')
kvs "an answer is tried" 0 import kvs "$answer" --from vdab --dry-run
says '4 drafts, 0 known already, 0 refused' && says 'nothing was stored' &&
  says 'Deeltraject.type = Tender' && says 'GeregistreerdPersoon.voornaam'
check "and says what is not taken over" $?
work_out draft list "$who" --json
grep -q '"drafts": \[\]' "$work/out"
check "and stores nothing" $?
kvs "it becomes drafts" 0 import kvs "$answer" --from vdab
kvs "once" 0 import kvs "$answer" --from vdab
says '0 drafts, 4 known already'
check "and not twice" $?
kvs "a coach sees them" 0 draft list "$who" --json
says 'Vorkheftruckbestuurder' && [ "$(grep -c '"draft":' "$work/out")" = 4 ]
check "with what is no field as a note" $?
cp "$work/out" "$work/drafts"
LANG=nl_BE.UTF-8 work_out draft list "$who"
grep -q 'nota  *Vorkheftruckbestuurder' "$work/out" && grep -q 'bron  *VDAB' "$work/out"
check "in words, from a partner by its name" $?
cp "$work/drafts" "$work/out"
LANG=nl_BE.UTF-8 work_out participant add --given-name Zoe --birth-date 2001-02-30
grep -q 'deze dag bestaat niet' "$work/err"
check "whoever types one person reads why too" $?
cp "$work/drafts" "$work/out"
draft=$(tr -d '\n' <"$work/out" | sed 's/}, *{/}\n{/g' | sed -n '/goal.set/s/.*"draft": "\([^"]*\)".*/\1/p')
kvs "what is missing must be filled in" 1 draft confirm "$who" "$draft"
kvs "then it is an event" 0 draft confirm "$who" "$draft" --fields occupation=8344.1
kvs "of an authentic source" 0 event show "$draft" --json
says '"provenance": "authentic-source"' && says '"source": "vdab"' && says '"preference_kind": "wanted"'
check "of the partner, with what was answered and filled in" $?
draft=$("$build/schakel" draft list "$who" --json | sed -n 's/.*"draft": "\(.*\)",/\1/p' | head -1)
kvs "another is thrown away" 0 draft drop "$who" "$draft"
kvs "and does not come back" 0 import kvs "$answer" --from vdab
[ "$("$build/schakel" draft list "$who" --json | grep -c '"draft":')" = 2 ]
check "two are left" $?
other=$("$build/schakel" participant add --given-name Ander --json | sed -n 's/.*"participant": "\(.*\)".*/\1/p')
kvs "an answer is not put with somebody else" 1 import kvs "$answer" --from vdab --participant "$other"
says "another person's than --participant"
check "and says whose it is not" $?
sed 's/91.11.02-998.57/80.01.01-997.78/' "$answer" >third.jsonld
kvs "nor one about somebody who is not here" 1 import kvs third.jsonld --from vdab --participant "$who"
says "another person's than --participant"
check "when the number here is another" $?
sed 's/"@id": "_:w1",/"@id": "_:p2", "@type": "GeregistreerdPersoon"}, {&/' "$answer" >two.jsonld
kvs "nor one about two" 1 import kvs two.jsonld --from vdab --participant "$who"
says 'more than one person (GeregistreerdPersoon); if it is the same one each time'
check "and says so" $?
sed 's/"Opleiding heftruck"/"Opleiding reachtruck"/' "$answer" >later.jsonld
kvs "an answer that changed" 0 import kvs later.jsonld --from vdab
says '4 known already' && says ': the answer is not what it was'
check "is told, and changes nothing" $?
sed 's/91.11.02-998.57/91.11.02-998.58/' "$answer" >nobody.jsonld
for to in '' "--participant $who"; do
  kvs "a wrong number is refused${to:+, also of who is named}" 1 import kvs nobody.jsonld --from vdab $to
  says 'this national number is not valid'
  check "and says so" $?
done
sed 's/{"@type": "INSZ", \(.*\)"91.11.02-998.57"}/[&, {"@type": "INSZ", \1"80.01.01-997.78"}]/' "$answer" >nobody.jsonld
kvs "two good numbers are refused" 1 import kvs nobody.jsonld --from vdab
says 'two different national numbers; ask for an answer'
check "and says what to ask" $?
sed 's/"91.11.02-998.57"/"-"/; s/"INSZ"/"string"/' "$answer" >nobody.jsonld
kvs "an answer about nobody is refused" 1 import kvs nobody.jsonld --from vdab
says 'does not name one person'
check "and says why" $?
kvs "and goes with who is named" 0 import kvs nobody.jsonld --from vdab --participant "$who" --dry-run
exit $failed
