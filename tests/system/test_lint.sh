#!/bin/sh
# The layer check finds a violation of each row of its table; the purity check
# finds a call to the world.
set -u
build=${1:?}
here=$(pwd)
failed=0
ok() { echo "ok - $1"; }
bad() { echo "not ok - $1"; failed=1; }

if sh tools/dev/check-layers.sh >/dev/null 2>&1; then ok "the tree keeps its layers"
else bad "the tree keeps its layers"; sh tools/dev/check-layers.sh; fi

# plant FILE LINE: the check must fail on a tree that has only this file.
plant() {
  tree=$(mktemp -d)
  mkdir -p "$tree/$(dirname "$1")"
  printf '%s\n' "$2" > "$tree/$1"
  if (cd "$tree" && sh "$here/tools/dev/check-layers.sh") >/dev/null 2>&1; then
    bad "found in $1: $2"
  else
    ok "found in $1: $2"
  fi
  rm -rf "$tree"
}
plant node/engine/tables.h "$(printf 'enum sk_table {\n    A = %sa%s,\n    B = %sa%s, /* */\n};' "'" "'" "'" "'")"
plant protocol/x.c '#include "policies/decide.h"'
plant policies/x.c '#include "node/store.h"'
plant node/engine/x.c '#include "tools/schakel/json.h"'
plant node/engine/x.c '#include "node/core/core.h"'
plant node/engine/x.c '#include <time.h>'
plant policies/x.c '#include <stdio.h>'
plant protocol/x.c '#include <stdlib.h>'
plant tools/schakel/x.c '#include "node/store.h"'
plant node/x.c '#include <seccomp.h>'
plant policies/x.c '#include <sodium.h>'
plant protocol/merkle.c '#include <nettle/sha2.h>'
plant node/core/x.c '#include <lmdb.h>'
plant node/core/x.c '#include <zmq.h>'
plant node/core/x.c '#include <jansson.h>'
plant node/core/x.c '#include <msgpack.h>'
plant policies/decide.c '#include <yaml.h>'
plant node/core/x.c 'int x; // a note'

# tested NAME WANTED: what the check says of the files in $tree.
tested() {
  if sh tools/dev/check-tested.sh ${tree:+"$tree"} >/dev/null 2>&1
  then is=passes; else is=fails; fi
  if [ $is = "$2" ]; then ok "$1"; else bad "$1"; fi
}
tree=
tested "every file of the pure layers and of schakeld is a test's" passes
tree=$(mktemp -d)
mkdir -p "$tree/tests/node" "$tree/node/engine" "$tree/node/core"
echo '/* Tests: node/core/a.c,
   node/core/b.c */' >"$tree/tests/node/test_c.c"
: >"$tree/node/core/a.c"; : >"$tree/node/engine/c.c"
tested "a test of a file that is gone is found" fails
: >"$tree/node/core/b.c"
tested "files that are named, or have a test of their own, are tested" passes
: >"$tree/node/core/c.c"
tested "the test of a name that two folders have is the engine's" fails
rm "$tree/node/core/c.c"; : >"$tree/node/engine/d.c"
tested "a file that is no test's is found" fails
rm -rf "$tree"

if sh tools/dev/check-purity.sh "$build" >/dev/null 2>&1; then ok "pure libraries are pure"
else bad "pure libraries are pure"; sh tools/dev/check-purity.sh "$build"; fi
tree=$(mktemp -d)
for lib in protocol policies engine; do
  for call in 'time(0)' 'getpid()' 'malloc(1)' 'printf("x")'; do
    for other in protocol policies engine; do
      printf 'int sk_%s; ' "$other" | cc -x c -c -o "$tree/e.o" -
      rm -f "$tree/libsk-$other.a"; ar rcs "$tree/libsk-$other.a" "$tree/e.o"
    done
    printf '#include <stdio.h>\n#include <stdlib.h>\n#include <time.h>\n#include <unistd.h>\nvoid sk_x(void); void sk_x(void) { volatile long v = (long)%s; (void)v; }\n' "$call" |
      cc -O0 -x c -c -o "$tree/x.o" -
    rm -f "$tree/libsk-$lib.a"; ar rcs "$tree/libsk-$lib.a" "$tree/x.o"
    if sh tools/dev/check-purity.sh "$tree" >/dev/null 2>&1; then
      bad "$lib may not call $call"
    else
      ok "$lib may not call $call"
    fi
  done
done
rm -rf "$tree"
exit $failed
