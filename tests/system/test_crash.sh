#!/bin/sh
# kill -9 of nodes and their network processes at random instants of the
# stories, also between a request and its answer: same final state, every item
# and every request applied exactly once.
# It is processes that die here, of the plain build: it starts in less time, so
# more of them do.
set -u
build=build/release-gcc
if ! make -s B=$build SAN=0 CC=gcc all >/dev/null 2>&1; then
  echo "not ok - the plain build compiles"
  exit 1
fi
failed=0
kills=0
inside=0
for seed in ${SEEDS:-11 12}; do
  for story in S2A X1; do
    out=$(mktemp)
    "$build/schakel" rehearse --json --crash "$seed" \
      "tests/scenarios/$story.yaml" > "$out" 2>&1
    status=$?
    killed=$(sed -n 's/^  "kills": \([0-9]*\).*/\1/p' "$out")
    kills=$((kills + ${killed:-0}))
    within=$(sed -n 's/^  "kills_inside": \([0-9]*\).*/\1/p' "$out")
    inside=$((inside + ${within:-0}))
    if [ $status = 0 ]; then
      echo "ok - $story with seed $seed survives ${killed:-0} kills," \
        "${within:-0} of them inside a request"
    else
      echo "not ok - $story with seed $seed (exit status $status)"
      grep -A6 '"problems"' "$out"
      tail -5 "$out"
      failed=1
    fi
    rm -f "$out"
  done
done
if [ "$kills" -ge 20 ]; then echo "ok - $kills processes were killed"
else echo "not ok - only $kills processes were killed"; failed=1; fi
if [ "$inside" -ge 20 ]; then
  echo "ok - $inside nodes were killed between a request and its answer"
else
  echo "not ok - only $inside nodes were killed inside a request"; failed=1
fi
exit $failed
