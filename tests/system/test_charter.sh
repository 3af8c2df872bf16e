#!/bin/sh
# Real nodes hand newer charters on to each other: what one operator imports
# reaches the others, a node that was away takes every version it missed, a
# forged one is refused by name.   docs/PROTOCOL.md 8.10
#   sh tests/system/test_charter.sh BUILD_DIR
. tests/system/nodes.inc

stop() { # ORG
  eval "pid=\$pid_$1"
  kill "$pid" && wait "$pid"
}

field() { # ORG REQUEST... : FIELD is the last word
  org=$1; shift
  eval "name=\${$#}"
  LANG=C "$build/schakel" "$1" "$2" ${4:+"$3"} --dir "$work/$org" --json \
    2>/dev/null | tr -d ' \n' |
    sed -n "s/.*\"$name\":\"\\{0,1\\}\\([^\",}]*\\).*/\\1/p"
}

version_of() { field "$1" charter show version; }

wait_version() { # ORG VERSION
  for _ in $(seq 300); do
    [ "$(version_of "$1")" = "$2" ] && return 0
    sleep 0.05
  done
  return 1
}

wait_peer() { # ORG PARTNER FIELD VALUE
  for _ in $(seq 400); do
    [ "$(field "$1" peer show "$2" "$3")" = "$4" ] && return 0
    sleep 0.05
  done
  return 1
}

next() { # FOLDER STEWARD BEFORE [--option...]
  folder=$1; steward=$2; before=$3; shift 3
  schakel charter add --out "$work/$folder" "$@" "$work/$before" &&
    schakel charter sign --dir "$work/$steward" "$work/$folder"
}

import() { schakel charter import --dir "$work/$1" "$work/$2"; }

# ------------------------------------------------------------------ set up
alfa=$(free_port)
beta=$(free_port 1)
schakel init --dir "$work/alfa" --org alfa --key-file "$work/alfa.key" \
  --listen "tcp://127.0.0.1:$alfa" --endpoint "tcp://127.0.0.1:$alfa"
schakel init --dir "$work/beta" --org beta --key-file "$work/beta.key" \
  --listen "tcp://127.0.0.1:$beta" --endpoint "tcp://127.0.0.1:$beta"
for org in gamma delta; do
  schakel init --dir "$work/$org" --org $org --key-file "$work/$org.key"
done
charter v1 alfa alfa beta gamma
check "a charter of three is made" $?
start alfa && start beta && start gamma
check "three nodes are ready" $?
import alfa v1 && import beta v1 && import gamma v1
check "all three take the first charter into use" $?
wait_peer alfa gamma charter 1 && wait_peer beta gamma charter 1
check "each says which charter it has" $?

# ------------------------------------------------------------------ handed on
next v2 alfa v1 && import alfa v2
check "alfa imports version 2" $?
wait_version beta 2 && wait_version gamma 2
check "version 2 arrives at the others without anyone carrying files" $?
grep -q 'handed on a newer charter, now in force' "$work/gamma.log"
check "gamma's operator reads who handed it on" $?

# ------------------------------------------------------------------ caught up
stop gamma
check "gamma is away" $?
roster alfa beta delta gamma >"$work/four.yaml"
next v3 alfa v2 --partners "$work/four.yaml" --card "$work/delta/own.card" &&
  next v4 alfa v3
check "versions 3 and 4; delta is a partner from 3 on" $?
import alfa v3 && import alfa v4 && wait_version beta 4
check "beta has version 4" $?
stop alfa
check "alfa, who imported it, is away too" $?
start gamma && wait_version gamma 4
check "gamma takes both versions it missed, from beta" $?
[ "$(field gamma peer show delta card)" = 1 ]
check "with the card of the new partner" $?
start delta && import delta v4 && wait_peer delta beta line up &&
  wait_peer beta delta line up
check "which the others then let in" $?

# ------------------------------------------------------------------ kill -9
next v5 alfa v4
kill -9 "$pid_gamma"
wait "$pid_gamma" 2>/dev/null
start alfa && start gamma && import alfa v5
kill -9 "$pid_gamma"
wait "$pid_gamma" 2>/dev/null
start gamma && wait_version gamma 5
check "a node killed while it takes one has it after all" $?

# ------------------------------------------------------------------ forged
stop gamma
charter f1 gamma alfa beta delta gamma
next f2 gamma f1 && next f3 gamma f2 && next f4 gamma f3 && next f5 gamma f4 &&
  next f6 gamma f5
