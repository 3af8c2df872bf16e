#!/bin/sh
# The examples of docs/nl/privacyverantwoordelijke.md, run in order: `yaml`
# blocks are files (their name is the first line), `sh` blocks must succeed,
# each line of a `text` block must stand in what the last one printed.
set -u
build=${1:?}
case $build in /*) ;; *) build=$PWD/$build ;; esac
root=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/blocks" "$work/run"
ln -s "$build/schakel" "$work/bin/schakel"
PATH=$work/bin:$PATH
unset SCHAKEL_DIR LC_ALL LC_MESSAGES
export LANG=C PATH
page=$root/docs/nl/privacyverantwoordelijke.md
# NNN.sh, NNN.yaml, NNN.text: the blocks in order.
sed "s|/usr/local/share/schakel/library|$root/policies/library|" "$page" |
  awk -v dir="$work/blocks" '
    /^```[a-z]+$/ && !inside { n++; file = sprintf("%s/%03d.%s", dir, n, substr($0, 4)); inside = 1; printf "" > file; next }
    /^```$/ { inside = 0; close(file); next }
    inside { print > file }'
cd "$work/run" || exit 1
failed=0
ok() { printf 'ok - %s\n' "$1"; }
bad() { printf 'not ok - %s\n' "$1"; failed=1; sed 's/^/  | /' out err 2>/dev/null | head -30; }
commands=0
for block in "$work"/blocks/*; do
  name=$(basename "$block")
  case $name in
  *.yaml)
    file=$(sed -n '1s/^# //p' "$block")
    [ -n "$file" ] && cp "$block" "$file" && ok "$name: $file" || bad "$name has no file name"
    ;;
  *.sh)
    commands=$((commands + $(grep -c '^schakel ' "$block")))
    sh -eu "$block" >out 2>err </dev/null && [ ! -s err ] &&
      ok "$name: $(head -1 "$block")" || bad "$name: $(head -1 "$block")"
    ;;
  *.text)
    while IFS= read -r line; do
      grep -q -F -e "$line" out && ok "$name: $line" || bad "$name: $line"
    done <"$block"
    ;;
  *) bad "$name: a block of another kind" ;;
  esac
done
[ $commands -ge 15 ] && ok "$commands commands were run" || bad "only $commands commands were run"
exit $failed
