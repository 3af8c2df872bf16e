#!/bin/sh
# The known answers are what a second implementation, written from the page,
# makes of them; and it notices when one of them changes.
set -u
failed=0
ok() { echo "ok - $1"; }
bad() { echo "not ok - $1"; failed=1; }
export PYTHONDONTWRITEBYTECODE=1

if python3 tests/vectors/second.py; then
  ok "the second implementation writes the same vectors"
else
  bad "the second implementation writes the same vectors"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for file in tests/vectors/*.txt; do
  name=$(basename "$file")
  cp tests/vectors/second.py tests/vectors/*.txt "$work"
  # The last hex digit of the file becomes another one.
  digit=$(grep -oE '[0-9a-f]$' "$file" | tail -1)
  line=$(grep -nE '[0-9a-f]$' "$file" | tail -1 | cut -d: -f1)
  other=$([ "$digit" = 0 ] && echo 1 || echo 0)
  sed "${line}s/.\$/$other/" "$file" >"$work/$name"
  if python3 "$work/second.py" >/dev/null 2>&1; then
    bad "a changed digit in $name is noticed"
  else
    ok "a changed digit in $name is noticed"
  fi
done
exit $failed
