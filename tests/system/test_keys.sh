#!/bin/sh
# Keys live and die on real nodes: they are renewed under load, without a person
# at the partners and without a line that stays down; what had its time is
# destroyed; who stole a transport key reads nothing and is believed in nothing;
# a partner that the charter suspends gets nothing from the next message on.
#   sh tests/system/test_keys.sh BUILD_DIR
set -u
build=$(cd "${1:?}" && pwd)
work=$(mktemp -d)
library=$(cd policies/library && pwd)
failed=0
pids=
export LANG=C
unset SCHAKEL_DIR LC_ALL LC_MESSAGES
finish() {
  for pid in $pids; do kill -9 "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; done
  rm -rf "$work"
}
trap finish EXIT INT TERM
check() { # NAME STATUS
  if [ "$2" = 0 ]; then echo "ok - $1"; return; fi
  echo "not ok - $1"; failed=1
  tail -n 5 "$work"/*.log "$work/out" 2>/dev/null
}
schakel() { "$build/schakel" "$@" >"$work/out" 2>&1; }
patience() { # COMMAND: until it is true, a minute at most
  for _ in $(seq 600); do
    eval "$1" && return 0
    sleep 0.1
  done
  return 1
}
free_port() {
  port=$((20000 + ($$ * 17 + 4111) % 20000))
  while grep -qi ":$(printf %04X $port) 00000000:0000 0A" /proc/net/tcp \
      /proc/net/tcp6 2>/dev/null; do port=$((port + 1)); done
  echo $port
}
start() { # ORG [OPTION...]
  org=$1; shift
  : >"$work/$org.out"
  "$build/schakeld" --dir "$work/$org" "$@" >"$work/$org.out" 2>>"$work/$org.log" &
  eval "pid_$org=$!"
  pids="$pids $!"
  patience "grep -q '^READY' $work/$org.out"
}
stop() { # ORG
  eval "kill \$pid_$1; wait \$pid_$1"
}
peer() { # ORG PARTNER KEY: what peer.show says
  "$build/schakel" peer show --dir "$work/$1" "$2" --json 2>/dev/null |
    sed -n "s/^ *\"$3\": \"\{0,1\}\([^\",]*\).*/\1/p" | head -1
}
card_version() { # ORG
  "$build/schakel" card show --dir "$work/$1" --json |
    sed -n 's/.*"version": \([0-9]*\).*/\1/p'
}
knows() { [ "$(peer "$1" "$2" card)" = "$(card_version "$2")" ]; }
publish() { # ORG NUMBER
  "$build/schakel" collective publish --dir "$work/$1" place.offered \
    --body place_ref="p$2" --body workplace_org=1999916801 \
    --body workplace_kind=stage --body hours_week=30 --body municipality=13025 \
    --body language_need=A1 --body places=2 --body open_until=2099-12-31 \
    >/dev/null 2>>"$work/$1.publish.log"
}
# As fast as it goes until the file is gone; the count is left in ORG.count.
load() { # ORG
  n=0
  while [ -e "$work/load" ]; do
    publish "$1" $n && n=$((n + 1))
    echo $n >"$work/$1.next"
    mv "$work/$1.next" "$work/$1.count"
  done
}
places() { # ORG FROM: numbers that arrived, each once, ascending
  after=
  while "$build/schakel" inbox list --dir "$work/$1" --from "$2" --json \
      --limit 1000 $after >"$work/page.$1"; do
    sed -n 's/.*"place_ref": "p\([0-9]*\)".*/\1/p' "$work/page.$1"
    after=$(sed -n 's/^    "next": "\(.*\)".*/--after \1/p' "$work/page.$1")
    [ -n "$after" ] || break
  done | sort -n
}
# All that FROM published is at ORG, each once.
whole() { # ORG FROM
  places "$1" "$2" >"$work/got"
  seq 0 $(($(cat "$work/$2.count") - 1)) | cmp -s - "$work/got"
}

