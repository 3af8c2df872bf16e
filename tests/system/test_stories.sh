#!/bin/sh
# Every story, on real nodes: each expectation holds, and the nodes' files and
# logs hold no name or number of a person.
set -u
build=${1:?}
# The long ones by the plain build; tests/node plays them sanitized.
plain=build/release-gcc
if ! make -s B=$plain SAN=0 CC=gcc all >/dev/null 2>&1; then
  echo "not ok - the plain build compiles"
  exit 1
fi
failed=0
for story in tests/scenarios/*.yaml; do
  name=$(basename "$story" .yaml)
  case $name in
  L1 | S0A | S1A | S4A | V2) by=$plain ;;
  *) by=$build ;;
  esac
  out=$(mktemp)
  "$by/schakel" rehearse --json "$story" > "$out" 2>&1
  status=$?
  checks=$(sed -n 's/^  "checks": \([0-9]*\).*/\1/p' "$out")
  skipped=$(sed -n 's/^  "not_checked": \([0-9]*\).*/\1/p' "$out")
  # Sums over partners and private discovery are no part of a node yet.
  case $name in S2C|S4A) known=1 ;; V1) known=$(grep -c 'discover:' "$story") ;;
    *) known=0 ;; esac
  if [ $status = 0 ] && [ "${checks:-0}" -gt 0 ] && [ "$skipped" != "$known" ]; then
    echo "not ok - story $name: $skipped things were not checked, not $known"
    failed=1
  elif [ $status = 0 ] && [ "${checks:-0}" -gt 0 ]; then
    echo "ok - story $name holds ($checks checks)"
  else
    echo "not ok - story $name (exit status $status)"
    grep -A6 '"problems"' "$out"
    tail -5 "$out"
    failed=1
  fi
  rm -f "$out"
done

# A word that does not exist is an error at its place, before any node runs.
typo=tests/scenarios/typo-$$.yaml
trap 'rm -f "$typo" "$wrong" "$refused" "$out"' EXIT
wrong= refused=
out=$(mktemp)
sed 's/state: withdrawn/state: withdrawm/' tests/scenarios/X1.yaml > "$typo"
LANG=C "$build/schakel" rehearse "$typo" > "$out" 2>&1
if [ $? = 2 ] && grep -q "^$typo:[0-9]*:[0-9]*: error: state 'withdrawm'" "$out"
then echo "ok - an unknown state of consent is told with its place"
else echo "not ok - an unknown state of consent"; cat "$out"; failed=1; fi

# Who ends it half-way finds nothing of it back.
hold=$(mktemp -d)
TMPDIR=$hold "$build/schakel" rehearse tests/scenarios/X1.yaml >"$out" 2>&1 &
story=$!
for _ in $(seq 600); do
  ls "$hold"/*/*.log >/dev/null 2>&1 && break
  sleep 0.05
done
ls "$hold"/*/*.log >/dev/null 2>&1 && kill $story
wait $story
if [ $? = 143 ] && [ -z "$(ls -A "$hold")" ]
then echo "ok - a story that is ended leaves no files behind"
else echo "not ok - files of a story that was ended"; ls -R "$hold"; failed=1; fi
rm -rf "$hold"

# An event that was refused cannot be sent: a failed check, and the story goes
# on to its table.
refused=tests/scenarios/refused-$$.yaml
sed '0,/event: workplace.started/s//event: workplace.nowhere/' \
  tests/scenarios/S2A.yaml > "$refused"
LANG=C "$build/schakel" rehearse "$refused" > "$out" 2>&1
if [ $? = 1 ] && grep -q 'Who saw what' "$out" &&
   grep -q "has no event '.*' to share" "$out"
then echo "ok - a story goes on after an event that was refused"
else echo "not ok - a refused event ends the story"; tail -5 "$out"; failed=1; fi
if grep -q 'agenda: 2027-07-12 h1, [A-Z][a-z ]*$' "$out"
then echo "ok - what was put on an agenda is told in words"
else echo "not ok - the agenda of a story"; grep agenda "$out"; failed=1; fi

# A story whose expectation is wrong must fail: the check itself works.
wrong=tests/scenarios/wrong-$$.yaml
sed 's/is_adult: true, workplace_kind: short/is_adult: true, workplace_kind: exact/' \
  tests/scenarios/S2A.yaml > "$wrong"
if "$build/schakel" rehearse --json "$wrong" >/dev/null 2>&1; then
  echo "not ok - a wrong expectation is found"
  failed=1
else
  echo "ok - a wrong expectation is found"
fi
exit $failed
