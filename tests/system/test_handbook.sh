#!/bin/sh
# The examples of the handbooks in docs/nl, run in order: `yaml`
# blocks are files (their name is the first line), `sh` blocks must succeed,
# each line of a `text` block must stand in what the last one printed.
#
# Where coaches work there are nodes: <!-- bij ORG --> says at which one, and
# <!-- klok INSTANT --> lets time pass.  DEELNEMER, GEBEURTENIS, BERICHT,
# OVERDRACHT, AKKOORD and BEZWAAR stand for the number that this node gave last.
set -u
build=${1:?}
case $build in /*) ;; *) build=$PWD/$build ;; esac
root=$PWD
work=$(mktemp -d)
pids=
trap 'for pid in $pids; do kill -9 "$pid" 2>/dev/null; done; rm -rf "$work"' EXIT INT TERM
mkdir "$work/bin"
ln -s "$build/schakel" "$work/bin/schakel"
PATH=$work/bin:$PATH
unset SCHAKEL_DIR LC_ALL LC_MESSAGES
export LANG=C PATH
failed=0
ok() { printf 'ok - %s\n' "$1"; }
bad() { printf 'not ok - %s\n' "$1"; failed=1; sed 's/^/  | /' out err 2>/dev/null | head -30; }

# ------------------------------------------------------------------ nodes
orgs=
start_nodes() { # STORY ORG...: they stay up, on the clock of its last step
  TMPDIR=$work schakel rehearse --keep "$1" >"$work/story" 2>&1 || {
    bad "the nodes start"; cat "$work/story"; exit 1; }
  shift
  orgs=$*
  pids=$(sed -n 's/.*# pid \([0-9]*\)$/\1/p' "$work/story")
  nodes=$(sed -n 's/.*--dir \(.*\)\/[a-z-]* .*# pid.*/\1/p' "$work/story" | head -n 1)
}
quiet() { # nothing is under way between the nodes
  for org in $orgs; do
    schakel node status --json --dir "$nodes/$org" | tr -d ' \n' |
      grep -q '"items":0}' || return 1
  done
}
settle() {
  for _ in $(seq 300); do
    quiet && quiet && return
    sleep 0.1
  done
  bad 'the nodes come to rest'
}
last() { # KEY COMMAND...: its value in the last entry that has one
  key=$1; shift
  schakel "$@" --json 2>/dev/null | tr -d ' \n' |
    grep -o "\"$key\":\"[^\"]*\"" | tail -n 1 | cut -d '"' -f 4
}
fill() { # BLOCK: with the numbers that this node gave
  person=$(last participant participant list)
  sed -e "s/DEELNEMER/$person/g" \
    -e "s/GEBEURTENIS/$(last event event list "${person:-none}")/g" \
    -e "s/BERICHT/$(last message inbox list)/g" \
    -e "s/AKKOORD/$(last consent consent list "${person:-none}")/g" \
    -e "s/BEZWAAR/$(last objection objection list "${person:-none}")/g" \
    -e "s/OVERDRACHT/$(last handover handover list)/g" "$1" >"$work/filled"
}

# ------------------------------------------------------------------ a page
run_block() { # FILE
  name=$(basename "$1")
  case $name in
  *.yaml)
    file=$(sed -n '1s/^# //p' "$1")
    [ -n "$file" ] && cp "$1" "$file" && ok "$name: $file" || bad "$name has no file name"
    ;;
  *.sh)
    commands=$((commands + $(grep -c '^schakel ' "$1")))
    cp "$1" "$work/filled"
    [ -z "$orgs" ] || fill "$1"
    sh -eu "$work/filled" >out 2>err </dev/null && [ ! -s err ] &&
      ok "$name: $(head -1 "$1")" || bad "$name: $(head -1 "$1")"
    [ -z "$orgs" ] || settle
    ;;
  *.text)
    while IFS= read -r line; do
      grep -q -F -e "$line" out && ok "$name: $line" || bad "$name: $line"
    done <"$1"
    ;;
  *.bij) SCHAKEL_DIR=$nodes/$(cat "$1"); export SCHAKEL_DIR ;;
  *.klok)
    for org in $orgs; do
      schakel clock set --at "$(cat "$1")" --dir "$nodes/$org" >/dev/null ||
        bad "$name: the clock of $org"
    done
    settle
    ;;
  *) bad "$name: a block of another kind" ;;
  esac
}
run_page() { # NAME LANGUAGE: NNN.sh, NNN.yaml, ...: the blocks in order
  page=$root/docs/nl/$1.md
  blocks=$work/blocks.$1
  commands=0
  mkdir "$blocks" "$work/run.$1" && cd "$work/run.$1" || exit 1
  sed "s|/usr/local/share/schakel/library|$root/policies/library|" "$page" |
    awk -v dir="$blocks" '
      /^```[a-z]+$/ && !inside { n++; file = sprintf("%s/%03d.%s", dir, n, substr($0, 4)); inside = 1; printf "" > file; next }
      /^```$/ { inside = 0; close(file); next }
      /^<!-- (bij|klok) .* -->$/ && !inside { n++; file = sprintf("%s/%03d.%s", dir, n, $2); print $3 > file; close(file); next }
      inside { print > file }'
  LANG=$2
  for block in "$blocks"/*; do run_block "$block"; done
  LANG=C
  [ $commands -ge 15 ] && ok "$1: $commands commands were run" ||
    bad "$1: only $commands commands were run"
  cd "$root" || exit 1
}

run_page privacyverantwoordelijke C
start_nodes tests/system/handbook.yaml buso gtb
run_page trajectbegeleider nl_BE.UTF-8
exit $failed