# ------------------------------------------------------------------ set up
port=$(free_port)
schakel init --dir "$work/alfa" --org alfa --key-file "$work/alfa.key" \
  --listen "tcp://127.0.0.1:$port" --endpoint "tcp://127.0.0.1:$port"
for org in beta gamma; do
  schakel init --dir "$work/$org" --org $org --key-file "$work/$org.key"
done
{
  echo 'format: partners/1'; echo 'partners: test'; echo 'version: 1'
  echo 'vocabulary: traject-vlaanderen/1'; echo 'orgs:'
  for org in alfa beta gamma; do
    echo "  $org: {name: $org, role: adult_ed, duties: [retain, erase-on-withdrawal, confirm-erasure, no-onward, log-access, limit-roles], languages: [nl]}"
  done
} >"$work/partners.yaml"
schakel charter new --out "$work/charter" --id test \
  --vocabulary "$library/vocabulary.yaml" --guards "$library/guards.yaml" \
  --partners "$work/partners.yaml" --threshold 1 --steward alfa \
  --card "$work/alfa/own.card" --card "$work/beta/own.card" \
  --card "$work/gamma/own.card" &&
  schakel charter sign --dir "$work/alfa" "$work/charter"
check "a charter of three" $?
for org in alfa beta gamma; do
  start $org && schakel charter import --dir "$work/$org" "$work/charter"
  check "$org runs" $?
done
patience '[ "$(peer beta alfa line)" = up ] && [ "$(peer gamma alfa line)" = up ]'
check "beta and gamma dial alfa; nobody dials them" $?

# ------------------------------------------------------------------ under load
touch "$work/load"
load alfa & loader_a=$!
load beta & loader_b=$!
pids="$pids $loader_a $loader_b"
patience '[ "$(places beta alfa | wc -l)" -ge 3 ]'
check "traffic flows" $?
for round in 1 2; do
  cp "$work/alfa/node.key" "$work/alfa.key.$round"
  schakel card renew --dir "$work/alfa" --json && grep -q '"in_force": true' "$work/out"
  check "alfa renews its sealing key while it runs ($round)" $?
  patience 'knows beta alfa && knows gamma alfa'
  check "its partners have the new card by themselves ($round)" $?
done
for org in alfa beta; do
  schakel card renew --dir "$work/$org" --all-keys --json &&
    grep -q '"in_force": true' "$work/out"
  check "$org renews every key while it runs" $?
  patience 'grep -q "lines use the new transport key" "$work/$org.log"'
  check "when all partners know, its lines use the new transport key" $?
  for partner in alfa beta gamma; do
    # beta and gamma only dial: they never meet.
    case $org$partner in alfaalfa|betabeta|betagamma) continue ;; esac
    patience "knows $partner $org"
    check "$partner has the new card of $org" $?
  done
  # Each direction goes on, with the new keys.
  now=$(cat "$work/alfa.count")
  patience '[ "$(places gamma alfa | wc -l)" -gt "$now" ] && [ "$(places beta alfa | wc -l)" -gt "$now" ]'
  check "alfa's messages go on arriving" $?
  now=$(cat "$work/beta.count")
  patience '[ "$(places alfa beta | wc -l)" -gt "$now" ]'
  check "and beta's" $?
done
rm "$work/load"
wait $loader_a $loader_b
! [ -s "$work/alfa.publish.log" ] && ! [ -s "$work/beta.publish.log" ]
check "nobody who published noticed" $?
patience 'whole beta alfa && whole gamma alfa && whole alfa beta'
check "all of it arrived, each once ($(cat "$work/alfa.count") and $(cat "$work/beta.count"))" $?
patience '[ "$(peer alfa beta unconfirmed)" = 0 ] && [ "$(peer beta alfa unconfirmed)" = 0 ] && [ "$(peer alfa gamma unconfirmed)" = 0 ]'
check "and all of it is confirmed" $?
! grep -hE 'error|schakel-net ended' "$work"/alfa.log "$work"/beta.log "$work"/gamma.log
check "no log has an error" $?

