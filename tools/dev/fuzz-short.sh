#!/bin/sh
# Run every fuzz target over its corpus and then for a few seconds, JOBS at a
# time.
#   tools/dev/fuzz-short.sh FOLDER TARGET...      SECS=3 SEED=1
# The seed is fixed: what passed passes again.  `make fuzz` looks for the new.
set -u
if [ "$1" = --one ]; then
  folder=$2 target=$3
  name=${target#fuzz_}
  scratch=$(mktemp -d)
  status=0
  mkdir -p "tests/fuzz/corpus/$name" "$scratch/new"
  if "$folder/$target" -seed="${SEED:-1}" -max_total_time="${SECS:-3}" -timeout=60 \
      -rss_limit_mb=1024 -max_len=65536 -artifact_prefix="$scratch/" \
      "$scratch/new" "tests/fuzz/corpus/$name" >"$scratch/log" 2>&1; then
    runs=$(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' "$scratch/log")
    printf '  fuzz %-12s %9s runs\n' "$name" "${runs:-0}"
  else
    { echo "  fuzz $name: FAILED"; tail -40 "$scratch/log"; } >"$scratch/say"
    cat "$scratch/say"
    status=1
  fi
  rm -rf "$scratch"
  exit $status
fi
folder=${1:?}; shift
printf '%s\n' "$@" | xargs -n 1 -P "${JOBS:-$(nproc)}" sh "$0" --one "$folder"
