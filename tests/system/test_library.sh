#!/bin/sh
# The library: every bundle passes check, test and prove; every warning is
# explained where it stands; every promise has a change that breaks it; and
# what the READMEs say to type works.  The stories on it: test_stories.sh.
set -u
build=${1:?}
case $build in /*) ;; *) build=$PWD/$build ;; esac
root=$PWD
library=$root/policies/library
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
ln -s "$build/schakel" "$work/bin/schakel"
PATH=$work/bin:$PATH
unset SCHAKEL_DIR LC_ALL LC_MESSAGES
export LANG=C PATH
failed=0
ok() { printf 'ok - %s\n' "$1"; }
bad() { printf 'not ok - %s\n' "$1"; failed=1; sed 's/^/  | /' "$work/out" | head -30; }
passes() {
  what=$1; shift
  if "$@" >"$work/out" 2>&1; then ok "$what"; else bad "$what"; fi
}

# Each promise of a bundle is one that some case breaks.
unbroken() {
  for id in $(sed -n 's/^  - id: //p' "$1/invariants.yaml"); do
    cat "$1"/tests/*.yaml | tr ',[]' '   ' |
      grep -q "broken:.* $id " || echo "$id: no case breaks it"
  done
}

bundles=0
for node in "$library"/*/nodes/*; do
  name=${node#"$library"/}
  bundles=$((bundles + 1))
  passes "$name: check, each warning accepted with a word" \
    schakel policy check "$node" --strict
  passes "$name: tests pass and reach 90%" \
    schakel policy test "$node" --min-coverage 90
  if grep -hq 'decision: deny' "$node"/tests/*.yaml; then
    ok "$name: the tests also say what stays"
  else bad "$name: no test of a denial"; fi
  passes "$name: promises proved" schakel policy prove "$node"
  if [ "$(grep -c '^  - id: ' "$node/invariants.yaml")" -gt 0 ]; then
    ok "$name: has promises"
  else bad "$name: no promises"; fi
  unbroken "$node" >"$work/out"
  if [ -s "$work/out" ]; then bad "$name: a promise that nothing breaks"
  else ok "$name: each promise is broken once"; fi
done
if [ $bundles -ge 15 ]; then ok "$bundles bundles"; else bad "$bundles bundles"; fi

# Every folder has a story and a page; every story has its folder here.
for folder in "$library"/*/; do
  name=$(basename "$folder")
  if grep -q "^bundles: ../../policies/library/$name\$" tests/scenarios/*.yaml
  then ok "$name: a story plays on it"
  else bad "$name: no story plays on it"; fi
  if grep -q "]($name/)" "$library/README.md" && [ -f "$folder/README.md" ]
  then ok "$name: has a page"
  else bad "$name: has no page"; fi
done
for story in tests/scenarios/*.yaml; do
  at=$(sed -n 's/^bundles: //p' "$story")
  case $at in bundles/*) continue ;; esac # not installed
  if [ "$(cd "tests/scenarios/$at" && pwd | sed 's|/[^/]*$||')" = "$library" ]
  then ok "$story plays on the library"
  else bad "$story plays on $at"; fi
done

# What the pages say to type, as a reader types it, in a folder of its own.
commands=0
for page in "$library"/README.md "$library"/*/README.md; do
  name=${page#"$library"/}
  rm -rf "$work/run" && mkdir "$work/run"
  sed "s|/usr/local/share/schakel/library|$library|
    s|/usr/local/share/schakel/stories|$root/tests/scenarios|" "$page" |
    awk '/^```sh$/ { on = 1; next } /^```/ { on = 0 } on' >"$work/typed"
  commands=$((commands + $(grep -c '^schakel ' "$work/typed")))
  passes "$name: what it says to type works" \
    sh -euc 'cd "$1" && . "$2"' sh "$work/run" "$work/typed"
done
if [ $commands -ge 10 ]; then ok "$commands commands were run"
else bad "only $commands commands were run"; fi

# A first policy of one's own, from the words and the roster of a folder.
mkdir "$work/shared"
cp "$library"/*.yaml "$library/school-naar-werk/partners.yaml" "$work/shared"
passes "policy new takes the words and a roster of the library" \
  schakel policy new "$work/mine" --library "$work/shared" --org buso \
  --to houtzaak --for work.placement --event workplace.started \
  --ground public-task --reference "Stageovereenkomst (voorbeeld)" \
  --from 2026-09-01 --until 2027-08-31
passes "and it passes its check" schakel policy check "$work/mine"
exit $failed