# ------------------------------------------------------------------ away
stop gamma
schakel card renew --dir "$work/alfa" --all-keys
check "alfa renews every key while gamma is away" $?
patience 'knows beta alfa'
check "beta knows" $?
publish alfa 7001
patience 'places beta alfa | grep -qx 7001'
check "and its line stays: alfa waits for gamma" $?
[ "$(grep -c 'lines use the new transport key' "$work/alfa.log")" = 1 ]
check "the key before is still used" $?
stop alfa; stop beta
start alfa && start beta
check "alfa and beta start anew in between" $?
publish beta 7002
patience 'places alfa beta | grep -qx 7002'
check "they reach each other" $?
start gamma
check "gamma comes back, with the old card of alfa" $?
patience 'knows gamma alfa && places gamma alfa | grep -qx 7001'
check "it learns the new one, and gets what waited" $?
patience '[ "$(grep -c "lines use the new transport key" "$work/alfa.log")" = 2 ]'
check "now alfa uses it" $?
publish alfa 7003
patience 'places gamma alfa | grep -qx 7003 && places beta alfa | grep -qx 7003'
check "and reaches both" $?
# ------------------------------------------------------------------ theft
sanitizers=
nm "$build/libsk-protocol.a" 2>/dev/null | grep -q __asan &&
  sanitizers="-fsanitize=address,undefined -no-pie"
# shellcheck disable=SC2046,SC2086
${CC:-cc} -std=c17 -D_GNU_SOURCE -I. $sanitizers -o "$work/thief" \
  tests/system/thief.c "$build/libsk-protocol.a" \
  $(pkg-config --libs libsodium nettle libzmq) \
  $(pkg-config --libs msgpack-c 2>/dev/null || pkg-config --libs msgpack)
check "the thief is built" $?
stop beta
publish alfa 7004
"$work/thief" KEY "$work/beta" "$work/beta.key" "$work/alfa/own.card" >"$work/out" 2>&1
check "who stole beta's transport key gets in, and opens nothing: $(cat "$work/out")" $?
! places alfa beta | grep -qx 66666
check "nothing that it made up is taken" $?
[ "$(peer alfa beta unconfirmed)" -ge 1 ]
check "what waits for beta goes on waiting" $?
start beta
patience 'places beta alfa | grep -qx 7004'
check "and is there when beta is back" $?
publish beta 7005
patience 'places alfa beta | grep -qx 7005'
check "whose own messages go on" $?

# ------------------------------------------------------------------ revoked
sed -i 's/^version: 1/version: 2/; s/^  gamma: {/  gamma: {status: suspended, /' "$work/partners.yaml"
schakel charter add --out "$work/charter2" --partners "$work/partners.yaml" "$work/charter" &&
  schakel charter sign --dir "$work/alfa" "$work/charter2"
check "the stewards suspend gamma" $?
places gamma alfa >"$work/gamma.before"
schakel charter import --dir "$work/alfa" "$work/charter2"
check "alfa takes the charter into use" $?
publish alfa 7006
publish gamma 7007
patience 'places beta alfa | grep -qx 7006'
check "the next message reaches beta" $?
patience '[ "$(peer gamma alfa refused)" = suspended ]'
check "what gamma says is refused, and gamma is told why" $?
! places alfa gamma | grep -qx 7007
check "nothing of it is taken" $?
places gamma alfa | cmp -s - "$work/gamma.before"
check "and nothing more reaches gamma" $?

# ------------------------------------------------------------------ control
# With the signing key too the same forged frames are believed: the test of the
# theft could have failed.
stop beta
"$work/thief" ALL "$work/beta" "$work/beta.key" "$work/alfa/own.card" >"$work/out" 2>&1
patience 'places alfa beta | grep -qx 66666'
check "who has the signing key too is believed" $?
exit $failed