check "gamma forges six versions" $?
rm -f "$work/gamma/data.mdb" "$work/gamma/keys.mdb" \
  "$work"/gamma/*.mdb-lock "$work"/gamma/lock.mdb
start gamma && import gamma f1 && import gamma f2 && import gamma f3 &&
  import gamma f4 && import gamma f5 && import gamma f6
check "gamma has them in force" $?
wait_peer alfa gamma charter 6
check "and says so" $?
wait_peer gamma alfa refused charter-invalid
check "alfa refuses it by name" $?
[ "$(version_of alfa)" = 5 ] && [ "$(version_of beta)" = 5 ]
check "nobody else has it in force" $?
next v6 alfa v5 && import alfa v6 && wait_version beta 6 && wait_version delta 6
check "the real version 6 goes round" $?
wait_peer alfa gamma line up
check "gamma's line stays" $?

# ------------------------------------------------------------------ 2 of 3
next v7 alfa v6 --threshold 2 --steward alfa --steward beta --steward delta &&
  import alfa v7 && wait_version beta 7
check "three stewards from now on, two of whom sign" $?
next v8 alfa v7
import alfa v8
[ $? = 1 ] && grep -q 'charter-signatures\|signatures' "$work/cli.log" &&
  [ "$(version_of alfa)" = 7 ]
check "one of them is not enough" $?
schakel charter sign --dir "$work/gamma" "$work/v8"
import alfa v8
[ $? = 1 ] && [ "$(version_of alfa)" = 7 ]
check "nor is one beside a partner that is no steward" $?
schakel charter sign --dir "$work/delta" "$work/v8" && import alfa v8 &&
  wait_version beta 8 && wait_version delta 8
check "two are, and it goes round" $?
# Partners that are called the same are not signed for (POLICY.md 9.1).
sed 's/name: beta/name: Alfa/' "$work/four.yaml" >"$work/same.yaml"
schakel charter add --out "$work/v9" --partners "$work/same.yaml" "$work/v8"
[ $? = 1 ] && grep -q "W024: 'beta' is called like 'alfa'" "$work/cli.log" &&
  [ ! -e "$work/v9" ]
check "two partners with one name get no charter" $?
sed 's/name: beta/name: "- "/' "$work/four.yaml" >"$work/blank.yaml"
schakel charter add --out "$work/v9" --partners "$work/blank.yaml" "$work/v8"
[ $? = 1 ] && grep -q "W025: 'beta' has no name" "$work/cli.log" && [ ! -e "$work/v9" ]
check "nor does one whose name nobody can read" $?
# Made elsewhere, of the right form: it is not signed either.
for name in same blank; do
  why="two partners are called the same"
  [ $name = same ] || why="a partner has no name that can be read"
  rm -rf "$work/else" && cp -R "$work/v8" "$work/else" && rm "$work"/else/*.minisig
  hash=$(sha256sum <"$work/else/partners.yaml" | cut -d' ' -f1)
  cp "$work/$name.yaml" "$work/else/partners.yaml"
  new=$(sha256sum <"$work/$name.yaml" | cut -d' ' -f1)
  sed -i "s/$hash/$new/" "$work/else/MANIFEST"
  schakel charter sign --dir "$work/alfa" "$work/else"
  [ $? = 1 ] && tail -n 2 "$work/cli.log" | grep -qF "$why" &&
    [ -z "$(ls "$work/else" | grep minisig)" ]
  check "nobody signs for it: $why" $?
done
cp "$work/four.yaml" "$work/else/partners.yaml"
sed -i "s/$new/$(sha256sum <"$work/four.yaml" | cut -d' ' -f1)/" "$work/else/MANIFEST"
schakel charter sign --dir "$work/alfa" "$work/else" && [ -e "$work/else/MANIFEST.alfa.minisig" ]
check "with names that say who they are, a steward does" $?

for org in alfa beta gamma delta; do stop $org || failed=1; done
check "all stop with status 0" $failed
! grep -qE 'tcp://|[0-9a-f]{8}-[0-9a-f]{4}' "$work"/*.log ||
  ! grep -lE 'tcp://|[0-9a-f]{8}-[0-9a-f]{4}' "$work"/????.log "$work"/?????.log
check "no addresses and no ids in the logs" $?
exit $failed
