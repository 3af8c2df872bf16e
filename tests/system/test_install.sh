#!/bin/sh
# `make install` puts a working node anywhere.
set -u
build=${1:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
check() { if eval "$2"; then echo "ok - $1"; else echo "not ok - $1"; failed=1; fi; }
make -s B="$build" SAN="$(case $build in *san*) echo 1 ;; *) echo 0 ;; esac)" \
  install DESTDIR="$work" PREFIX=/opt/schakel >"$work/log" 2>&1 ||
  { cat "$work/log"; echo "not ok - make install"; exit 1; }
at=$work/opt/schakel
for file in bin/schakel bin/schakeld libexec/schakel/schakel-net \
    share/schakel/library/vocabulary.yaml share/doc/schakel/README.md \
    share/doc/schakel/decisions/0003-a-key-per-received-message.md \
    lib/systemd/system/schakeld@.service; do
  check "$file is installed" "[ -f '$at/$file' ]"
done
check "the unit names the prefix" \
  "grep -q /opt/schakel/bin/schakeld '$at/lib/systemd/system/schakeld@.service'"
# The score of its sandbox: 0 nothing within reach, 10 everything.
if command -v systemd-analyze >/dev/null; then
  score=$(systemd-analyze security --offline=true \
    "$at/lib/systemd/system/schakeld@.service" 2>"$work/log" |
    sed -n 's/.*exposure level for .*: \([0-9.]*\) .*/\1/p')
  check "systemd-analyze security says at most 1.5 ($score)" \
    "[ -n '$score' ] && [ \$(echo '$score' | tr -d .) -le 15 ]"
else
  echo "ok - skipped: no systemd-analyze here (1 check not made)"
fi
check "the installed library passes its check" \
  "'$at/bin/schakel' policy check '$at/share/schakel/library/kempen/nodes/ocmw-mol' >/dev/null"
stories=0
for story in "$at"/share/schakel/stories/*.yaml; do
  bundles=$(sed -n 's/^bundles: //p' "$story")
  [ -f "$at/share/schakel/stories/$bundles/partners.yaml" ] &&
    stories=$((stories + 1))
done
check "each installed story finds its bundles in the installed library" \
  "[ $stories -gt 0 ] && [ $stories = $(grep -l '^bundles: ../../policies/' tests/scenarios/*.yaml | wc -l) ]"
check "the installed node plays a story" \
  "'$at/bin/schakel' rehearse --json tools/dev/bench/story.yaml >'$work/out' 2>&1 || { tail -5 '$work/out'; false; }"
exit $failed
