#!/bin/sh
# kill -9 of a node between a request of the command line and its answer: the
# command asks again and the request is done once; or it says what is unknown.
set -u
build=${1:?}
case $build in /*) ;; *) build=$PWD/$build ;; esac
schakel=$build/schakel
work=$(mktemp -d)
daemon=
trap 'end; rm -rf "$work"' EXIT
cd "$work" || exit 1
unset SCHAKEL_DIR LC_ALL LC_MESSAGES
export LANG=C
failed=0
ok() { echo "ok - $1"; }
bad() { echo "not ok - $1"; failed=1; sed 's/^/  | /' out err 2>/dev/null; }
check() { name=$1; shift; if "$@"; then ok "$name"; else bad "$name"; fi; }
run() {
  "$build/schakeld" --dir mol >ready 2>>log &
  daemon=$!
  for i in $(seq 100); do grep -q READY ready && return; sleep 0.1; done
  echo "not ok - the node does not start"; cat log; exit 1
}
end() {
  [ -n "$daemon" ] || return
  kill -9 "$daemon" 2>/dev/null
  wait "$daemon" 2>/dev/null
  daemon=
}
# Until this client has a line to the node, and said what it wants.
asked() {
  for _ in $(seq 400); do
    ls -l "/proc/$1/fd" 2>/dev/null | grep -q socket: && break
    sleep 0.05
  done
  sleep 0.5
}
people() { "$schakel" participant list --dir mol --json | grep -c '"participant":'; }

"$schakel" init --dir mol --org ocmw-mol --key-file key >out 2>err || exit 1
run

# Stopped, it takes the request and says nothing; then it is killed.
kill -STOP "$daemon"
"$schakel" participant add --dir mol --given-name Jonas >out 2>err &
client=$!
asked "$client"
end
sleep 0.5
run
wait "$client"
code=$?
check "a command whose node was killed ends well" [ "$code" = 0 ]
check "and says that it asked again" grep -q 'done only once' err
check "and it was done once" [ "$(people)" = 1 ]

# In Dutch too.
kill -STOP "$daemon"
LANG=nl_BE.UTF-8 "$schakel" participant add --dir mol --given-name Lotte >out 2>err &
client=$!
asked "$client"
end
run
wait "$client"
check "in Dutch" grep -q 'maar een keer uitgevoerd' err
check "the second participant is there once" [ "$(people)" = 2 ]

# One that hangs: who waits is told, once.
kill -STOP "$daemon"
LANG=nl_BE.UTF-8 "$schakel" status --dir mol >out 2>err &
client=$!
asked "$client"
for _ in $(seq 100); do grep -q 'antwoordt nog niet' err && break; sleep 0.1; done
check "who waits for a node is told" grep -q 'antwoordt nog niet; wacht' err
"$schakel" doctor --dir mol >out2 2>err2 &
other=$!
for _ in $(seq 100); do grep -q 'not answer yet' err2 && break; sleep 0.1; done
check "so does the doctor" grep -q 'not answer yet; wait' err2
sleep 3
kill -CONT "$daemon"
wait "$other" "$client"
check "and it goes on when the node does" grep -q ocmw-mol out
check "what was told, was told once" [ "$(wc -l <err)" = 1 ]

# A script that chooses its own id may run the command again.
id=0190a0b1-c2d3-4e4f-8a6b-7c8d9eafb0c1
"$schakel" participant add --dir mol --given-name Noor --request-id $id --json >one 2>err
"$schakel" participant add --dir mol --given-name Noor --request-id $id --json >two 2>err
check "the same id gives the same answer" cmp -s one two
end
run
"$schakel" participant add --dir mol --given-name Noor --request-id $id --json >two 2>err
check "also from a node that was killed since" cmp -s one two
check "and one participant" [ "$(people)" = 3 ]
"$schakel" participant add --dir mol --given-name Piet --request-id $id --json >out 2>err
check "another request under that id is refused" [ $? = 1 ]
check "with its code" grep -q request-reused out
"$schakel" participant add --dir mol --given-name Piet --request-id X >out 2>err
check "an id that is none is wrong use" [ $? = 2 ]

# A node that stays away.
kill -STOP "$daemon"
"$schakel" participant add --dir mol --given-name Karel >out 2>err &
client=$!
asked "$client"
end
wait "$client"
check "a node that stays away: exit status 69" [ $? = 69 ]
check "it says that nobody knows whether it was done" grep -q 'whether it was done is not known' err
check "and where to look" grep -q 'schakel participant find' err
"$schakel" participant list --dir mol >out 2>err
check "a node that is not there from the start" [ $? = 69 ]
exit $failed
