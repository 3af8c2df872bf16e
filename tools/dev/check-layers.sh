#!/bin/sh
# Fail when a file includes or calls what its layer may not.
#   tools/dev/check-layers.sh [ROOT]
# The table is docs/ARCHITECTURE.md 2.  tests/system/test_lint.sh plants a
# violation of each row and expects this script to find it.
set -u
root=${1:-.}
cd "$root" || exit 2
bad=0

# forbid WHAT WHERE PATTERN [EXCEPT]: no line of WHERE matches PATTERN.
forbid() {
  found=$(grep -nE "$3" $2 /dev/null 2>/dev/null)
  [ -n "${4:-}" ] && found=$(printf '%s\n' "$found" | grep -vE "$4")
  [ -n "$found" ] || return 0
  printf '%s\n' "$found" | sed "s|^|layers: $1: |" >&2
  bad=1
}

pure='^#include <(stdio|stdlib|time|unistd|fcntl|errno|signal|pthread|sys/|netinet|arpa|poll|locale)'
protocol=$(ls protocol/*.[ch] 2>/dev/null)
policies=$(ls policies/*.[ch] 2>/dev/null)
engine=$(ls node/engine/*.[ch] 2>/dev/null)
node=$(ls node/*.[ch] node/core/*.[ch] node/net/*.[ch] 2>/dev/null)
tools=$(ls tools/schakel/*.[ch] 2>/dev/null)
all="$protocol $policies $engine $node $tools"

[ -n "$all" ] || exit 0
forbid "protocol/ includes only protocol/" "$protocol" \
  '^#include "(policies|node|tools|tests)/'
forbid "policies/ includes only policies/ and protocol/" "$policies" \
  '^#include "(node|tools|tests)/'
forbid "node/ does not include tools/ or tests/" "$engine $node" \
  '^#include "(tools|tests)/'
forbid "the engine includes no process code" "$engine" \
  '^#include "node/(core|net|ipc)'
forbid "tools/ does not include node/ or tests/" "$tools" \
  '^#include "(node|tests)/'
forbid "pure code sees no world" "$protocol $policies $engine" "$pure"
forbid "libsodium is called in keys.c and its like" "$all" \
  '^#include <sodium' \
  '^(protocol/(age|checkpoint|keys|keyfile|lines|minisign|sha256)|node/(files|store_memory|store_lmdb|store_log)|node/(core|net)/[a-z_]+|tools/schakel/[a-z_]+)\.c:'
forbid "Nettle is called in protocol/sha256.c" "$all" '^#include <nettle' \
  '^protocol/sha256\.c:'
forbid "libyaml is called in policies/yaml.c" "$all" '^#include <yaml' \
  '^policies/yaml\.c:'
forbid "LMDB is called in node/store_lmdb*.c" "$all" '^#include <lmdb' \
  '^node/store_lmdb(_files)?\.[ch]:'
forbid "ZeroMQ is called in node/net/" "$all" '^#include <(czmq|zmq)' \
  '^node/net/'
forbid "msgpack-c is called in protocol/pack.c" "$all" '^#include <msgpack' \
  '^protocol/pack\.c:'
forbid "libseccomp is called in node/sandbox_calls.c" "$all" \
  '^#include <seccomp' '^node/sandbox_calls\.c:'
forbid "jansson is called in tools/" "$all" '^#include <jansson' \
  '^tools/'
forbid "no // comments" "$all" '^[^"/]*//[^"]*$' 'tcp://|https?://'
# A letter of the store is one table's: two would read each other's records.
twice=$(cat $engine /dev/null |
  sed -n '/^enum sk_table {/,/^};/s/.*\(= .[^ ]*.\),.*/\1/p' | sort | uniq -d)
[ -z "$twice" ] || {
  echo "layers: two tables have the same letter: $twice"
  bad=1
}
exit $bad
