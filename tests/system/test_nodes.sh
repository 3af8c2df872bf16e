#!/bin/sh
# Real nodes on loopback: one direction of dialling is enough, strangers are
# refused, whatever is killed comes back by itself, keys and locks hold.
#   sh tests/system/test_nodes.sh BUILD_DIR
. tests/system/nodes.inc

pid_of() { eval "echo \$pid_$1"; }

open_lines() { # ORG: how many partners the transport reaches
  LANG=C "$build/schakel" node status --dir "$work/$1" --json 2>/dev/null |
    tr -d ' \n' | sed -n 's/.*"peers":{[^}]*"up":\([0-9]*\).*/\1/p'
}

wait_lines() { # ORG COUNT
  for _ in $(seq 300); do
    [ "$(open_lines "$1")" = "$2" ] && return 0
    sleep 0.05
  done
  return 1
}

# Both partners are heard: frames pass in both directions.
wait_both() {
  wait_lines alfa 1 && wait_lines beta 1
}

# ------------------------------------------------------------------ set up
alfa=$(free_port)
schakel init --dir "$work/alfa" --org alfa --key-file "$work/alfa.key" \
  --listen "tcp://127.0.0.1:$alfa" --endpoint "tcp://127.0.0.1:$alfa"
schakel init --dir "$work/beta" --org beta --key-file "$work/beta.key"
echo 'correct horse battery' >"$work/secret"
chmod 600 "$work/secret"
schakel init --dir "$work/gamma" --org gamma --passphrase-file "$work/secret"
charter ours alfa alfa beta
check "three nodes and a charter of two are made" $?
charter theirs gamma alfa gamma
check "a charter that alfa never saw" $?

# ------------------------------------------------------------------ one way
start alfa && start beta
check "both are ready" $?
schakel charter import --dir "$work/alfa" "$work/ours" &&
  schakel charter import --dir "$work/beta" "$work/ours"
check "both take the charter into use" $?
wait_both
check "one direction of dialling is enough" $?

# ------------------------------------------------------------------ strangers
start gamma
check "gamma is ready, with a passphrase" $?
schakel charter import --dir "$work/gamma" "$work/theirs"
check "gamma believes that alfa is its partner" $?
for _ in $(seq 100); do
  grep -q 'strangers refused' "$work/alfa.log" &&
    grep -q 'refuses our key.*(alfa' "$work/gamma.log" && break
  sleep 0.05
done
grep -q 'strangers refused' "$work/alfa.log"
check "alfa refuses the stranger in the handshake, and counts it" $?
grep -q 'refuses our key.*(alfa' "$work/gamma.log"
check "gamma's operator reads who refuses it" $?
[ "$(open_lines alfa)" = 1 ] && [ "$(open_lines gamma)" = 0 ]
check "nobody got a line who should not" $?
kill "$(pid_of gamma)"; wait "$(pid_of gamma)"
check "gamma stops with status 0" $?

# ------------------------------------------------------------------ kill -9
for round in 1 2 3; do
  for org in alfa beta; do
    for net in $(cat "/proc/$(pid_of $org)/task/$(pid_of $org)/children"); do
      [ "$(cat "/proc/$net/comm")" = schakel-net ] && kill -9 "$net"
    done
    sleep 0.2
    wait_both
    check "schakel-net of $org killed: both lines are back ($round)" $?
  done
done
for org in alfa beta; do
  kill -9 "$(pid_of $org)"
  wait "$(pid_of $org)" 2>/dev/null
  start $org
  check "schakeld of $org killed: it starts again" $?
  wait_both
  check "schakeld of $org killed: it resumes" $?
done

# ------------------------------------------------------------------ stop
kill "$(pid_of beta)"; wait "$(pid_of beta)"
check "SIGTERM: status 0" $?
wait_lines alfa 0
check "alfa knows that beta left" $?
start beta && wait_both
check "beta is back" $?

# ------------------------------------------------------------------ renewal
# node.key is written before own.card: what was cut short in between.
kill "$(pid_of beta)"; wait "$(pid_of beta)"
cp "$work/beta/own.card" "$work/beta.card"
schakel card renew --dir "$work/beta" && cp "$work/beta.card" "$work/beta/own.card"
check "a renewal is cut short: new keys, the old card" $?
start beta && wait_both
for org in alfa beta; do
  for _ in $(seq 100); do
    schakel_says=$(LANG=C "$build/schakel" peer list --dir "$work/$org" --json)
    echo "$schakel_says" | grep -q '"waits_for": *"nothing"' && break
    sleep 0.05
  done
  echo "$schakel_says" | grep -q '"waits_for": *"nothing"'
  check "$org reads the other under the card that stands" $?
done

# ------------------------------------------------------------------ locks, keys
"$build/schakeld" --dir "$work/alfa" >/dev/null 2>>"$work/alfa.log"
[ $? = 69 ] && [ "$(open_lines alfa)" = 1 ]
check "a second daemon on the same folder is refused" $?
echo 'wrong horse battery' >"$work/secret"
"$build/schakeld" --dir "$work/gamma" >/dev/null 2>>"$work/gamma.log"
[ $? = 77 ] && grep -q "schakel doctor --dir $work/gamma" "$work/gamma.log"
check "a wrong passphrase is refused, and the log says who helps" $?
mv "$work/secret" "$work/away"
"$build/schakeld" --dir "$work/gamma" >/dev/null 2>>"$work/gamma.log"
[ $? = 78 ] && grep -q "cannot read: $work/secret (not found)" "$work/gamma.log"
check "a passphrase that is not there is named" $?
chmod 644 "$work/gamma/node.key"
"$build/schakeld" --dir "$work/gamma" >/dev/null 2>>"$work/gamma.log"
[ $? = 78 ] && grep -q 'chmod 600 it: node.key' "$work/gamma.log"
check "a node.key that others can read is refused" $?
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
  chmod 755 "$work"; chmod 755 "$work/alfa"
  LANG=C setpriv --reuid=65534 --regid=65534 --clear-groups \
    "$build/schakel" node status --dir "$work/alfa" --json \
    >"$work/stranger" 2>&1
  [ $? = 1 ] && grep -q '"code": *"not-a-user"' "$work/stranger"
  check "another user is refused, even where the folder lets it in" $?
fi

# I9: logs name partners, and nothing else that a person said.
! grep -qE 'tcp://|[0-9a-f]{8}-[0-9a-f]{4}' "$work/alfa.log" "$work/beta.log"
check "no addresses and no ids in the logs" $?
exit $failed
