#!/bin/sh
# Fail when a pure library needs a symbol of the world (time, files, sockets,
# randomness, heap, stdio).
#   tools/dev/check-purity.sh BUILD_DIR
set -u
build=${1:?usage: check-purity.sh BUILD_DIR}
bad=0

# What pure code may call: memory and string functions of the C library that
# touch nothing else, assert, and the libraries of LAYERS.
allow='^(mem(cpy|move|set|cmp|chr|rchr|mem)|str(len|cmp|ncmp|chr|rchr|nlen|str)|bsearch|qsort|__assert_fail|__stack_chk_fail|__(mem|str)[a-z]+_chk|_GLOBAL_OFFSET_TABLE_|__popcountdi2|sk_[a-z0-9_]+)$'
asan='^__(asan|ubsan)_'

check() {
  lib=$build/libsk-$1.a
  [ -f "$lib" ] || { echo "purity: $lib is missing; build first" >&2; exit 2; }
  found=$(nm -u "$lib" | awk 'NF == 2 { print $2 }' | sort -u |
    grep -vE "$allow" | grep -vE "$asan" | grep -vE "$2")
  [ -n "$found" ] || return 0
  printf '%s\n' "$found" | sed "s|^|purity: $lib needs |" >&2
  bad=1
}

# Pure functions of libsodium only: never randombytes, never sodium_malloc, and
# SHA-256 is Nettle's.
sodium='^(crypto_(sign|scalarmult|generichash|aead_x?chacha20poly1305_ietf|stream|pwhash|verify|core|auth|kdf|box_seed|onetimeauth)[a-z0-9_]*|sodium_(memzero|memcmp|is_zero|bin2hex|hex2bin|bin2base64|base642bin|increment|add|compare))$'
nettle='^nettle_sha256_[a-z]+$'
check protocol "$sodium|$nettle|^msgpack_[a-z_]+$"
check policies '^yaml_[a-z_]+$'
check engine '^$'
exit $bad
