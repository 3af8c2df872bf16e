#!/bin/sh
# schakel doctor names the step that fails, on real nodes: healthy, a partner
# that is down, that does not know us, that is not a node, wrong ports and
# keys, a folder that is read-only or full, no daemon at all.
#   sh tests/system/test_doctor.sh BUILD_DIR
set -u
build=$(cd "${1:?}" && pwd)
work=$(mktemp -d)
library=$(cd policies/library && pwd)
failed=0
pids=
mounted=
export LANG=C

finish() {
  for pid in $pids; do kill -9 "$pid" 2>/dev/null; done
  for place in $mounted; do umount "$place" 2>/dev/null; done
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' INT TERM

check() { # NAME STATUS
  if [ "$2" = 0 ]; then
    echo "ok - $1"
  else
    echo "not ok - $1"
    failed=1
    cat "$work/out"
    tail -n 3 "$work"/*.log 2>/dev/null
  fi
}

schakel() { "$build/schakel" "$@" >>"$work/cli.log" 2>&1; }
doctor() { # EXIT ORG [PARTNER]: as it should end
  want=$1 org=$2
  shift 2
  "$build/schakel" doctor "$@" --dir "$work/$org" >"$work/out" 2>&1
  [ $? = "$want" ]
}
says() { grep -qF -- "$1" "$work/out"; }
eventually() { # COMMAND...: within fifteen seconds
  for _ in $(seq 150); do
    "$@" && return 0
    sleep 0.1
  done
  return 1
}
doctor_says() { # EXIT ORG PARTNER TEXT
  doctor "$1" "$2" "$3" && says "$4"
}

free_port() {
  port=$((20000 + ($$ * 13 + ${1:-0} * 101) % 20000))
  while grep -qi ":$(printf %04X $port) 00000000:0000 0A" /proc/net/tcp \
      /proc/net/tcp6 2>/dev/null; do port=$((port + 1)); done
  echo $port
}
start() { # ORG
  : >"$work/$1.out"
  "$build/schakeld" --dir "$work/$1" >"$work/$1.out" 2>>"$work/$1.log" &
  eval "pid_$1=$!"
  pids="$pids $!"
  eventually grep -q '^READY' "$work/$1.out"
}
stop() { # ORG
  eval "kill \$pid_$1; wait \$pid_$1"
}
charter() { # FOLDER STEWARD ORG...
  out=$work/$1 steward=$2
  shift 2
  { echo 'format: partners/1'
    echo 'partners: test'
    echo 'version: 1'
    echo 'vocabulary: traject-vlaanderen/1'
    echo 'orgs:'
    for org in "$@"; do
      echo "  $org: {name: $org, role: adult_ed, duties: [retain, erase-on-withdrawal, confirm-erasure, no-onward, log-access, limit-roles], languages: [nl]}"
    done; } >"$out.yaml"
  cards=
  for org in "$@"; do cards="$cards --card $work/$org/own.card"; done
  # shellcheck disable=SC2086
  schakel charter new --out "$out" --id test \
    --vocabulary "$library/vocabulary.yaml" --guards "$library/guards.yaml" \
    --partners "$out.yaml" --threshold 1 --steward "$steward" $cards &&
    schakel charter sign --dir "$work/$steward" "$out"
}

# ------------------------------------------------------------ set up
alfa=$(free_port 1)
wrong=$(free_port 2)
web=$(free_port 3)
silent=$(free_port 5)
: >"$work/out"
schakel init --dir "$work/alfa" --org alfa --key-file "$work/alfa.key" \
  --listen "tcp://127.0.0.1:$alfa" --endpoint "tcp://127.0.0.1:$alfa"
schakel init --dir "$work/beta" --org beta --key-file "$work/beta.key"
schakel init --dir "$work/gamma" --org gamma --key-file "$work/gamma.key"
# delta says that it is reached on a port where it does not listen; zeta on
# one where a web server listens; eta under a name that has no address; theta on
# one that takes no call, as behind a firewall that drops what it does not like.
schakel init --dir "$work/delta" --org delta --key-file "$work/delta.key" \
  --listen "tcp://127.0.0.1:$(free_port 4)" --endpoint "tcp://127.0.0.1:$wrong"
schakel init --dir "$work/zeta" --org zeta --key-file "$work/zeta.key" \
  --endpoint "tcp://127.0.0.1:$web"
schakel init --dir "$work/eta" --org eta --key-file "$work/eta.key" \
  --endpoint "tcp://no-such-host.invalid:7411"
schakel init --dir "$work/theta" --org theta --key-file "$work/theta.key" \
  --endpoint "tcp://127.0.0.1:$silent"
charter ours alfa alfa beta delta zeta eta theta
check "nodes and a charter are made" $?
charter theirs gamma alfa gamma
check "a charter that alfa never saw" $?

# ------------------------------------------------------------ not running
doctor 1 alfa && says 'the node does not run' && says 'start it: schakeld' &&
  says 'node.key opens' && says 'this node never ran'
check "before the first start: the folder is looked at, and what to do" $?
start alfa && doctor 1 alfa && says 'there is no charter'
check "a node without a charter" $?
schakel charter import --dir "$work/alfa" "$work/ours"
start beta && schakel charter import --dir "$work/beta" "$work/ours"
check "two nodes run" $?

# ------------------------------------------------------------ healthy
eventually doctor_says 0 beta alfa 'alfa: the line is open'
doctor 0 beta alfa && says 'alfa: the line is open' &&
  says 'Nothing wrong was found.' && ! says WRONG
check "healthy: exit status 0, and the line is open" $?
doctor 0 alfa beta && says "tcp://127.0.0.1:$alfa: answers with our key"
check "a node reaches itself at the address on its card" $?
LANG=nl_BE.UTF-8 "$build/schakel" doctor alfa --dir "$work/beta" >"$work/out"
[ $? = 0 ] && says 'alfa: de lijn is open' && says 'Er is niets mis gevonden.'
check "and in Dutch" $?
"$build/schakel" doctor alfa --dir "$work/beta" --json >"$work/out"
[ $? = 0 ] && says '"ok": true' && says '"check": "line"' &&
  says '"state": "ok"' && says '"about": "alfa"' &&
  python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$work/out"
check "and as JSON" $?
doctor 1 beta nobody && says 'the node refuses'
check "a partner that is none" $?

# ------------------------------------------------------------ partners
doctor 1 alfa delta && says 'delta: nobody listens on that port' &&
  says "tcp://127.0.0.1:$wrong"
check "a port where nobody listens" $?
python3 -m http.server --bind 127.0.0.1 --directory "$work/ours" "$web" \
  >/dev/null 2>&1 &
pids="$pids $!"
eventually doctor_says 1 alfa zeta 'zeta: something else than a node listens'
check "a port where something else listens" $?
doctor 1 alfa eta && says 'eta: the name on the partner'
check "a name that has no address" $?
python3 "$(dirname "$0")/silent_port.py" "$silent" >"$work/silent" &
pids="$pids $!"
eventually grep -q '^SILENT' "$work/silent"
doctor 1 alfa theta && says "theta: the partner's address cannot be reached" &&
  says 'may this computer go out on that port (firewall)?'
check "a port that does not answer, as behind a firewall" $?
start delta && doctor 1 delta &&
  says "tcp://127.0.0.1:$wrong: nobody listens at the address on our card"
check "our own card names the wrong port" $?
start gamma && schakel charter import --dir "$work/gamma" "$work/theirs" &&
  eventually doctor_says 1 gamma alfa 'alfa: the partner refuses our key'
check "a partner that does not know us" $?
says 'give the partner own.card'
check "and what to give it" $?
# alfa's address, under the card of another node.
cp -a "$work/alfa" "$work/other" && rm -f "$work/other"/ctl.sock
stop alfa
schakel init --dir "$work/new" --org alfa --key-file "$work/new.key" \
  --listen "tcp://127.0.0.1:$alfa" --endpoint "tcp://127.0.0.1:$alfa"
start new && eventually doctor_says 1 beta alfa 'alfa: the node there has another key'
check "another node at the address of a partner" $?
stop new
eventually doctor_says 1 beta alfa 'alfa: nobody listens on that port'
check "a partner that is down" $?
says 'call the partner: does its node run?'
check "and what to do" $?
start alfa && eventually doctor_says 0 beta alfa 'alfa: the line is open'
check "it is back" $?

doctor_says 1 beta nobody 'nobody: the node refuses' &&
  says '-> Check the name in the list of partners'
check "a partner that nobody knows" $?

# ------------------------------------------------------------ the folder
chmod 755 "$work/beta" && doctor 1 beta && says 'others may look into' &&
  chmod 700 "$work/beta"
check "a folder that is open to others" $?
chmod 711 "$work/beta" && doctor 1 beta && ! says 'others may look into'
check "one that others may pass through is good: users need that" $?
chmod 700 "$work/beta"
chmod 644 "$work/beta.key" && doctor 1 beta &&
  says 'others may read what unlocks node.key' && chmod 600 "$work/beta.key"
check "a key file that others may read" $?
stop beta
doctor 1 beta && says 'the node does not run' && says 'node.key opens'
check "stopped: the folder is still looked at" $?
mv "$work/beta.key" "$work/beta.away"
head -c 32 /dev/urandom >"$work/beta.key" && chmod 600 "$work/beta.key"
doctor 1 beta && says 'another passphrase or key'
check "the wrong key" $?
rm "$work/beta.key"
doctor 1 beta && says 'what unlocks node.key is not there'
check "no key at all" $?
mv "$work/beta.away" "$work/beta.key"
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
  chmod 711 "$work" && chown -R 65534 "$work/beta" &&
    chown 0 "$work/beta/node.key"
  LANG=C setpriv --reuid=65534 --regid=65534 --clear-groups \
    "$build/schakel" doctor --dir "$work/beta" >"$work/out" 2>&1
  [ $? = 1 ] && says 'node.key: this user may not read or write this file'
  check "a key of another user" $?
  chown -R 0 "$work/beta"
fi
mv "$work/beta/own.card" "$work/beta.card"
cp "$work/gamma/own.card" "$work/beta/own.card"
doctor 1 beta && says 'own.card is of another organisation'
check "the card of somebody else" $?
rm "$work/beta/own.card"
doctor 1 beta && says 'own.card: is missing'
check "no card" $?
mv "$work/beta.card" "$work/beta/own.card"
mv "$work/beta/data.log" "$work/beta.log"
doctor 1 beta && says 'data.log: is missing, and belongs to the other files' &&
  ! "$build/schakeld" --dir "$work/beta" >"$work/out" 2>&1 &&
  says 'one of them is gone: put it back' &&
  [ ! -e "$work/beta/data.log" ]
check "a store without its log" $?
mv "$work/beta.log" "$work/beta/data.log"
cp -a "$work/gamma/." "$work/torn" && rm -f "$work/torn/ctl.sock"
printf '\377' |
  dd of="$work/torn/data.log" bs=1 seek=30 conv=notrunc 2>/dev/null
cp "$work/torn/data.log" "$work/torn.log"
! "$build/schakeld" --dir "$work/torn" >"$work/out" 2>&1 &&
  says 'data.log is damaged' && doctor 1 torn &&
  says 'data.log: is damaged: what was stored last is lost' &&
  says 'put all back from a backup: schakel restore' &&
  ! "$build/schakeld" --dir "$work/torn" >"$work/out" 2>&1 &&
  cmp "$work/torn/data.log" "$work/torn.log"
check "a log that was damaged is not started from" $?
echo 'listen: 5' >>"$work/beta/node.conf"
doctor 1 beta && says 'node.conf cannot be used'
check "a node.conf that is wrong" $?
mkdir "$work/small"
if mount -t tmpfs -o size=8m,mode=700 none "$work/small" 2>/dev/null; then
  mounted=$work/small
  cp -a "$work/gamma/." "$work/small" && rm -f "$work/small/ctl.sock"
  doctor 1 small && says 'the disk is full'
  check "a full disk" $?
  mount -o remount,ro "$work/small"
  doctor 1 small && says 'the folder cannot be written to' && says 'read-only'
  check "a folder on a read-only disk" $?
else
  echo "ok - skipped: cannot mount a file system (2 checks not made)"
fi
doctor 1 nowhere && says 'this folder is not there'
check "no folder" $?
# Restored, or copied, and the old one still runs.
twin_says() { doctor 1 twin && says "$1"; }
stop alfa
cp -a "$work/alfa/." "$work/twin" && rm -f "$work/twin/ctl.sock"
start alfa
"$build/schakeld" --dir "$work/twin" >>"$work/twin.log" 2>&1 &
pids="$pids $!"
eventually twin_says 'another node answers here with our key, not this one' &&
  says 'this node cannot use its address of node.conf' &&
  says 'stop the old one now' && ! grep -q '^READY' "$work/twin.log"
check "two nodes with the same keys on one computer" $?
eval "kill -9 $! $pid_alfa; wait $! $pid_alfa" 2>/dev/null
exit $failed
