#!/bin/sh
# Install what is missing to build and test Schakel on Debian 12 or 13.
#
#   tools/dev/setup.sh            what `make demo` needs
#   tools/dev/setup.sh test       and what `make test` and lint need
#   tools/dev/setup.sh bench      and what `make bench` compares with
set -eu

build="gcc make pkgconf libc6-dev libsodium-dev libzmq3-dev libczmq-dev
  liblmdb-dev libmsgpack-dev libyaml-dev libjansson-dev"
test="libcriterion-dev clang clang-format clang-tidy libclang-rt-dev
  llvm minisign valgrind lmdb-utils"
bench="nats-server libnats-dev openssl"

want=$build
case "${1:-demo}" in
demo) why="to build and run the demo" ;;
test) want="$want $test" why="to build and run the tests" ;;
bench) want="$want $bench" why="to build and run the benchmarks" ;;
*) echo "usage: $0 [demo|test|bench]" >&2; exit 2 ;;
esac

missing=
for package in $want; do
  case "$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null)" in
  ii*) ;;
  *) missing="$missing $package" ;;
  esac
done
[ -n "$missing" ] || exit 0

echo "Schakel needs these Debian packages $why:"
echo " $missing" | fold -s -w 76
if [ "$(id -u)" = 0 ]; then
  sudo=
elif command -v sudo >/dev/null 2>&1; then
  sudo=sudo
  echo "They are installed with: sudo apt-get install (sudo may ask for your password)"
else
  echo "You are not root and there is no sudo.  Ask an administrator to run:" >&2
  echo "  apt-get install --no-install-recommends$missing" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
run() {
  if ! $sudo env DEBIAN_FRONTEND=noninteractive "$@" >"$log" 2>&1; then
    tail -20 "$log" >&2
    echo "setup: '$*' failed; see the lines above." >&2
    exit 1
  fi
}
run apt-get update
# nats-server starts itself when installed under systemd; only the program is
# wanted here, so services are told to stay off during the installation.
# shellcheck disable=SC2086
run apt-get install -y --no-install-recommends $missing
echo "Installed."
