#!/bin/sh
# A disk that is really full, under a real node: what cannot be stored is
# refused in words, nothing is lost, and all goes on when there is room again.
#   sh tests/system/test_full.sh BUILD_DIR
# The node lives on a small file system in memory; mounting needs root.
set -u
build=$(cd "${1:?}" && pwd)
work=$(mktemp -d)
library=$(cd policies/library && pwd)
failed=0
pids=
finish() {
  for pid in $pids; do kill -9 "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; done
  mountpoint -q "$work/disk" && umount -l "$work/disk"
  rm -rf "$work"
}
trap finish EXIT INT TERM
check() { # NAME STATUS
  if [ "$2" = 0 ]; then echo "ok - $1"; return; fi
  echo "not ok - $1"; failed=1
  tail -n 5 "$work"/*.log "$work/out" 2>/dev/null
}
schakel() { LANG=C "$build/schakel" "$@" >"$work/out" 2>&1; }
mkdir "$work/disk"
if ! mount -t tmpfs -o size=12m,mode=700 schakel "$work/disk" 2>/dev/null; then
  echo "ok - skipped: cannot mount a file system (18 checks not made)"
  exit 0
fi
start() { # ORG DIR
  : >"$work/$1.ready"
  "$build/schakeld" --dir "$2" >"$work/$1.ready" 2>>"$work/$1.log" &
  pid=$!
  pids="$pids $pid"
  for _ in $(seq 900); do grep -q '^READY' "$work/$1.ready" && return 0; sleep 0.05; done
  return 1
}
port=$((20000 + ($$ * 13) % 20000))
schakel init --dir "$work/alfa" --org alfa --key-file "$work/alfa.key" \
  --listen "tcp://127.0.0.1:$port" --endpoint "tcp://127.0.0.1:$port"
schakel init --dir "$work/disk/beta" --org beta --key-file "$work/beta.key"
{
  echo 'format: partners/1'; echo 'partners: test'; echo 'version: 1'
  echo 'vocabulary: traject-vlaanderen/1'; echo 'orgs:'
  for org in alfa beta; do
    echo "  $org: {name: $org, role: adult_ed, duties: [retain, erase-on-withdrawal, confirm-erasure, no-onward, log-access, limit-roles], languages: [nl]}"
  done
} >"$work/partners.yaml"
schakel charter new --out "$work/charter" --id test \
  --vocabulary "$library/vocabulary.yaml" --guards "$library/guards.yaml" \
  --partners "$work/partners.yaml" --threshold 1 --steward alfa \
  --card "$work/alfa/own.card" --card "$work/disk/beta/own.card" &&
  schakel charter sign --dir "$work/alfa" "$work/charter"
check "a charter of two" $?
start alfa "$work/alfa" && start beta "$work/disk/beta"
check "both run" $?
schakel charter import --dir "$work/alfa" "$work/charter" &&
  schakel charter import --dir "$work/disk/beta" "$work/charter"
check "both take the charter" $?
people() {
  LANG=C "$build/schakel" participant list --dir "$work/disk/beta" --json |
    grep -c '"participant":'
}
received() {
  LANG=C "$build/schakel" inbox list --dir "$work/disk/beta" --json --limit 1000 |
    grep -c '"message":'
}
stored() { # of what alfa sent
  LANG=C "$build/schakel" peer show --dir "$work/alfa" beta --json |
    sed -n 's/.*"unconfirmed": \([0-9]*\).*/\1/p'
}
publish() {
  schakel collective publish --dir "$work/alfa" place.offered \
    --body place_ref="p$1" --body workplace_org=1999916801 --body workplace_kind=stage \
    --body hours_week=30 --body municipality=13025 --body language_need=A1 \
    --body places=2 --body open_until=2099-12-31
}
publish 0
check "something is published" $?
for _ in $(seq 900); do [ "$(received)" = 1 ] && break; sleep 0.05; done
[ "$(received)" = 1 ]; check "and arrives" $?
schakel participant add --dir "$work/disk/beta" --given-name Jonas
check "a participant is added" $?

# Full: the rest of the disk is one file.
dd if=/dev/zero of="$work/disk/rest" bs=4k 2>/dev/null
added=1
code=0
for i in $(seq 2000); do
  schakel participant add --dir "$work/disk/beta" --given-name "Naam$i" --family-name "$(printf '%0180d' "$i")"
  code=$?
  [ $code = 0 ] || break
  added=$((added + 1))
done
[ $code = 1 ] && grep -q 'the disk is full' "$work/out"
check "a full disk is refused in words (after $added additions)" $?
schakel participant add --dir "$work/disk/beta" --given-name Ook --json
grep -q '"code": "disk-full"' "$work/out"
check "with its code" $?
[ "$(people)" = "$added" ] || [ "$(people)" = 100 ]
check "what is there can be read" $?
for i in $(seq 20); do publish "$i"; done
sleep 1
kept=$(received)
[ "$kept" -lt 21 ]; check "what a partner sends is not taken ($kept of 21)" $?
[ "$(stored)" = $((21 - kept)) ]; check "and the partner knows that it is not" $?
kill -0 "$pid"; check "the node runs" $?
[ "$(grep -c 'takes no writes' "$work/beta.log")" = 1 ]
check "the log says so once" $?

# Room again: nobody does anything.
rm "$work/disk/rest"
for _ in $(seq 400); do [ "$(received)" = 21 ] && break; sleep 0.05; done
[ "$(received)" = 21 ]; check "with room again everything arrives by itself" $?
[ "$(LANG=C "$build/schakel" inbox list --dir "$work/disk/beta" --json --limit 1000 |
  sed -n 's/.*"place_ref": "p\([0-9]*\)".*/\1/p' | sort -n | uniq | wc -l)" = 21 ]
check "each once" $?
schakel participant add --dir "$work/disk/beta" --given-name Lotte
check "and a participant is added" $?
kill -9 "$pid"; wait "$pid" 2>/dev/null
start beta "$work/disk/beta"
check "after kill -9 it starts" $?
[ "$(received)" = 21 ]; check "with everything" $?
exit $failed
