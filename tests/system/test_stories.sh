#!/bin/sh
# Every story, on real nodes: each expectation holds, and the nodes' files and
# logs hold no name or number of a person.
set -u
build=${1:?}
failed=0
for story in tests/scenarios/*.yaml; do
  name=$(basename "$story" .yaml)
  out=$(mktemp)
  "$build/schakel" rehearse --json "$story" > "$out" 2>&1
  status=$?
  checks=$(sed -n 's/^  "checks": \([0-9]*\).*/\1/p' "$out")
  if [ $status = 0 ] && [ "${checks:-0}" -gt 0 ]; then
    echo "ok - story $name holds ($checks checks)"
  else
    echo "not ok - story $name (exit status $status)"
    grep -A6 '"problems"' "$out"
    tail -5 "$out"
    failed=1
  fi
  rm -f "$out"
done

# A story whose expectation is wrong must fail: the check itself works.
wrong=tests/scenarios/wrong-$$.yaml
trap 'rm -f "$wrong"' EXIT
sed 's/is_adult: true, workplace_kind: short/is_adult: true, workplace_kind: exact/' \
  tests/scenarios/S2A.yaml > "$wrong"
if "$build/schakel" rehearse --json "$wrong" >/dev/null 2>&1; then
  echo "not ok - a wrong expectation is found"
  failed=1
else
  echo "ok - a wrong expectation is found"
fi
exit $failed
