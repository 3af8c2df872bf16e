#!/bin/sh
# Run every fuzz target over its corpus and then for a few seconds.
#   tools/dev/fuzz-short.sh FOLDER TARGET...      SECS=3
set -u
folder=${1:?}; shift
secs=${SECS:-3}
failed=0
for target in "$@"; do
  name=${target#fuzz_}
  scratch=$(mktemp -d)
  mkdir -p "tests/fuzz/corpus/$name"
  if "$folder/$target" -max_total_time="$secs" -timeout=5 -rss_limit_mb=1024 \
      -max_len=65536 -artifact_prefix="$scratch/" "$scratch" \
      "tests/fuzz/corpus/$name" >"$scratch.log" 2>&1; then
    runs=$(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' "$scratch.log")
    printf '  fuzz %-12s %9s runs\n' "$name" "${runs:-0}"
  else
    echo "  fuzz $name: FAILED"
    tail -40 "$scratch.log"
    failed=1
  fi
  rm -rf "$scratch" "$scratch.log"
done
[ $failed = 0 ]
